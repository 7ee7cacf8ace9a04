"""Rates with their uncertainty, for display only: no decision rests on them."""

import math
from typing import NamedTuple

from agentramp.judge.window import Tally

_Z = 1.959964  # the normal distribution's 97.5 % point: intervals of 95 %


class Interval(NamedTuple):
    low: float
    high: float


def rate(tally: Tally) -> float:
    return tally.bad / tally.sessions if tally.sessions else 0.0


def wilson(tally: Tally) -> Interval:
    """The score interval of 95 %; all of [0, 1] where nothing was counted.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    n = tally.sessions
    if not n:
        return Interval(0.0, 1.0)
    p, z2 = tally.bad / n, _Z * _Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if not tally.bad else max(0.0, middle - reach)
    high = 1.0 if tally.bad == n else min(1.0, middle + reach)
    return Interval(low, high)
