"""Tests that pool all windows of an arm and compare the two rates: by error, at every window.

They say nothing of how good a canary has to be before it may go on, so that ADVANCE stands for
"nothing significant yet" and HOLD for an arm without any session.
"""

import math
from functools import cache
from itertools import pairwise
from statistics import NormalDist

from agentramp.judge.verdict import Decision
from bench.judge.counts import Counts


class Pooled:
    """The sums of both arms, the difference of their rates and its variance."""

    def __init__(self) -> None:
        self.canary = 0
        self.canary_bad = 0
        self.stable = 0
        self.stable_bad = 0

    def observe(self, counts: Counts) -> Decision:
        self.canary += counts.canary
        self.canary_bad += counts.canary_bad
        self.stable += counts.stable
        self.stable_bad += counts.stable_bad
        if not (self.canary and self.stable):
            return Decision.HOLD
        if not counts.canary:
            return Decision.ADVANCE
        return Decision.ROLLBACK if self.rejects() else Decision.ADVANCE

    def rejects(self) -> bool:
        raise NotImplementedError

    @property
    def difference(self) -> float:
        return self.canary_bad / self.canary - self.stable_bad / self.stable

    @property
    def pooled_variance(self) -> float:
        """Of the difference, if both rates are one."""
        rate = (self.canary_bad + self.stable_bad) / (self.canary + self.stable)
        return rate * (1 - rate) * (1 / self.canary + 1 / self.stable)


class RepeatedZ(Pooled):
    """The fixed-sample test of two proportions, looked at every window as if it were the only look.

    Source: any textbook; that looking again spends the error anew is Armitage, McPherson and Rowe,
    "Repeated significance tests on accumulating data", JRSS A 132 (1969).
    """

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self._critical = NormalDist().inv_cdf(1 - alpha)

    def rejects(self) -> bool:
        variance = self.pooled_variance
        return variance > 0 and self.difference > self._critical * math.sqrt(variance)


class OBrienFleming(Pooled):
    """Group-sequential: the boundary is high at first and near the fixed one at the planned end.

    Source: O'Brien and Fleming, "A multiple testing procedure for clinical trials", Biometrics 35
    (1979); the boundary by Armitage's recursion. ``planned`` is what each window is planned to add
    to ``1 / (1 / canary + 1 / stable)``, in sessions: the test needs it before it begins, and past
    the plan it is silent.
    """

    def __init__(self, alpha: float, planned: tuple[float, ...]) -> None:
        super().__init__()
        self._planned = planned
        self._whole = sum(planned)
        self._bound = boundary(alpha, tuple(part / self._whole for part in planned))
        self._looks = 0

    def rejects(self) -> bool:
        self._looks += 1
        variance = self.pooled_variance
        if variance <= 0 or self._looks > len(self._planned):
            return False
        information = 1 / (1 / self.canary + 1 / self.stable)
        seen = min(information / self._whole, 1.0)
        return self.difference / math.sqrt(variance) * math.sqrt(seen) > self._bound


GRID = 0.04
FLOOR = -5.0
REACH_SDS = 5
BISECTIONS = 12


@cache
def boundary(alpha: float, fractions: tuple[float, ...]) -> float:
    """The level that a Brownian motion seen at these parts of [0, 1] exceeds with chance alpha.

    Between the fixed test's level and that of a motion seen always; found by bisection.
    """
    normal = NormalDist()
    low, high = normal.inv_cdf(1 - alpha), normal.inv_cdf(1 - alpha / 2)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if crossing(middle, fractions) > alpha:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def crossing(level: float, fractions: tuple[float, ...]) -> float:
    """Chance that the motion is ever above ``level`` when looked at (Armitage's recursion)."""
    # Cells lie below the level, and the motion begins in the middle of one of them.
    first = round(level / GRID)
    width = level / (first + 0.5)
    density = [0.0] * round((level - FLOOR) / width)
    density[first] = 1.0
    kernels = {fraction: _kernel(fraction, width) for fraction in set(fractions)}
    for fraction in fractions:
        density = _moved(density, kernels[fraction])
    return 1 - sum(density)


def _kernel(variance: float, width: float) -> tuple[float, ...]:
    normal = NormalDist(0.0, math.sqrt(variance))
    reach = int(REACH_SDS * normal.stdev / width) + 1
    edges = [normal.cdf((cell - 0.5) * width) for cell in range(-reach, reach + 2)]
    return tuple(high - low for low, high in pairwise(edges))


def _moved(density: list[float], kernel: tuple[float, ...]) -> list[float]:
    reach = len(kernel) // 2
    padded = [0.0] * reach + density + [0.0] * reach
    return [
        sum(map(float.__mul__, padded[at : at + len(kernel)], kernel)) for at in range(len(density))
    ]


class MixtureSPRT(Pooled):
    """The normal mixture likelihood ratio of the difference, with a plug-in variance.

    Source: Johari, Koomen, Pekelis and Walsh, "Always valid inference", Operations Research 70
    (2022), equation of the normal mixture with variance ``tau`` squared. Exact for normal data of
    known variance; the plug-in is what costs it the bound at small counts.
    """

    def __init__(self, alpha: float, tau: float = 0.02) -> None:
        super().__init__()
        self._log_level = -math.log(alpha)
        self._tau_squared = tau * tau

    def rejects(self) -> bool:
        variance, difference = self.pooled_variance, self.difference
        if variance <= 0 or difference <= 0:
            return False
        whole = variance + self._tau_squared
        log_ratio = 0.5 * math.log(variance / whole)
        log_ratio += self._tau_squared * difference**2 / (2 * variance * whole)
        return log_ratio >= self._log_level


class AsymptoticCS(Pooled):
    """Whether the asymptotic confidence sequence of the difference lies above 0.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
    asymptotic confidence sequences", Annals of Statistics 52 (2024), theorem 2.2, two-sided;
    ``rho`` by their formula, narrowest at ``planned`` sessions. With the variance of both arms
    pooled: with each arm's own, a worse canary widens the sequence and is found far later.
    """

    def __init__(self, alpha: float, planned: float) -> None:
        super().__init__()
        self._sequence = Sequence(alpha, planned)

    def rejects(self) -> bool:
        radius = self._sequence.radius(self.pooled_variance, self.canary + self.stable)
        return self.difference > radius


class Sequence:
    """The radius of an asymptotic confidence sequence, as ``AsymptoticCS`` tells."""

    def __init__(self, alpha: float, planned: float) -> None:
        self._alpha = alpha
        spread = -2 * math.log(alpha)
        self._rho_squared = (spread + math.log(spread + 1)) / planned

    def radius(self, variance: float, sessions: int) -> float:
        """``variance`` is that of the estimate after ``sessions``; infinite where it is unknown."""
        if variance <= 0:
            return math.inf
        grown = sessions * self._rho_squared
        widening = 2 * (grown + 1) / grown * math.log(math.sqrt(grown + 1) / self._alpha)
        return math.sqrt(variance * widening)
