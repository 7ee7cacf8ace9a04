"""Kayenta's NetflixACAJudge on one metric, judged again as its series grow."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from enum import Enum
from statistics import NormalDist, median

from agentramp.judge.verdict import Decision
from bench.judge.counts import Counts
from bench.judge.peers.values import error_rates

CONFIDENCE = 0.98
TOLERANCE = 0.25
CRITICAL = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
LOOK_EVERY = 10


class Label(Enum):
    PASS = "Pass"  # noqa: S105 Kayenta's own word for a metric that is fine
    HIGH = "High"
    NODATA = "Nodata"


def classify(canary: Sequence[float], baseline: Sequence[float], *, replace: bool) -> Label:
    """High where the interval of the shift lies above a quarter of the shift itself.

    A NaN is an interval without a value: ``replace`` makes it 0, otherwise it is dropped. Low is a
    Pass here, as fewer errors are no harm.
    """
    series = [_without_nan(values, replace=replace) for values in (canary, baseline)]
    if not all(series):
        return Label.PASS if replace else Label.NODATA
    ours, theirs = map(sorted, series)
    if ours == theirs or ours[0] == ours[-1] == theirs[0] == theirs[-1]:
        return Label.PASS
    # The interval cannot lie above anything positive while it still holds 0.
    if _deviate(ours, theirs) <= CRITICAL:
        return Label.PASS
    shift = abs(median(mine - other for mine in ours for other in theirs))
    moved = [value - TOLERANCE * shift for value in ours]
    return Label.HIGH if _deviate(moved, theirs) > CRITICAL else Label.PASS


def _without_nan(values: Sequence[float], *, replace: bool) -> list[float]:
    if replace:
        return [0.0 if math.isnan(value) else value for value in values]
    return [value for value in values if not math.isnan(value)]


def _deviate(ours: list[float], theirs: list[float]) -> float:
    """Mann-Whitney's normal deviate with the corrections for ties and continuity, both sorted."""
    m, n = len(ours), len(theirs)
    wins = sum(bisect_left(theirs, one) + bisect_right(theirs, one) for one in ours) / 2
    both = sorted(ours + theirs)
    total = m + n
    ties, at = 0, 0
    while at < total:
        end = bisect_right(both, both[at], at)
        ties += (end - at) ** 3 - (end - at)
        at = end
    variance = m * n / 12 * (total + 1 - ties / (total * (total - 1)))
    return (wins - m * n / 2 - 0.5) / math.sqrt(variance) if variance > 0 else 0.0


class Kayenta:
    """Fails when, at a look, the canary's series of error rates is High or there is none.

    Source: spinnaker/kayenta at a69573be, ``NetflixACAJudge.scala``,
    ``MannWhitneyClassifier.scala``, ``MannWhitney.scala`` (confidence .98, tolerance .25, effect
    threshold 1) and ``WeightedSumScorer.scala`` (half of the metrics or more without data score 0).
    It sees one value per interval, not the requests. Judged every ``LOOK_EVERY`` windows on the
    growing series, as its ``analysisIntervalMins`` does, against a baseline as large as the canary.
    Its root finding for the interval's bound is replaced by the equivalent test at that bound. Two
    constant series that differ get noise of 1e-5 there, and are separated here without it.
    """

    def __init__(
        self,
        *,
        replace: bool = False,
        values: Callable[[Counts], tuple[float, float]] = error_rates,
    ) -> None:
        self._replace = replace
        self._values = values
        self._canary: list[float] = []
        self._baseline: list[float] = []

    def observe(self, counts: Counts) -> Decision:
        ours, theirs = self._values(counts)
        self._canary.append(ours)
        self._baseline.append(theirs)
        if len(self._canary) % LOOK_EVERY:
            return Decision.HOLD
        label = classify(self._canary, self._baseline, replace=self._replace)
        return Decision.ADVANCE if label is Label.PASS else Decision.ROLLBACK
