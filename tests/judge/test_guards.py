import math
from random import Random

import pytest

from agentramp.judge.chance import binomial
from agentramp.judge.guards import SPLIT_THRESHOLD, SampleRatio, SloBreach
from agentramp.judge.window import Tally
from tests.judge.streams import is_plausible


@pytest.mark.parametrize("weight", [1, 10, 50, 90])
@pytest.mark.parametrize("total", [1, 7, 40])
def test_a_split_as_planned_has_mean_one(weight: int, total: int) -> None:
    mean = 0.0
    for canary in range(total + 1):
        ratio = SampleRatio()
        ratio.add(weight, canary, total - canary)
        share = weight / 100
        chance = math.comb(total, canary) * share**canary * (1 - share) ** (total - canary)
        mean += chance * math.exp(ratio.log_e)
    assert mean == pytest.approx(1.0)


def test_a_healthy_split_keeps_quiet_over_600_windows() -> None:
    random, found, runs = Random(8), 0, 60
    for _ in range(runs):
        ratio, objected = SampleRatio(), False
        for number in range(600):
            weight = (10, 30, 50)[number // 200]
            canary = binomial(random, 300, weight / 100)
            ratio.add(weight, canary, 300 - canary)
            objected |= ratio.objects
        found += objected
    assert is_plausible(found, runs, 1 / SPLIT_THRESHOLD)


def test_a_broken_split_is_seen() -> None:
    random, ratio = Random(9), SampleRatio()
    for _ in range(20):
        canary = binomial(random, 200, 0.15)
        ratio.add(10, canary, 200 - canary)
    assert ratio.objects
    assert ratio.expected == pytest.approx(400)
    assert 500 < ratio.seen < 700


def test_whole_sessions_of_requests_are_no_broken_split() -> None:
    random, found, runs = Random(10), 0, 60
    for _ in range(runs):
        ratio = SampleRatio(cluster=5)
        for _ in range(100):
            canary = binomial(random, 40, 0.3)
            ratio.add(30, canary * 5, (40 - canary) * 5)
        found += ratio.objects
    assert is_plausible(found, runs, 1 / SPLIT_THRESHOLD)


@pytest.mark.parametrize("weight", [None, 0, 100])
def test_where_nothing_is_split_nothing_is_said(weight: int | None) -> None:
    ratio = SampleRatio()
    ratio.add(weight, 500, 500)
    assert ratio.log_e == 0.0


def test_a_canary_that_keeps_its_slo_has_mean_one() -> None:
    mean = 0.0
    for bad in range(31):
        breach = SloBreach(0.05, 0.01)
        breach.add(Tally(30, bad))
        chance = math.comb(30, bad) * 0.05**bad * 0.95 ** (30 - bad)
        mean += chance * math.exp(breach.log_e)
    assert mean <= 1 + 1e-12


def test_a_breach_that_has_ended_is_forgiven() -> None:
    breach = SloBreach(0.02, 0.01)
    for _ in range(10):
        breach.add(Tally(100, 10))
    assert breach.breached
    for _ in range(20):
        breach.add(Tally(100, 0))
    assert not breach.breached
