import math
from random import Random

import pytest

from agentramp.judge.chance import binomial, poisson

DRAWS = 4000


@pytest.mark.parametrize(
    ("count", "share"), [(20, 0.05), (200, 0.3), (2000, 0.9), (5000, 0.001), (10, 0), (10, 1)]
)
def test_binomial_has_its_moments(count: int, share: float) -> None:
    random = Random(2)
    draws = [binomial(random, count, share) for _ in range(DRAWS)]
    check_moments(draws, count * share, count * share * (1 - share))
    assert all(0 <= draw <= count for draw in draws)


def test_binomial_has_its_distribution() -> None:
    random, count, share = Random(3), 60, 0.4
    draws = [binomial(random, count, share) for _ in range(DRAWS)]
    for value in (18, 24, 30):
        chance = sum(
            math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(value + 1)
        )
        seen = sum(draw <= value for draw in draws) / DRAWS
        assert abs(seen - chance) < 4.5 * math.sqrt(chance * (1 - chance) / DRAWS)


@pytest.mark.parametrize("mean", [0.0, 0.5, 20.0, 200.0])
def test_poisson_has_its_moments(mean: float) -> None:
    random = Random(4)
    check_moments([poisson(random, mean) for _ in range(DRAWS)], mean, mean)


def check_moments(draws: list[int], mean: float, variance: float) -> None:
    found = sum(draws) / DRAWS
    spread = sum((draw - found) ** 2 for draw in draws) / DRAWS
    assert abs(found - mean) <= 4.5 * math.sqrt(variance / DRAWS)
    assert spread == pytest.approx(variance, rel=0.15, abs=0.01)
