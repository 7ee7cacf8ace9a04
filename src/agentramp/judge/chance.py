"""Counts as chance gives them, exact in distribution, from a generator that is passed in."""

import math
from random import Random

_FEW = 12.0


def binomial(random: Random, count: int, share: float) -> int:
    """Successes of ``count``: halved by the median's Beta until few are expected (Devroye 1986).

    The order statistic of rank i of n uniform numbers is Beta(i, n+1-i); below and above it they
    are uniform again. Few successes are found by the geometric gaps between them.
    """
    if share > 0.5:  # noqa: PLR2004 - by symmetry
        return count - binomial(random, count, 1 - share)
    found = 0
    while count * share > _FEW:
        rank = count // 2 + 1
        middle = random.betavariate(rank, count + 1 - rank)
        if middle <= share:
            found, count, share = found + rank, count - rank, (share - middle) / (1 - middle)
        else:
            count, share = rank - 1, share / middle
        if share > 0.5:  # noqa: PLR2004 - by symmetry
            return found + count - binomial(random, count, 1 - share)
    return found + _by_gaps(random, count, share)


def _by_gaps(random: Random, count: int, share: float) -> int:
    if share <= 0:
        return 0
    found, place, scale = 0, 0, math.log1p(-share)
    while True:
        gap = math.log(1 - random.random()) / scale
        if gap >= count - place:
            return found
        place += int(gap) + 1
        if place > count:
            return found
        found += 1


def poisson(random: Random, mean: float) -> int:
    """Arrivals while ``mean`` are expected: by the time of an early arrival, then one by one."""
    found = 0
    while mean > _FEW:
        ahead = int(mean * 7 / 8)
        time = random.gammavariate(ahead, 1.0)
        if time > mean:
            return found + binomial(random, ahead - 1, mean / time)
        found, mean = found + ahead, mean - time
    limit, product = math.exp(-mean), random.random()
    while product > limit:
        found, product = found + 1, product * random.random()
    return found
