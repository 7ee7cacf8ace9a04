"""Abort and rollback: what gives all traffic back, and what is said where it cannot."""

from dataclasses import replace

import pytest

from agentramp.errors import UsageError
from agentramp.model import LATEST, Split
from agentramp.plan import MoveTraffic
from agentramp.planning import plan_abort, plan_rollback, version_before
from agentramp.ramp import Ending
from agentramp.record import Moved, Moving
from tests.planning.scene import FIRST, SECOND, STABLE, Scene, moves


@pytest.mark.parametrize("frozen", ["", "frozen until Monday"])
def test_an_abort_ends_a_ramp_and_blames_nobody(frozen: str) -> None:
    scene = Scene()
    scene.begin(frozen=frozen)
    plan = plan_abort(scene.seen(), "the answers are in French")
    (step,) = plan.steps
    assert isinstance(step, MoveTraffic)
    assert (step.after, step.reason) == (STABLE, "the answers are in French")
    assert plan.way_back == ()
    scene.do(plan)
    assert scene.split == STABLE
    assert scene.standing.rejected == ()
    assert scene.standing.ended
    assert scene.standing.ended.ending is Ending.ROLLED_BACK
    assert scene.standing.ended.reason == "the answers are in French"


@pytest.mark.parametrize("split", [FIRST, Split(3), STABLE])
def test_an_abort_starts_from_what_serves_not_from_what_the_journal_says(split: Split) -> None:
    scene = Scene()
    scene.begin()
    scene.by_hand(split)
    (step,) = plan_abort(scene.seen()).steps
    assert isinstance(step, MoveTraffic)
    assert (step.before, step.after) == (split, STABLE)


@pytest.mark.parametrize(
    ("split", "stable"),
    [
        (FIRST, STABLE),
        (Split(1, ((2, 10), (3, 20))), STABLE),
        (Split(LATEST, ((2, 10),)), Split(LATEST)),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_an_abort_ends_a_trial_by_hand(split: Split, stable: Split, *, known: bool) -> None:
    scene = Scene(first=split)
    if known:
        scene.wrote("shift-traffic", Moved(None, split))
    plan = plan_abort(scene.seen())
    assert (plan.verb, moves(plan)) == ("abort", [stable])
    scene.do(plan)
    assert scene.split == stable
    assert plan_abort(scene.seen()).steps == ()


@pytest.mark.parametrize("first", [STABLE, Split(LATEST), None])
def test_nothing_to_abort(first: Split | None) -> None:
    plan = plan_abort(Scene(first=first).seen())
    assert plan.steps == ()
    missing = "" if first else ", which does not exist"
    assert plan.notes == (f"no ramp is in progress on agent/production{missing}: nothing to abort",)


def test_an_abort_where_the_stable_version_is_not_published_any_more() -> None:
    for scene in (Scene(), Scene(first=FIRST)):
        if scene.split == STABLE:
            scene.begin()
        scene.withdrawn.add(1)
        with pytest.raises(UsageError, match="version 1 of agent is not published") as told:
            plan_abort(scene.seen())
        assert "published: 2, 3, 4" in told.value.message
        assert "agentramp rollback --version N" in told.value.advice


def test_a_rollback_where_the_stable_version_is_not_published_any_more() -> None:
    scene = Scene()
    scene.begin()
    scene.withdrawn.add(1)
    assert version_before(scene.seen()) == 1
    with pytest.raises(UsageError, match="version 1 of agent is not published") as told:
        plan_rollback(scene.seen(), 1)
    assert "--version" in told.value.advice
    scene.do(plan_rollback(scene.seen(), 3))
    assert scene.split == Split(3)
    assert scene.standing.ramp is None


def test_where_the_endpoint_or_the_runtime_is_gone() -> None:
    scene = Scene()
    scene.begin()
    scene.delete()
    for plan in (plan_abort, lambda seen: plan_rollback(seen, 1)):
        with pytest.raises(UsageError, match="endpoint agent/production does not exist"):
            plan(scene.seen())
        gone = replace(scene.seen(), observed=replace(scene.seen().observed, runtime=None))
        with pytest.raises(UsageError, match="runtime agent does not exist"):
            plan(gone)


@pytest.mark.parametrize(("weight", "split"), [(10, FIRST), (30, SECOND)])
def test_a_rollback_during_a_ramp_ends_it(weight: int, split: Split) -> None:
    scene = Scene()
    scene.begin()
    if weight != 10:
        scene.wrote("promote", Moving(FIRST, split), Moved(FIRST, split))
        scene.by_hand(split)
    assert scene.ramp.weight == weight
    plan = plan_rollback(scene.seen(), version_before(scene.seen()))
    assert (plan.verb, moves(plan)) == ("rollback", [STABLE])
    scene.do(plan)
    assert scene.standing.ramp is None
    assert scene.standing.rejected == ()


def test_a_rollback_of_a_ramp_without_traffic_ends_it_too() -> None:
    scene = Scene()
    scene.begin(frozen="frozen until Monday")
    scene.do(plan_rollback(scene.seen(), version_before(scene.seen())))
    assert scene.split == STABLE
    assert scene.standing.ramp is None


def test_what_is_so_already_is_done_once_more() -> None:
    """What was read may be older than what serves."""
    scene = Scene()
    assert moves(plan_rollback(scene.seen(), 1)) == [STABLE]
