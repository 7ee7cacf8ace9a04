from dataclasses import replace

import pytest

from agentramp.errors import UsageError
from agentramp.model import Observed, Split, Status
from agentramp.plan import CreateEndpoint, MoveTraffic, Subject
from agentramp.planning import Seen, pinned_names, plan_pin
from agentramp.ramp import Intent, Standing
from tests.planning.scene import Scene


def beside(scene: Scene, split: Split | None, known: Standing | None = None) -> Seen:
    """The pinned endpoint of the canary, serving ``split``."""
    if split:
        scene.platform.create_endpoint(scene.runtime.id, "production-canary", split)
    seen = replace(scene.seen(), endpoint="production-canary")
    return replace(seen, standing=known or Standing(settled=split))


def test_names_stand_beside_the_endpoint_of_users() -> None:
    assert pinned_names("production") == ("production-canary", "production-stable")


def test_one_is_made_where_it_is_missing() -> None:
    plan = plan_pin(beside(Scene(), None), 2)
    assert plan.steps == (CreateEndpoint("rt-1", "production-canary", Split(2)),)
    assert plan.subject == Subject("agent", "production-canary")
    assert plan.notes == ("endpoint production-canary reaches version 2 alone",)


@pytest.mark.parametrize("before", [Split(1), Split(1, ((2, 10),)), Split(2, ((3, 50),))])
def test_one_is_moved_to_another_version(before: Split) -> None:
    plan = plan_pin(beside(Scene(), before), 2)
    (step,) = plan.steps
    assert isinstance(step, MoveTraffic)
    assert (step.name, step.before, step.after) == ("production-canary", before, Split(2))
    (back,) = plan.way_back
    assert isinstance(back, MoveTraffic)
    assert back.after == before


def test_one_that_reaches_it_already_stays() -> None:
    plan = plan_pin(beside(Scene(), Split(2)), 2)
    assert plan.steps == ()
    assert plan.notes == ("production-canary already serves v2 100 %",)


def test_what_only_seems_to_reach_it_is_moved_once_more() -> None:
    dead = Intent("release", 0.0, "", Split(2), Split(3), "")
    seen = beside(Scene(), Split(2), Standing(generation=3, settled=Split(2), open=dead))
    assert len(plan_pin(seen, 2).steps) == 1
    failed = tuple(replace(one, status=Status.UPDATE_FAILED) for one in seen.observed.endpoints)
    seen = replace(seen, observed=replace(seen.observed, endpoints=failed))
    assert len(plan_pin(replace(seen, standing=Standing(settled=Split(2))), 2).steps) == 1


def test_carried_out_it_leaves_the_endpoint_of_users_alone() -> None:
    scene = Scene()
    scene.do(plan_pin(beside(scene, None), 3))
    assert scene.split == Split(1)
    names = {one.name: one.split for one in scene.platform.observe("agent").endpoints}
    assert names == {"production": Split(1), "production-canary": Split(3)}


def test_only_what_is_published_can_be_reached() -> None:
    with pytest.raises(UsageError, match="version 9 of agent is not published"):
        plan_pin(beside(Scene(), None), 9)
    with pytest.raises(UsageError, match="runtime agent does not exist"):
        plan_pin(Seen("agent", Observed(), "production-canary"), 2)
