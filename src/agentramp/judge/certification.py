"""Certification: the canary's rate of bad sessions is shown to be below stable's plus a margin."""

import math

from agentramp.judge.window import Tally

_FRACTIONS = (0.05, 0.2, 0.4, 0.6, 0.8)
_PARTS = tuple(1 - fraction for fraction in _FRACTIONS)
_CEILING = 10.0
_PRIOR_BAD, _PRIOR_SESSIONS = 0.25, 25.0
_DRAWN = 50.0
_LARGEST_STAKE = 0.5


class Certification:
    """Bets on both arms that only lose if the canary's rate is at least stable's plus the margin.

    With ``p`` stable's rate in the windows before (any guess would do), ``s = p + margin`` and
    ``g = f s``, a window multiplies E by
    ``(g/s)**x_c ((1-g)/(1-s))**(n_c-x_c) (1 + u(1-p))**x_b (1 - u p)**(n_b-x_b)``.
    The first two are Wald's likelihood ratio (1945) of the canary's rate g against s, which are
    bets ``1 + l(s - outcome)`` with the stake ``l = (1-f)/(1-s)`` (or less). The others are bets
    ``1 + u(outcome - p)`` on stable with ``u = l n_c / n_b``, and pay for p being a guess. Let
    stable's true rate in this window be q and the canary's at least ``q + margin``: the mean of
    the factor is at most ``(1 - l(q-p))**n_c (1 + u(q-p))**n_b <= exp(-l n_c (q-p) + u n_b (q-p))
    = 1``, whatever q is. So, unlike with an estimated rate, the bound is exact under drift, in an
    outage, and on any ladder; E is the mean over five f (betting: Waudby-Smith and Ramdas 2024,
    "Estimating means of bounded random variables by betting").

    What counts is the current value, not its maximum: a leak takes the certificate back. Each
    product is held at a ceiling, which keeps the bound (a smaller process) and makes that quick.
    ``cluster`` c takes each factor to the power 1/c: by Hölder's inequality the bound then holds
    however the up to c requests of one session depend on each other.
    """

    __slots__ = ("_aim", "_ceiling", "_cluster", "_logs", "_margin", "_stable", "log_e")

    def __init__(self, margin: float, alpha: float, cluster: float = 1.0) -> None:
        self._margin = margin
        self._aim = -math.log(alpha)
        self._cluster = cluster
        self._ceiling = self._aim + math.log(_CEILING * len(_FRACTIONS))
        self._logs = [0.0] * len(_FRACTIONS)
        self._stable = (0, 0)
        self.log_e = 0.0

    @property
    def certified(self) -> bool:
        return self.log_e >= self._aim

    def add(self, canary: Tally, stable: Tally) -> None:
        if canary.sessions and stable.sessions:
            steps = self._steps((canary.sessions, canary.bad), (stable.sessions, stable.bad))
            top = self._ceiling
            self._logs = [min(log + step, top) for log, step in zip(self._logs, steps, strict=True)]
            self.log_e = _log_mean(self._logs)
        sessions, bad = self._stable
        self._stable = (sessions + stable.sessions, bad + stable.bad)

    def needed(self, canary: Tally, stable: Tally) -> int | None:
        """About how many more canary sessions at such rates; None if they would not do.

        The count at which one product alone would do, and from there one of Newton's steps on the
        mean of all: its logarithm is convex, so the step gets nearer and does not go too far.
        """
        slopes = self._expected(canary, stable)
        if max(slopes) <= 0:
            return None
        alone = self._aim + math.log(len(slopes))
        pairs = list(zip(self._logs, slopes, strict=True))
        count = min([(alone - log) / slope for log, slope in pairs if slope > 0])
        parts = [math.exp(log + count * slope - alone) for log, slope in pairs]
        rise = sum([part * slope for part, slope in zip(parts, slopes, strict=True)])
        if rise > 0:
            count -= math.log(sum(parts)) * sum(parts) / rise
        return max(1, math.ceil(count))

    def _expected(self, canary: Tally, stable: Tally) -> list[float]:
        """What one more canary session adds, its rate drawn toward stable's.

        Some dozen sessions say little of a rate, and most canaries are no worse than stable, so 50
        more are taken to have failed as often as stable's: only words depend on it, no bet does.
        A canary that is better than stable has its own rate where the other one would not do.
        """
        drawn, n = _DRAWN * self._cluster, canary.sessions
        rate = (canary.bad + drawn * self._guess) / (n + drawn)
        slopes = self._slopes(rate, canary, stable)
        if max(slopes) <= 0 and canary.bad < rate * n:
            return self._slopes(canary.bad / n, canary, stable)
        return slopes

    def _slopes(self, rate: float, canary: Tally, stable: Tally) -> list[float]:
        n, others = canary.sessions, stable.sessions
        if not n or not others:
            return self._steps((1, rate), (1, stable.bad / others if others else 0.0))
        return self._steps((1, rate), (others / n, stable.bad / n))

    @property
    def _guess(self) -> float:
        """Stable's rate in the windows before; a little is added, as it is never known to be 0."""
        sessions, bad = self._stable
        return (bad + _PRIOR_BAD) / (sessions + _PRIOR_SESSIONS)

    def _steps(self, canary: tuple[float, float], stable: tuple[float, float]) -> list[float]:
        (n_c, x_c), (n_b, x_b) = canary, stable
        p = self._guess
        s = p + self._margin
        if s >= 1:
            return [0.0] * len(_FRACTIONS)
        ratio, log1p, c = n_c / n_b, math.log1p, self._cluster
        # No stake is so high that stable's good sessions could lose more than half.
        unit = min(1 / (1 - s), _LARGEST_STAKE / (ratio * p))
        good, bad_one = unit * s, unit * (s - 1)
        other_bad, other_good = unit * ratio * (1 - p), -unit * ratio * p
        fine_c, fine_b = n_c - x_c, n_b - x_b
        return [
            (
                fine_c * log1p(part * good)
                + x_c * log1p(part * bad_one)
                + x_b * log1p(part * other_bad)
                + fine_b * log1p(part * other_good)
            )
            / c
            for part in _PARTS
        ]


def _log_mean(logs: list[float]) -> float:
    top, exp = max(logs), math.exp
    return top + math.log(sum([exp(log - top) for log in logs]) / len(logs))
