"""What the peers' queries give for a window or a few: higher is better; NaN without traffic."""

import math
from collections.abc import Sequence

from agentramp.judge.window import Spread
from bench.judge.counts import Counts


def success_rate(recent: Sequence[Counts]) -> float:
    number = sum(counts.canary for counts in recent)
    if not number:
        return math.nan
    return 1 - sum(counts.canary_bad for counts in recent) / number


def error_rates(counts: Counts) -> tuple[float, float]:
    """The canary's, and that of a baseline as large."""
    return _rate(counts.canary_bad, counts.canary), _rate(counts.twin_bad, counts.twin)


def _rate(bad: int, number: int) -> float:
    return bad / number if number else math.nan


def p99_ratio(recent: Sequence[Counts]) -> float:
    """The canary's 99 % latency over stable's, negated."""
    canary, stable = (_merged(recent, arm) for arm in (0, 1))
    return -quantile(canary, 0.99) / quantile(stable, 0.99)


def p99s(counts: Counts) -> tuple[float, float]:
    """Against all of stable."""
    canary, stable = (_merged((counts,), arm) for arm in (0, 1))
    return quantile(canary, 0.99), quantile(stable, 0.99)


def _merged(recent: Sequence[Counts], arm: int) -> Spread:
    found = [counts.arms[arm].latency for counts in recent if counts.arms]
    spreads = [spread for spread in found if spread]
    counts = tuple(map(sum, zip(*(spread.counts for spread in spreads), strict=True)))
    return Spread(spreads[0].bounds, counts)


def quantile(spread: Spread, q: float) -> float:
    """As Prometheus' histogram_quantile reads it: a straight line inside of a bucket."""
    wanted, seen = q * spread.sessions, 0
    if not spread.sessions:
        return math.nan
    for index, count in enumerate(spread.counts):
        if count and seen + count >= wanted:
            if index == len(spread.bounds):
                return spread.bounds[-1]
            low = spread.bounds[index - 1] if index else 0.0
            return low + (spread.bounds[index] - low) * (wanted - seen) / count
        seen += count
    return spread.bounds[-1]
