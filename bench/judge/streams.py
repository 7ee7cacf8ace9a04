"""Streams of windows from a seed; every rule is shown the same ones."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random
from typing import TypeAlias

from bench.judge.chance import poisson, poissons
from bench.judge.counts import Counts

Stream: TypeAlias = list[Counts]
LADDER = (10, 30, 50)
WINDOWS_A_STEP = 20
WEIGHTS = tuple(weight for weight in LADDER for _ in range(WINDOWS_A_STEP))


@dataclass(frozen=True)
class Rates:
    """Chance that a session goes bad on either arm, from window ``start`` on."""

    start: int
    canary: float
    stable: float


def flat(canary: float, stable: float) -> tuple[Rates, ...]:
    return (Rates(0, canary, stable),)


def ladder(
    random: Random, traffic: float, rates: Sequence[Rates], weights: Sequence[int] = WEIGHTS
) -> Stream:
    """``traffic`` sessions a window in the mean, split by ``weights``, one entry a window."""
    stream: Stream = []
    edges = sorted(
        {0, len(weights), *(rate.start for rate in rates)}
        | {at for at in range(1, len(weights)) if weights[at] != weights[at - 1]}
    )
    for start, end in pairwise(edge for edge in edges if edge <= len(weights)):
        rate = max((one for one in rates if one.start <= start), key=lambda one: one.start)
        stream += _piece(random, (start, end), traffic, weights[start], rate)
    return stream


def _piece(
    random: Random, span: tuple[int, int], traffic: float, weight: int, rate: Rates
) -> list[Counts]:
    start, end = span
    number = end - start
    share = weight / 100
    twin = min(share, 1 - share)
    columns = [
        poissons(random, traffic * part * chance, number)
        for part, chance in (
            (share, rate.canary),
            (share, 1 - rate.canary),
            (twin, rate.stable),
            (twin, 1 - rate.stable),
            (1 - share - twin, rate.stable),
            (1 - share - twin, 1 - rate.stable),
        )
    ]
    worse = rate.canary - rate.stable
    return [
        Counts(
            at, weight, bad + good, bad, twin_bad + twin_good + rest_bad + rest_good,
            twin_bad + rest_bad, twin_bad + twin_good, twin_bad, (bad + good) * worse,
        )
        for at, bad, good, twin_bad, twin_good, rest_bad, rest_good in zip(
            range(start, end), *columns, strict=True
        )
    ]  # fmt: skip


WALK_POINTS = 120
WALK_LOW, WALK_HIGH = 0.002, 0.2
WALK_STEP = 4
LEAST_WEIGHT, MOST_WEIGHT = 5, 60


@cache
def _walk_rates() -> tuple[float, ...]:
    ratio = math.log(WALK_HIGH / WALK_LOW) / (WALK_POINTS - 1)
    return tuple(WALK_LOW * math.exp(ratio * point) for point in range(WALK_POINTS))


def random_walk(random: Random, traffic: float, windows: int) -> Stream:
    """A rate that both arms share walks between .2 and 20 %; weights jump between 5 and 60 %.

    A weight holds for 20 windows, as a step does: that is what misleads a pooled rule. The rate
    stays on a grid of 120 points, 4 % apart, so that its tables of chances can be kept.
    """
    rates = _walk_rates()
    point = random.randrange(WALK_POINTS)
    stream: Stream = []
    weight = LEAST_WEIGHT
    for at in range(windows):
        point = min(max(point + random.randint(-WALK_STEP, WALK_STEP), 0), WALK_POINTS - 1)
        if at % WINDOWS_A_STEP == 0:
            weight = random.randint(LEAST_WEIGHT, MOST_WEIGHT)
        stream += _piece(
            random, (at, at + 1), traffic, weight, Rates(at, rates[point], rates[point])
        )
    return stream


@dataclass(frozen=True)
class Kind:
    """Sessions of so many turns, of which so many fail; ``share`` of all sessions are such."""

    turns: int
    failed: int
    share: float


def kinds(lengths: dict[int, float], whole: float, single: float) -> tuple[Kind, ...]:
    """``whole`` of the sessions fail in every turn; in the others each turn fails by itself."""
    found = []
    for turns, share in lengths.items():
        chances = [
            (1 - whole) * math.comb(turns, bad) * single**bad * (1 - single) ** (turns - bad)
            for bad in range(turns + 1)
        ]
        chances[turns] += whole
        found += [Kind(turns, bad, share * chance) for bad, chance in enumerate(chances)]
    return tuple(found)


def clustered(random: Random, requests: float, mix: tuple[Kind, ...]) -> tuple[Stream, Stream]:
    """The same healthy traffic counted in sessions and in requests."""
    sessions = requests / sum(kind.turns * kind.share for kind in mix)
    by_session, by_request = [], []
    for at, weight in enumerate(WEIGHTS):
        share = weight / 100
        twin = min(share, 1 - share)
        arms = [_arm(random, sessions * part, mix) for part in (share, twin, 1 - share - twin)]
        by_session.append(_counts(at, weight, [(arm[0], arm[1]) for arm in arms]))
        by_request.append(_counts(at, weight, [(arm[2], arm[3]) for arm in arms]))
    return by_session, by_request


def _arm(random: Random, sessions: float, mix: tuple[Kind, ...]) -> tuple[int, int, int, int]:
    """Sessions, bad ones, requests, bad ones."""
    total = [0, 0, 0, 0]
    for kind in mix:
        number = poisson(random, sessions * kind.share)
        total[0] += number
        total[1] += number if kind.failed else 0
        total[2] += number * kind.turns
        total[3] += number * kind.failed
    return total[0], total[1], total[2], total[3]


def _counts(at: int, weight: int, arms: list[tuple[int, int]]) -> Counts:
    (canary, bad), (twin, twin_bad), (rest, rest_bad) = arms
    return Counts(at, weight, canary, bad, twin + rest, twin_bad + rest_bad, twin, twin_bad)


Maker: TypeAlias = Callable[[Random], Stream]
