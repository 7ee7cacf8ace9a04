"""Latency and cost: quantiles of before, and the mean."""

import bisect
import itertools
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentramp.judge.chance import binomial, poisson
from agentramp.judge.exceedance import Exceedance
from agentramp.judge.mean_cost import MeanCost, log_mixture
from agentramp.judge.window import Spread
from tests.judge.streams import LADDER, is_plausible

EDGES = tuple(0.01 * 10 ** (step / 8) for step in range(41))
WINDOWS, AIM = 60, 20.0


def spread(values: list[float]) -> Spread:
    counts = [0] * (len(EDGES) + 1)
    for value in values:
        counts[bisect.bisect_left(EDGES, value)] += 1
    return Spread(EDGES, tuple(counts), sum(values), sum(value * value for value in values))


def drawn(random: Random, count: int, tail: float, factor: float = 1.0) -> Spread:
    """Lognormal with sigma 1, and a share ``tail`` of sessions twenty times as dear."""
    dear = binomial(random, count, tail)
    scales = [factor * (20 if index < dear else 1) for index in range(count)]
    return spread([scale * math.exp(random.gauss(0, 1)) for scale in scales])


def found(sessions: int, tails: tuple[float, float], factor: float, seed: int) -> tuple[bool, bool]:
    """Whether the quantiles and the mean ever saw a difference, on the ladder."""
    random, values, mean = Random(seed), Exceedance(), MeanCost()
    seen = [False, False]
    for number in range(WINDOWS):
        total = poisson(random, sessions)
        count = binomial(random, total, LADDER[number * 3 // WINDOWS] / 100)
        canary = drawn(random, count, tails[0], factor)
        stable = drawn(random, total - count, tails[1])
        values.add(canary, stable)
        mean.add(canary, stable)
        seen = [seen[0] or values.e >= AIM, seen[1] or mean.log_e >= math.log(AIM)]
    return seen[0], seen[1]


@pytest.mark.parametrize(("sessions", "runs"), [(20, 120), (150, 25)])
@pytest.mark.parametrize("tail", [0.0, 0.02])
def test_the_same_distribution_is_rarely_blamed(sessions: int, runs: int, tail: float) -> None:
    seen = [found(sessions, (tail, tail), 1.0, seed) for seed in range(runs)]
    assert is_plausible(sum(quantiles for quantiles, _ in seen), runs, 1 / AIM)
    assert is_plausible(sum(mean for _, mean in seen), runs, 1 / AIM)


@pytest.mark.parametrize(
    ("tails", "factor"), [((0.0, 0.0), 1.5), ((0.04, 0.0), 1.0)], ids=["x1.5", "runaway"]
)
def test_dearer_sessions_are_found(tails: tuple[float, float], factor: float) -> None:
    seen = [found(150, tails, factor, seed) for seed in range(6)]
    assert all(quantiles for quantiles, _ in seen)
    assert all(mean for _, mean in seen)


def test_the_cut_is_fixed_before_the_window() -> None:
    """The first window only teaches, whatever is in it."""
    values = Exceedance()
    values.add(spread([50.0] * 40), spread([0.1] * 400))
    assert values.e == 1.0
    values.add(spread([50.0] * 40), spread([0.1] * 400))
    assert values.e > 100


def test_a_window_with_other_bounds_does_not_count() -> None:
    values = Exceedance()
    other = Spread((1.0, 2.0), (0, 0, 40))
    values.add(spread([0.1] * 90), spread([0.1] * 90))
    before = values.e
    values.add(other, spread([0.1] * 90))
    values.add(other, Spread((1.0, 2.0), (400, 0, 0)))
    assert values.e == before
    values.add(other, Spread((1.0, 2.0), (400, 0, 0)))
    assert values.e > 100


def test_values_above_the_last_bound_have_no_cut() -> None:
    values = Exceedance()
    for _ in range(3):
        values.add(Spread((1.0,), (0, 9)), Spread((1.0,), (0, 90)))
    assert values.e == 1.0


def test_a_source_without_sums_says_nothing_of_the_mean() -> None:
    mean = MeanCost()
    for _ in range(9):
        mean.add(Spread((1.0,), (0, 200)), Spread((1.0,), (200, 0)))
    assert mean.log_e == 0.0


def test_few_sessions_say_nothing_of_the_mean() -> None:
    mean = MeanCost()
    for _ in range(9):
        mean.add(spread([9.0, 9.1] * 5), spread([0.1, 0.2] * 50))
    assert mean.log_e == 0.0
    for _ in range(2):
        mean.add(spread([9.0, 9.1] * 5), spread([0.1, 0.2] * 50))
    assert mean.log_e > math.log(AIM)


def test_the_mixture_is_the_integral() -> None:
    """Over effects with a half-normal density of scale 0.2."""
    for s, v in itertools.product((-40.0, 0.0, 25.0), (1.0, 100.0)):
        step, total = 0.0002, 0.0
        for index in range(10_000):
            effect = (index + 0.5) * step
            density = 2 / (0.2 * math.sqrt(2 * math.pi)) * math.exp(-((effect / 0.2) ** 2) / 2)
            total += step * density * math.exp(effect * s - effect * effect * v / 2)
        assert math.exp(log_mixture(s, v)) == pytest.approx(total, rel=1e-4)


def test_a_much_cheaper_canary_is_no_crash() -> None:
    assert -math.inf < log_mixture(-1e6, 10.0) < 0


SUMS = st.floats(0, 1.7e308) | st.floats(0, 100)
SPREADS = st.builds(
    Spread, st.just((1.0,)), st.tuples(st.integers(0, 2**53), st.integers(0, 200)), SUMS, SUMS
)


@given(st.lists(st.tuples(SPREADS, SPREADS), max_size=8))
@settings(deadline=None)
def test_no_sums_are_a_crash(windows: list[tuple[Spread, Spread]]) -> None:
    mean = MeanCost()
    for canary, stable in windows:
        mean.add(canary, stable)
        assert not math.isnan(mean.log_e)
        assert mean.log_e < math.inf
