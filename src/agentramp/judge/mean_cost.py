"""Whether a canary session costs more on average."""

import math

from agentramp.judge.window import Spread

_SCALE = 0.2
_FEWEST = 100
_LARGEST = 1e100


class MeanCost:
    """A one-sided normal mixture over the difference of means, stratified by window.

    ``S = sum h_t (mean_c - mean_b)``, ``V = sum h_t**2 v_t (1/n_c + 1/n_b)`` and
    ``ln E = ln 2 - ln(d)/2 + S**2 tau**2 / 2d + ln Phi(S tau / sqrt d)``, ``d = 1 + V tau**2``
    (Robbins 1970; asymptotic in the sense of Waudby-Smith et al. 2021, "Time-uniform central limit
    theory and asymptotic confidence sequences"). ``h_t = n_c n_b / (n_c + n_b)``, over the
    deviation seen before, makes S a count of canary sessions times a standardised difference,
    of which ``tau`` = 0.2 is expected.

    Asymptotic: the bound holds for means of enough sessions, so E stays 1 until each arm has 100.
    ``v_t`` is the pooled variance, the larger of this window's and of all so far: with an arm's own
    one, a window without a rare dear session would look surer than it is. ``cluster`` c widens V
    c-fold, as if sessions of c requests cost the same throughout.
    """

    __slots__ = ("_cluster", "_fewest", "_moments", "_s", "_v", "arms", "log_e")

    def __init__(self, cluster: float = 1.0) -> None:
        self._cluster = cluster
        self._moments = (0, 0.0, 0.0)
        self._s = self._v = 0.0
        self._fewest = _FEWEST * cluster
        self.arms = ((0, 0.0), (0, 0.0))
        self.log_e = 0.0

    def add(self, canary: Spread, stable: Spread) -> None:
        """Count one window; one without both arms' moments is left out."""
        arms = [(arm.sessions, arm.total, arm.squares) for arm in (canary, stable)]
        if any(not n or total <= 0 or squares <= 0 for n, total, squares in arms):
            return
        (n_c, total_c, _), (n_b, total_b, _) = arms
        past = _variance(self._moments)
        window = tuple(a + b for a, b in zip(*arms, strict=True))
        self._moments = tuple(a + b for a, b in zip(self._moments, window, strict=True))
        (c, cost_c), (b, cost_b) = self.arms
        self.arms = ((c + n_c, cost_c + total_c), (b + n_b, cost_b + total_b))
        if past <= 0:
            return
        size = n_c * n_b / (n_c + n_b)
        widest = max(_variance(window), _variance(self._moments))
        s = self._s + size * (total_c / n_c - total_b / n_b) / math.sqrt(past)
        v = self._v + size * widest / past * self._cluster
        if not (abs(s) < _LARGEST and v < _LARGEST):
            return  # sums beyond what a float can hold say nothing
        self._s, self._v = s, v
        if min(self.arms[0][0], self.arms[1][0]) >= self._fewest:
            self.log_e = log_mixture(self._s, self._v)

    @property
    def means(self) -> tuple[float, float]:
        (c, cost_c), (b, cost_b) = self.arms
        return cost_c / max(c, 1), cost_b / max(b, 1)


def _variance(moments: tuple[float, ...]) -> float:
    n, total, squares = moments
    mean = total / n if n else 0.0
    return max(0.0, squares / n - mean * mean) if n else 0.0


def log_mixture(s: float, v: float) -> float:
    d = 1 + v * _SCALE**2
    return (
        math.log(2)
        - math.log(d) / 2
        + (s * _SCALE) ** 2 / (2 * d)
        + _log_phi(s * _SCALE / math.sqrt(d))
    )


def _log_phi(z: float) -> float:
    """The normal distribution's logarithm; below -30 by its tail, where erfc would be 0."""
    if z > -30:  # noqa: PLR2004 - erfc is exact above it
        return math.log(math.erfc(-z / math.sqrt(2)) / 2)
    return -z * z / 2 - math.log(-z * math.sqrt(2 * math.pi))
