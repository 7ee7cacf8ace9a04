"""What keeps a ramp from advancing: an absolute promise broken, or a split that is not the plan."""

import math
from dataclasses import dataclass, field

from agentramp.judge.window import Tally

SPLIT_THRESHOLD = 1000.0
WORSE_TOO = 3.0
"""How large E-share has to be for a broken SLO to be the canary's doing."""
_LOG_SPLIT = math.log(SPLIT_THRESHOLD)
_SPLIT_PRIOR = 200.0
_ODDS_RATIOS = (1.25, 1.5, 2.0, 4.0, 8.0)
_CEILING = 100.0


class SloBreach:
    """Whether the canary's rate of bad sessions is above the ``slo``, whatever stable's is.

    ``E = mean_j prod_t (g/s)**x ((1-g)/(1-s))**(n-x)`` for five rates g above s (Wald 1945). While
    the canary keeps its SLO, E ever reaches 1/alpha with probability at most alpha. In an outage
    that both arms share the SLO is broken although the canary is healthy, so a breach alone is a
    hold; together with E-share >= 3 it is a rollback. In such an outage the chance of that is
    bounded by 1/3 (Ville, on E-share), not by alpha; outside of one, by alpha, on top of the alpha
    of the metrics.

    E is held at a ceiling, so that a breach that has ended does not hold for ever.
    """

    __slots__ = ("_aim", "_cluster", "_logs", "_steps", "log_e")

    def __init__(self, slo: float, alpha: float, cluster: float = 1.0) -> None:
        worse = [slo * ratio / (1 - slo + slo * ratio) for ratio in _ODDS_RATIOS]
        self._steps = [(math.log(g / slo), math.log((1 - g) / (1 - slo))) for g in worse]
        self._logs = [-math.log(len(worse))] * len(worse)
        self._aim = -math.log(alpha)
        self._cluster = cluster
        self.log_e = 0.0

    @property
    def breached(self) -> bool:
        return self.log_e >= self._aim

    def add(self, canary: Tally) -> None:
        failed = canary.bad / self._cluster
        passed = (canary.sessions - canary.bad) / self._cluster
        ceiling = self._aim + math.log(_CEILING)
        self._logs = [
            min(log + failed * up + passed * down, ceiling)
            for log, (up, down) in zip(self._logs, self._steps, strict=True)
        ]
        top = max(self._logs)
        self.log_e = top + math.log(sum(math.exp(log - top) for log in self._logs))


@dataclass(slots=True)
class SampleRatio:
    """Whether the arms get the sessions that the weights plan.

    For each planned weight w a Beta-Binomial likelihood ratio against Binomial(n, w):
    ``ln B(a+x, b+n-x) - ln B(a, b) - x ln w - (n-x) ln(1-w)``, with the prior Beta(a, b) about w
    and a + b = 200, the sessions that a deviation of about a tenth of an even split takes
    (Lindon and Malek 2022). Windows of different weights are disjoint, so the product of the
    ratios is again a martingale from 1 while each session is given its arm by the weight:
    it ever reaches 1000 with probability at most 1/1000, over any number of windows.
    """

    cluster: float = 1.0
    expected: float = 0.0
    seen: int = 0
    sessions: int = 0
    log_e: float = 0.0
    _weights: dict[int, tuple[int, int, float]] = field(default_factory=dict)

    @property
    def objects(self) -> bool:
        return self.log_e >= _LOG_SPLIT

    def add(self, weight: int | None, canary: int, stable: int) -> None:
        """A weight of None, 0 or 100 plans no split."""
        total = canary + stable
        if weight is None or not 0 < weight < 100 or not total:  # noqa: PLR2004 - percent
            return
        given, other, before = self._weights.get(weight, (0, 0, 0.0))
        given, other = given + canary, other + stable
        after = _log_ratio(given / self.cluster, other / self.cluster, weight / 100)
        self._weights[weight] = (given, other, after)
        self.log_e += after - before
        self.expected += total * weight / 100
        self.seen += canary
        self.sessions += total


def _log_ratio(given: float, other: float, weight: float) -> float:
    a, b = _SPLIT_PRIOR * weight, _SPLIT_PRIOR * (1 - weight)
    gamma = math.lgamma
    return (
        (gamma(a + given) - gamma(a))
        + (gamma(b + other) - gamma(b))
        - (gamma(_SPLIT_PRIOR + given + other) - gamma(_SPLIT_PRIOR))
        - given * math.log(weight)
        - other * math.log1p(-weight)
    )
