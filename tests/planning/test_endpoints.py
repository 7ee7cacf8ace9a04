"""What s.yaml says of endpoints, as splits."""

from dataclasses import replace

import pytest

from agentramp.config.settings import EndpointConfig
from agentramp.errors import UsageError
from agentramp.model import LATEST, Code, Endpoint, Observed, Runtime, RuntimeSpec, Split, Version
from agentramp.plan import (
    CreateEndpoint,
    DescribeEndpoint,
    KeepRecord,
    MoveTraffic,
    Plan,
    RemoveEndpoint,
    Step,
)
from agentramp.planning import Young, plan_endpoints, put_back
from agentramp.planning.endpoints import PUT_BACK
from agentramp.policy import DEFAULT_POLICY
from agentramp.ramp import Standing, standing
from agentramp.record import Begun, Event, Moved, Moving, Queued, Record, Removed, Removing

RUNTIME = Runtime("rt", RuntimeSpec("agent", Code("python3.12")))
PUBLISHED = (Version(2), Version(1))
STABLE, SHARED = Split(1), Split(1, ((2, 20),))
PRODUCTION, CANARY = EndpointConfig("production", 1), EndpointConfig("canary", 2, 20)
SEED = (PRODUCTION, CANARY)


def there(*endpoints: Endpoint) -> Observed:
    return Observed(RUNTIME, PUBLISHED, endpoints)


def served(name: str, split: Split, description: str = "") -> Endpoint:
    return Endpoint(f"ep-{name}", name, split, description=description)


def after(*events: Event, verb: str = "deploy") -> Standing:
    return standing([Record(verb, float(at), event) for at, event in enumerate(events)])


def plans(
    wanted: tuple[EndpointConfig, ...],
    observed: Observed,
    known: dict[str, Standing] | None = None,
    *,
    prune: bool = False,
) -> tuple[Plan, ...]:
    return plan_endpoints("agent", wanted, observed, known or {}, prune=prune)


def steps(found: tuple[Plan, ...]) -> list[Step]:
    return [step for plan in found for step in plan.steps]


def splits(*wanted: EndpointConfig) -> dict[str, Split]:
    made = steps(plans(wanted, there()))
    return {step.name: step.split for step in made if isinstance(step, CreateEndpoint)}


def notes(found: tuple[Plan, ...]) -> str:
    return "\n".join(note for plan in found for note in plan.notes)


def test_a_weight_is_a_share_of_the_main_endpoint_and_its_bearer_serves_alone() -> None:
    """§0.1 and §0.2 of the facts: sent as it stands, version 2 would split with itself."""
    found = plans(SEED, there())
    assert splits(*SEED) == {"canary": Split(2), "production": SHARED}
    told = "production sends 20 % of new sessions to v2; endpoint canary reaches v2 directly"
    assert told in notes(found)
    assert [str(plan.subject) for plan in found] == ["agent/canary", "agent/production"]


def test_the_only_endpoint_without_a_weight_is_the_main_one() -> None:
    assert splits(EndpointConfig("live", 1), CANARY)["live"] == SHARED


def test_several_weights_share_the_main_endpoint() -> None:
    found = splits(PRODUCTION, CANARY, EndpointConfig("beta", LATEST, 5))
    assert found["production"] == Split(1, ((2, 20), (LATEST, 5)))
    assert found["beta"] == Split(LATEST)


def test_two_weights_of_one_version_are_added() -> None:
    found = splits(PRODUCTION, CANARY, EndpointConfig("beta", 2, 5))
    assert found["production"] == Split(1, ((2, 25),))


