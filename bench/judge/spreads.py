"""Streams with latency and cost: values of a lognormal distribution cut into atoms.

Where one thing is measured, each atom's sessions are a Poisson number of their own, as in
``streams``: a window costs a draw for each atom and not for each session.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from statistics import NormalDist

from agentramp.judge.window import Arm, Spread, Tally
from bench.judge.chance import poisson
from bench.judge.counts import Counts
from bench.judge.streams import WEIGHTS, Stream

ATOMS = 35
LOWEST_SDS, HIGHEST_SDS = -3.0, 4.0


@dataclass(frozen=True)
class Values:
    """Lognormal; ``some`` of the sessions have ``times`` their value, and ``plus`` on top."""

    median: float
    sigma: float
    factor: float = 1.0
    some: float = 0.0
    times: float = 1.0
    plus: float = 0.0


LATENCY = Values(median=2.0, sigma=0.6)
COST = Values(median=0.01, sigma=1.0)
LATENCY_BOUNDS = (0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 20, 30, 60)
COST_BOUNDS = tuple(round(0.001 * 1.5**step, 6) for step in range(20))


@cache
def atoms(values: Values) -> tuple[tuple[float, float], ...]:
    """Each atom's value and chance."""
    normal = NormalDist()
    step = (HIGHEST_SDS - LOWEST_SDS) / ATOMS
    found: dict[float, float] = {}
    for index in range(ATOMS):
        low = LOWEST_SDS + index * step
        edges = (-math.inf if index == 0 else low, math.inf if index == ATOMS - 1 else low + step)
        chance = normal.cdf(edges[1]) - normal.cdf(edges[0])
        value = values.median * values.factor * math.exp(values.sigma * (low + step / 2))
        for one, part in (
            (value, 1 - values.some),
            (value * values.times + values.plus, values.some),
        ):
            found[one] = found.get(one, 0.0) + chance * part
    return tuple((value, chance) for value, chance in found.items() if chance > 0)


@cache
def buckets(values: Values, bounds: tuple[float, ...]) -> tuple[tuple[int, float, float], ...]:
    """Each atom's bucket, value and chance."""
    return tuple((bisect_left(bounds, value), value, chance) for value, chance in atoms(values))


def spread(random: Random, sessions: float, values: Values, bounds: tuple[float, ...]) -> Spread:
    """``sessions`` in the mean."""
    counts = [0] * (len(bounds) + 1)
    total = squares = 0.0
    for bucket, value, chance in buckets(values, bounds):
        number = poisson(random, sessions * chance)
        counts[bucket] += number
        total += number * value
        squares += number * value * value
    return Spread(bounds, tuple(counts), total, squares)


def given(random: Random, sessions: int, values: Values, bounds: tuple[float, ...]) -> Spread:
    """Exactly ``sessions``, a draw for each."""
    table, cumulated = _cumulated(values, bounds)
    counts = [0] * (len(bounds) + 1)
    total = squares = 0.0
    for bucket, value in random.choices(table, cum_weights=cumulated, k=sessions):
        counts[bucket] += 1
        total += value
        squares += value * value
    return Spread(bounds, tuple(counts), total, squares)


@cache
def _cumulated(
    values: Values, bounds: tuple[float, ...]
) -> tuple[tuple[tuple[int, float], ...], tuple[float, ...]]:
    found = buckets(values, bounds)
    table = tuple((bucket, value) for bucket, value, _ in found)
    return table, tuple(accumulate(chance for _, _, chance in found))


@dataclass(frozen=True)
class Trial:
    """The canary's values and chances; stable's values are ``LATENCY`` and ``COST``."""

    latency: Values | None = None
    cost: Values | None = None
    bad: float = 0.0
    stable_bad: float = 0.0
    quality: float | None = None
    stable_quality: float = 0.0


def stream(random: Random, traffic: float, trial: Trial) -> Stream:
    """The ladder's windows with what ``trial`` gives values for."""
    found = []
    for at, weight in enumerate(WEIGHTS):
        share = weight / 100
        canary = _arm(random, traffic * share, trial, canary=True)
        stable = _arm(random, traffic * (1 - share), trial, canary=False)
        found.append(
            Counts(
                at, weight, canary.sessions, canary.errors.bad, stable.sessions, stable.errors.bad,
                arms=(canary, stable),
            )
        )  # fmt: skip
    return found


def _arm(random: Random, sessions: float, trial: Trial, *, canary: bool) -> Arm:
    latency = cost = None
    if trial.latency:
        values = trial.latency if canary else LATENCY
        latency = spread(random, sessions, values, LATENCY_BOUNDS)
    number = latency.sessions if latency else poisson(random, sessions)
    if trial.cost:
        cost = given(random, number, trial.cost if canary else COST, COST_BOUNDS)
    bad = _some(random, number, trial.bad if canary else trial.stable_bad)
    quality = None
    if trial.quality is not None:
        judged_bad = trial.quality if canary else trial.stable_quality
        quality = Tally(number, _some(random, number, judged_bad))
    return Arm(Tally(number, bad), latency, cost, quality)


def _some(random: Random, number: int, chance: float) -> int:
    """Binomial: by the gaps between hits, as hits are rare."""
    if chance <= 0 or not number:
        return 0
    scale, hits, at = math.log1p(-chance), 0, 0
    while True:
        at += 1 + int(math.log(1 - random.random()) / scale)
        if at > number:
            return hits
        hits += 1
