"""E-share: whether the canary has more than its share of the bad sessions.

One factor for each closed window, so drift and outages that both arms share cancel out.

Sources: Hoeffding 1963, "Probability inequalities for sums of bounded random variables", section 6
(sampling without replacement is dominated by sampling with it); Ville 1939 (a nonnegative
supermartingale from 1 ever reaches 1/alpha with probability at most alpha); Lindon and Malek 2022,
"Anytime-valid inference for multinomial count data", for the conditional form.
"""

import math
from collections.abc import Sequence

from agentramp.judge.window import Tally

_POINTS, _LOWEST, _HIGHEST = 20, 0.05, 4.0
_CENTRE, _SPREAD = 1.1, 0.5
_LOG_RATIOS = tuple(
    _LOWEST * (_HIGHEST / _LOWEST) ** (index / (_POINTS - 1)) for index in range(_POINTS)
)
_RATIOS = tuple(math.exp(value) for value in _LOG_RATIOS)
_EXCESSES = tuple(math.expm1(value) for value in _LOG_RATIOS)
# The density times the distance to the next point, which grows with the value.
_MASSES = tuple(
    value * math.exp(-((value - _CENTRE) ** 2) / (2 * _SPREAD**2)) for value in _LOG_RATIOS
)
_PRIOR = tuple(math.log(mass / sum(_MASSES)) for mass in _MASSES)

EXACT_DEGREE = 8
"""Up to this degree the normaliser is the exact polynomial: it costs time for each degree."""
_FEW = 4
_LARGEST_EXACT = 10**9
_LARGEST_LOG = 709.0


def capped(log_e: float) -> float:
    """The e-value of its logarithm, finite whatever it is."""
    return math.exp(min(log_e, _LARGEST_LOG))


class Share:
    """``E = sum_j pi_j prod_t rho_j**x_t / Z_t(rho_j)`` over 20 log odds ratios in [0.05, 4].

    ``x`` of a window's ``m`` bad sessions were the canary's, which had ``n_c`` of the ``n_c+n_b``
    sessions. If both arms fail alike, ``x`` is hypergeometric given these, whatever the rate was;
    ``Z(rho)`` is its generating function (or an upper bound), so each factor has mean at most 1.
    Any prior keeps the bound: ``pi_j``, a normal density about 1.1 with deviation 0.5, looks first
    for two to five times the failures. All ratios are above 1: a better canary only lowers E.

    The ratios' logarithms lie evenly on a logarithmic scale, each 1.26 times the one before. So few
    suffice: an effect d between two of them is at most 12 % from one, and a bet that is off by a
    share r of d gains about ``1 - r**2`` of the best one's logarithm. Few points cost no validity.

    ``cluster`` c is for counts of requests, of which up to c belong to one session and fail
    together. Then each factor is the binomial one to the power 1/c. With s <= c bad requests in a
    session and B its arm, ``E[rho**(s B / c)] = 1-w + w rho**(s/c) <= (1-w + w rho)**(s/c)`` by
    Jensen's inequality, and the arms of sessions drawn without replacement are negatively
    associated (Joag-Dev and Proschan 1983), so the product over sessions keeps the bound. It is
    exact for sessions of one length; for others w is the share of requests, an approximation.
    """

    __slots__ = ("_cluster", "_logs", "log_e")

    def __init__(self, cluster: float = 1.0) -> None:
        if not cluster >= 1:
            raise ValueError(f"a cluster has at least one request, not {cluster}")
        self._cluster = cluster
        self._logs: Sequence[float] = _PRIOR
        self.log_e = 0.0

    @property
    def e(self) -> float:
        return capped(self.log_e)

    def add(self, canary: Tally, stable: Tally) -> None:
        """Count one window; one in which an arm is empty or nothing differs says nothing."""
        bad = canary.bad + stable.bad
        sessions = canary.sessions + stable.sessions
        if not canary.sessions or not stable.sessions or not bad or bad == sessions:
            return
        logs = log_products(
            self._logs, (canary.bad, bad), (canary.sessions, stable.sessions), self._cluster
        )
        exp, top = math.exp, max(logs)
        self._logs = logs
        self.log_e = top + math.log(sum([exp(log - top) for log in logs]))


def log_products(
    logs: Sequence[float], bad: tuple[int, int], sessions: tuple[int, int], cluster: float = 1.0
) -> list[float]:
    """``logs`` with ``x ln rho - ln Z(rho)`` added for each ratio of the grid.

    ``bad`` is the canary's and both arms'; ``sessions`` the canary's and stable's. Whether Z is
    exact depends on the margins alone, never on the canary's bad sessions: a choice by what was
    seen would break the bound.
    """
    (x, m), (canary, stable) = bad, sessions
    degree = min(m, canary, stable, canary + stable - m)
    # For one draw the bound is exact, and takes less time.
    if cluster == 1 and 1 < degree <= EXACT_DEGREE and canary + stable <= _LARGEST_EXACT:
        return _exact(logs, bad, sessions)
    return _bounded(logs, (x / cluster, m / cluster), (canary / cluster, stable / cluster))


def _exact(logs: Sequence[float], bad: tuple[int, int], sessions: tuple[int, int]) -> list[float]:
    """``Z(rho) = sum_k Hyp(k) rho**k``, by Horner's rule in one pass over the grid."""
    (x, m), (canary, stable) = bad, sessions
    lowest = max(0, m - stable)
    weight, total, weights = 1.0, 1.0, []
    for k in range(lowest, min(m, canary)):
        weight *= (m - k) * (canary - k) / ((k + 1) * (stable - m + k + 1))
        weights.append(weight)
        total += weight
    rise, constant, log1p = x - lowest, math.log(total), math.log1p
    # The weight of degree 0 is 1, which log1p adds; those that there are not are 0.
    grid = zip(logs, _LOG_RATIOS, _RATIOS)  # noqa: B905 - all are the grid
    if len(weights) <= _FEW:
        a, b, c, d = [*weights, 0.0, 0.0, 0.0][:_FEW]
        return [
            log + (rise * ratio + constant - log1p((((d * r + c) * r + b) * r + a) * r))
            for log, ratio, r in grid
        ]
    a, b, c, d, e, f, g, h = [*weights, 0.0, 0.0, 0.0][:EXACT_DEGREE]
    return [
        log
        + rise * ratio
        + constant
        - log1p((((((((h * r + g) * r + f) * r + e) * r + d) * r + c) * r + b) * r + a) * r)
        for log, ratio, r in grid
    ]


def _bounded(
    logs: Sequence[float], bad: tuple[float, float], sessions: tuple[float, float]
) -> list[float]:
    """``Z(rho) <= (1-w + w rho)**m``, or with ``m`` and ``n_c`` in each other's place.

    A hypergeometric count is symmetric in the two, and the fewer draws bound it tighter.
    """
    (x, m), (canary, stable) = bad, sessions
    draws, marked = (m, canary) if m <= canary else (canary, m)
    share, log1p = marked / (canary + stable), math.log1p
    return [
        log + (x * ratio - draws * log1p(share * excess))
        for log, ratio, excess in zip(logs, _LOG_RATIOS, _EXCESSES)  # noqa: B905 - all are the grid
    ]