def test_a_canary_of_the_stable_version_changes_nothing() -> None:
    found = plans((PRODUCTION, EndpointConfig("canary", 1, 20)), there())
    assert "its weight changes nothing" in notes(found)
    assert all(step.split == STABLE for step in steps(found) if isinstance(step, CreateEndpoint))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ((EndpointConfig("production", 1, 80), EndpointConfig("canary", 2)), "weight itself"),
        ((EndpointConfig("a", 1), EndpointConfig("b", 1), CANARY), "2 endpoints have none"),
        ((CANARY,), "0 endpoints have none"),
        ((PRODUCTION, EndpointConfig("a", 2, 60), EndpointConfig("b", LATEST, 40)), "no sessions"),
    ],
)
def test_weights_that_make_no_split(wanted: tuple[EndpointConfig, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        plans(wanted, there())


def test_no_version_is_the_head_and_that_is_told() -> None:
    found = plans((EndpointConfig("production"),), there())
    assert steps(found) == [CreateEndpoint("rt", "production", Split(LATEST))]
    assert "follows LATEST, on every deploy" in notes(found)


def test_all_versions_that_are_missing_are_named_with_what_there_is() -> None:
    wanted = (EndpointConfig("production", 3), EndpointConfig("canary", 4, 10))
    with pytest.raises(UsageError) as raised:
        plans(wanted, there())
    message = str(raised.value)
    assert "version 3 (endpoint production), version 4 (endpoint canary)" in message
    assert "published: 1, 2" in message
    assert "--skip-endpoints" in raised.value.advice


def test_a_runtime_that_is_still_to_be_made_has_no_version_yet() -> None:
    with pytest.raises(UsageError, match="published: none"):
        plans((PRODUCTION,), Observed())
    (plan,) = plans((EndpointConfig("production"),), Observed())
    assert plan.steps == (CreateEndpoint("", "production", Split(LATEST)),)


def test_a_move_clears_the_old_split_and_has_its_way_back() -> None:
    """§0.3: promoting by the file must not leave the old share behind."""
    (plan,) = plans((EndpointConfig("production", 2),), there(served("production", SHARED)))
    (step,) = plan.steps
    assert isinstance(step, MoveTraffic)
    assert (step.before, step.after) == (SHARED, Split(2))
    assert plan.way_back == (MoveTraffic("rt", "ep-production", "production", Split(2), SHARED),)


def test_creation_comes_before_moves_and_removal_last() -> None:
    observed = there(served("old", STABLE), served("production", STABLE))
    found = plans(SEED, observed, prune=True)
    kinds = [type(step) for step in steps(found)]
    assert kinds == [CreateEndpoint, MoveTraffic, RemoveEndpoint]


def test_what_is_so_already_is_left() -> None:
    found = plans(SEED, there(served("production", SHARED), served("canary", Split(2))))
    assert steps(found) == []
    assert "production already serves v1 80 %, v2 20 %" in notes(found)


def test_a_split_that_the_journal_does_not_know_is_set_once_more() -> None:
    known = {"production": after(Moving(None, Split(2)), Moved(None, Split(2)))}
    found = plans((PRODUCTION,), there(served("production", STABLE)), known)
    assert [type(step) for step in steps(found)] == [MoveTraffic]
    assert found[0].generation == 2


def test_words_are_changed_before_traffic() -> None:
    described = replace(PRODUCTION, version=2, description="for everyone")
    (plan,) = plans((described,), there(served("production", STABLE, "old words")))
    words, moved = plan.steps
    assert words == DescribeEndpoint("rt", "ep-production", "production", "for everyone", STABLE)
    assert isinstance(moved, MoveTraffic)
    (plan,) = plans((PRODUCTION,), there(served("production", STABLE, "old words")))
    assert plan.steps == ()


@pytest.mark.parametrize("event", [Begun("r", 1, 2, DEFAULT_POLICY), Queued(2)])
@pytest.mark.parametrize("prune", [False, True])
def test_what_a_ramp_holds_is_never_touched(event: Event, prune: bool) -> None:  # noqa: FBT001
    observed = there(served("production", STABLE), served("other", STABLE))
    known = {"production": after(event), "other": after(event)}
    found = plans((EndpointConfig("production", 2),), observed, known, prune=prune)
    assert steps(found) == []
    assert "production is left as it is: " in notes(found)
    assert "other is not in the file, and stays" in notes(found)


def test_a_move_that_somebody_else_began_holds_and_a_deploys_own_is_done_again() -> None:
    observed = there(served("production", STABLE))
    begun = Moving(Split(2), STABLE)
    held = plans((PRODUCTION,), observed, {"production": after(begun, verb="rollback")})
    assert "rollback began to move it" in notes(held)
    assert steps(held) == []
    again = plans((PRODUCTION,), observed, {"production": after(begun)})
    assert [type(step) for step in steps(again)] == [MoveTraffic]


@pytest.mark.parametrize(("now", "held"), [(119.0, True), (120.0, False)])
@pytest.mark.parametrize("prune", [False, True])
def test_another_deploys_move_is_its_own_while_that_may_be_alive(
    now: float,
    held: bool,  # noqa: FBT001
    prune: bool,  # noqa: FBT001
) -> None:
    begun = {"production": after(Moving(Split(2), STABLE)), "old": after(Moving(Split(2), STABLE))}
    observed = there(served("production", Split(2)), served("old", STABLE))
    found = plan_endpoints(
        "agent", (PRODUCTION,), observed, begun, prune=prune, young=Young(now, 120.0)
    )
    kinds = [MoveTraffic, RemoveEndpoint] if prune else [MoveTraffic]
    assert [type(step) for step in steps(found)] == ([] if held else kinds)
    assert ("if that one is dead, this can be done in 1 s" in notes(found)) is held


def test_an_endpoint_whose_making_was_refused_is_made_at_once() -> None:
    begun = {"production": after(Moving(None, STABLE))}
    found = plan_endpoints("agent", (PRODUCTION,), there(), begun, young=Young(1.0, 120.0))
    assert [type(step) for step in steps(found)] == [CreateEndpoint]


def test_an_endpoint_that_a_dead_run_removed_is_made_anew() -> None:
    (plan,) = plans((PRODUCTION,), there(), {"production": after(Removing(STABLE))})
    assert plan.steps == (
        KeepRecord(Removed(STABLE)),
        CreateEndpoint("rt", "production", STABLE),
    )


def test_an_endpoint_that_is_not_in_the_file_goes_only_with_prune() -> None:
    old = served("old", Split(2), "of last year")
    observed = there(served("production", STABLE), old)
    kept = plans((PRODUCTION,), observed)
    assert steps(kept) == []
    assert "deploy --prune removes it" in notes(kept)
    *_, gone = plans((PRODUCTION,), observed, prune=True)
    assert gone.steps == (RemoveEndpoint("rt", "ep-old", "old", Split(2)),)
    assert gone.way_back == ()
    assert gone.no_way_back.startswith("none")


def test_a_file_without_endpoints_touches_none() -> None:
    assert plans((), there(served("old", STABLE)), prune=True) == ()


def test_a_move_goes_back_for_the_journal_as_it_left_it() -> None:
    observed = there(served("production", STABLE), served("old", STABLE))
    known = {"production": after(Moving(None, STABLE), Moved(None, STABLE))}
    described = (replace(PRODUCTION, description="for all"), CANARY)
    made, moved, gone = plans(described, observed, known, prune=True)
    assert (put_back(made), put_back(gone)) == (None, None)
    back = put_back(moved)
    assert back
    assert back.steps == (
        MoveTraffic("rt", "ep-production", "production", SHARED, STABLE, PUT_BACK),
    )
    assert back.way_back == ()
    assert back.generation == 2 + 4, "the words and the move, each with its intent and its end"
