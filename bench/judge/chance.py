"""Draws of Poisson counts from a seed, fast enough in pure Python for millions of windows.

Sessions arrive as a Poisson number and each goes to an arm and to its fate by itself, so that the
counts of every arm and fate are independent Poisson numbers of their own mean: one table look-up
stands for all the sessions of a window.
"""

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from random import Random

TAIL_SDS = 9
TABLES_KEPT = 60_000


@lru_cache(maxsize=TABLES_KEPT)
def table(mean: float) -> tuple[int, Sequence[float]]:
    """The least count with any weight, and the cumulative chances of the counts from there on."""
    reach = TAIL_SDS * math.sqrt(mean) + TAIL_SDS
    low, high = max(0, int(mean - reach)), int(mean + reach) + 1
    log_mean = math.log(mean)
    cumulated, total = [], 0.0
    for count in range(low, high):
        total += math.exp(count * log_mean - mean - math.lgamma(count + 1))
        cumulated.append(total)
    cumulated[-1] = math.inf
    return low, array("d", cumulated)


def poisson(random: Random, mean: float) -> int:
    if mean <= 0:
        return 0
    low, cumulated = table(mean)
    return low + bisect_right(cumulated, random.random())


def poissons(random: Random, mean: float, number: int) -> list[int]:
    """``number`` draws of the same mean."""
    if mean <= 0:
        return [0] * number
    low, cumulated = table(mean)
    draw = random.random
    return [low + bisect_right(cumulated, draw()) for _ in range(number)]


def seeded(*names: object) -> Random:
    """The same names give the same draws, on every machine."""
    return Random("/".join(map(str, names)))  # noqa: S311 a simulation, no secret
