import math
from fractions import Fraction
from random import Random

import pytest

from agentramp.judge.mcnemar import Pairs
from tests.judge.streams import is_plausible


@pytest.mark.parametrize("pairs", [1, 2, 5, 12])
def test_its_mean_is_one_if_worse_is_as_likely_as_better(pairs: int) -> None:
    mean = sum(
        math.comb(pairs, worse) * Pairs(worse, pairs - worse).e / 2**pairs
        for worse in range(pairs + 1)
    )
    assert mean == pytest.approx(1.0)


@pytest.mark.parametrize(("worse", "better"), [(3, 0), (7, 2), (10, 10)])
def test_it_is_the_integral(worse: int, better: int) -> None:
    steps = 20_000
    middles = (Fraction(1, 2) + Fraction(2 * i + 1, 4 * steps) for i in range(steps))
    total = sum(float(t) ** worse * (1 - float(t)) ** better for t in middles) / steps
    assert Pairs(worse, better).e == pytest.approx(2 ** (worse + better) * total, rel=1e-6)


def test_six_of_six_worse_show_it() -> None:
    assert not Pairs(6, 0).shows_worse(0.05)
    assert Pairs(7, 0).shows_worse(0.05)
    assert not Pairs(0, 50).shows_worse(0.05)


def test_asking_until_it_shows_stops_a_fair_one_rarely() -> None:
    random, stopped = Random(4), 0
    for _ in range(400):
        worse = better = 0
        for _ in range(60):
            worse, better = (worse + 1, better) if random.random() < 0.5 else (worse, better + 1)
            if Pairs(worse, better).shows_worse(0.05):
                stopped += 1
                break
    assert is_plausible(stopped, 400, 0.05)


def test_many_prompts_stay_finite() -> None:
    assert math.isfinite(Pairs(5000, 10).e)


def test_a_count_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Pairs(-1, 2)
