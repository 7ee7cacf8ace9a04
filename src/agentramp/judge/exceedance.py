"""Values that may only grow rarer: exceedances of the quantiles that were seen before."""

from itertools import accumulate

from agentramp.judge.share import Share, capped
from agentramp.judge.window import Spread, Tally

QUANTILES = (0.5, 0.9, 0.99)


class Exceedance:
    """Three E-share processes: a session is bad when its value is above the 50, 90, 99 % point.

    The points are bucket bounds, chosen from both arms' values in the windows *before*, so they
    are fixed when a window is judged and its factor is E-share's (``share``): exact whatever the
    values' distribution, if it is the same in both arms. The mean of e-values is an e-value,
    however they depend on each other (Vovk and Wang 2021, "E-values: calibration, combination and
    applications"). A window whose bounds are not those of before is only remembered.
    """

    __slots__ = ("_bounds", "_past", "shares", "totals")

    def __init__(self, cluster: float = 1.0) -> None:
        self.shares = tuple(Share(cluster) for _ in QUANTILES)
        self.totals = [(Tally(), Tally()) for _ in QUANTILES]
        self._bounds: tuple[float, ...] | None = None
        self._past: tuple[int, ...] = ()

    @property
    def e(self) -> float:
        return sum(capped(share.log_e) / len(self.shares) for share in self.shares)

    @property
    def foremost(self) -> int:
        """Which of the quantiles speaks loudest."""
        return max(range(len(QUANTILES)), key=lambda index: self.shares[index].log_e)

    def add(self, canary: Spread, stable: Spread) -> None:
        if canary.bounds != stable.bounds:
            return
        counts = tuple(a + b for a, b in zip(canary.counts, stable.counts, strict=True))
        if canary.bounds != self._bounds:
            self._bounds, self._past = canary.bounds, counts
            return
        for index, cut in enumerate(_cuts(self._past)):
            if cut is None:
                continue
            arms = _above(canary, cut), _above(stable, cut)
            self.shares[index].add(*arms)
            before = self.totals[index]
            self.totals[index] = (before[0] + arms[0], before[1] + arms[1])
        self._past = tuple(a + b for a, b in zip(self._past, counts, strict=True))


def _cuts(past: tuple[int, ...]) -> list[int | None]:
    """For each quantile the first bucket that reaches it; None where no bound is above it."""
    below = list(accumulate(past))
    total, last = below[-1], len(past) - 1
    if not total:
        return [None] * len(QUANTILES)
    cuts = [next(i for i, count in enumerate(below) if count >= q * total) for q in QUANTILES]
    return [cut if cut < last else None for cut in cuts]


def _above(values: Spread, cut: int) -> Tally:
    return Tally(sum(values.counts), sum(values.counts[cut + 1 :]))
