import pytest

from agentramp.errors import SupersededError
from agentramp.model import Code, Endpoint, Observed, Runtime, RuntimeSpec, Split
from agentramp.plan import KeepRecord, RemoveEndpoint, RemoveRuntime
from agentramp.planning import held_by, plan_remove
from agentramp.policy import DEFAULT_POLICY
from agentramp.ramp import standing
from agentramp.record import Begun, Moved, Moving, Queued, Record, Removed, Removing

RUNTIME = Runtime("rt", RuntimeSpec("agent", Code("python3.12")))
ONE, TWO = Endpoint("ep-1", "production", Split(1)), Endpoint("ep-2", "canary", Split(2))
OBSERVED = Observed(RUNTIME, (), (ONE, TWO))


def test_endpoints_go_first_each_with_a_plan_of_its_own() -> None:
    *endpoints, runtime = plan_remove("agent", OBSERVED, {})
    assert [step for plan in endpoints for step in plan.steps] == [
        RemoveEndpoint("rt", "ep-1", "production", Split(1)),
        RemoveEndpoint("rt", "ep-2", "canary", Split(2)),
    ]
    assert [str(plan.subject) for plan in endpoints] == ["agent/production", "agent/canary"]
    assert runtime.steps == (RemoveRuntime("rt", "agent"),)
    assert str(runtime.subject) == "agent"


def test_one_endpoint_leaves_the_rest() -> None:
    (plan,) = plan_remove("agent", OBSERVED, {}, "canary")
    assert plan.steps == (RemoveEndpoint("rt", "ep-2", "canary", Split(2)),)
    assert plan.no_way_back.startswith("none")


def test_what_is_held_refuses_everything() -> None:
    held = {"canary": "a ramp is in progress", "production": ""}
    with pytest.raises(SupersededError, match="agent/canary: a ramp is in progress") as raised:
        plan_remove("agent", OBSERVED, held)
    assert "--force" in raised.value.advice
    assert plan_remove("agent", OBSERVED, held, "production")[0].steps


@pytest.mark.parametrize(("observed", "endpoint"), [(Observed(), None), (OBSERVED, "beta")])
def test_what_is_not_there_is_done(observed: Observed, endpoint: str | None) -> None:
    (plan,) = plan_remove("agent", observed, {}, endpoint)
    assert plan.steps == ()
    assert "does not exist" in plan.notes[0]


def test_what_a_run_that_died_had_removed_is_written_down() -> None:
    now = standing([Record("remove", 1.0, Removing(Split(2)))])
    (plan,) = plan_remove("agent", OBSERVED, {}, "beta", known={"beta": now})
    assert plan.steps == (KeepRecord(Removed(Split(2))),)
    assert plan.generation == 1


def test_a_plan_is_good_for_one_state_of_the_journal() -> None:
    now = standing(
        [Record("x", 1.0, Moving(None, Split(2))), Record("x", 2.0, Moved(None, Split(2)))]
    )
    (plan,) = plan_remove("agent", OBSERVED, {}, "canary", known={"canary": now})
    assert plan.generation == 2


def test_who_holds_an_endpoint() -> None:
    def held(*events: Begun | Queued | Moving | Removing, verb: str = "promote") -> str:
        return held_by(standing([Record(verb, 1.0, event) for event in events]))

    assert held() == ""
    assert held(Begun("r", 1, 2, DEFAULT_POLICY)) == "a ramp of version 2 is in progress (0 %)"
    assert held(Queued(3)) == "version 3 waits there for its ramp"
    assert "promote began to move it" in held(Moving(Split(1), Split(2)))
    assert held(Moving(Split(1), Split(2)), verb="deploy") == ""
    assert held(Removing(Split(1))) == ""
