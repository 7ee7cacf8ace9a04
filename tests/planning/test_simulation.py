from dataclasses import replace
from random import Random

import pytest

from agentramp.judge.verdict import Rules
from agentramp.planning.simulation import Forecast, Outcome, Traffic, forecasts, travel
from agentramp.policy import OnTimeout, Policy, Rung
from tests.judge.streams import is_plausible

POLICY = Policy(rules=Rules(alpha=0.05))
BUSY = Traffic(6000, 0.01)


def told(policy: Policy, traffic: Traffic, worse: float, runs: int) -> list[Forecast]:
    return list(forecasts(policy, traffic, [worse], runs, Random(21)))


def test_a_healthy_one_arrives_and_a_worse_one_does_not() -> None:
    healthy, worse = told(POLICY, BUSY, 0.05, 60)
    assert is_plausible(healthy.count(Outcome.ROLLED_BACK), 60, 0.05)
    assert healthy.count(Outcome.PROMOTED) >= 50
    assert worse.count(Outcome.ROLLED_BACK) == 60
    back = worse.typical(Outcome.ROLLED_BACK)
    assert back is not None
    assert back.sessions < 200
    assert worse.typical(Outcome.PROMOTED) is None


def test_a_rung_takes_its_bake_and_its_sessions() -> None:
    """Windows of 300 s that are read 60 s later: a bake of 600 s ends 660 s after it began."""
    rungs = (Rung(50, 600.0, 0), Rung(100, 600.0, 50))
    policy = replace(POLICY, rungs=rungs)
    journey = travel(policy, Traffic(60_000, 0.0), Random(1))
    assert (journey.outcome, journey.seconds) == (Outcome.PROMOTED, 660.0)
    many = replace(policy, rungs=(Rung(50, 600.0, 6000), rungs[1]))
    assert travel(many, Traffic(60_000, 0.0), Random(1)).seconds == 3 * 300 + 60
    warm = replace(policy, warm_up=100.0)
    assert travel(warm, Traffic(60_000, 0.0), Random(1)).seconds == 760.0


@pytest.mark.parametrize(("warm_up", "settle"), [(300.0, 60.0), (0.0, 300.0)])
def test_no_time_counts_as_baked_of_which_nothing_is_read(warm_up: float, settle: float) -> None:
    """Two windows of 300 s are read for a bake of 600 s, however long all else takes."""
    rungs = (Rung(50, 600.0, 0), Rung(100, 600.0, 0))
    policy = replace(POLICY, rungs=rungs, warm_up=warm_up, settle=settle)
    journey = travel(policy, Traffic(60_000, 0.0), Random(1))
    assert (journey.outcome, journey.seconds) == (Outcome.PROMOTED, warm_up + 600.0 + settle)


@pytest.mark.parametrize(
    ("on_timeout", "outcome", "steps"),
    [
        (OnTimeout.HOLD, Outcome.TIMED_OUT, 1),
        (OnTimeout.ROLLBACK, Outcome.TIMED_OUT, 1),
        (OnTimeout.ADVANCE, Outcome.PROMOTED, 3),
    ],
)
def test_without_traffic_the_timeout_decides(
    on_timeout: OnTimeout, outcome: Outcome, steps: int
) -> None:
    policy = replace(POLICY, timeout=7200.0, on_timeout=on_timeout)
    journey = travel(policy, Traffic(0.01, 0.5), Random(2))
    assert journey.outcome is outcome
    assert journey.seconds == steps * (7200 + 60)


def test_the_same_seed_gives_the_same() -> None:
    assert told(POLICY, BUSY, 0.02, 5) == told(POLICY, BUSY, 0.02, 5)
