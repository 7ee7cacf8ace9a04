"""Tests of a difference of two means on all windows together, looked at every window."""

import math
from statistics import NormalDist

from agentramp.judge.verdict import Decision
from bench.judge.counts import Counts
from bench.judge.peers.pooled import Sequence

FEWEST = 30


class PooledCost:
    """Sessions, sum and sum of squares of both arms' cost."""

    def __init__(self) -> None:
        self.moments = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]

    def observe(self, counts: Counts) -> Decision:
        for sums, arm in zip(self.moments, counts.arms or (), strict=False):
            if arm.cost:
                sums[0] += arm.cost.sessions
                sums[1] += arm.cost.total
                sums[2] += arm.cost.squares
        if min(sums[0] for sums in self.moments) < FEWEST:
            return Decision.HOLD
        return Decision.ROLLBACK if self.rejects() else Decision.ADVANCE

    def rejects(self) -> bool:
        raise NotImplementedError

    @property
    def difference(self) -> float:
        (n, x, _), (m, y, _) = self.moments
        return x / n - y / m

    @property
    def variance(self) -> float:
        return sum((squares / n - (total / n) ** 2) / n for n, total, squares in self.moments)


class RepeatedWelch(PooledCost):
    """Welch's test at each window as if it were the only one, with the normal's critical value.

    Source: Welch, "The generalization of Student's problem", Biometrika 34 (1947).
    """

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self._critical = NormalDist().inv_cdf(1 - alpha)

    def rejects(self) -> bool:
        variance = self.variance
        return variance > 0 and self.difference > self._critical * math.sqrt(variance)


class AsymptoticMeans(PooledCost):
    """The asymptotic confidence sequence of ``pooled.AsymptoticCS``, on means."""

    def __init__(self, alpha: float, planned: float) -> None:
        super().__init__()
        self._sequence = Sequence(alpha, planned)

    def rejects(self) -> bool:
        sessions = int(self.moments[0][0] + self.moments[1][0])
        return self.difference > self._sequence.radius(self.variance, sessions)
