from dataclasses import replace

import pytest

from agentramp.errors import SupersededError, UsageError
from agentramp.judge.verdict import Decision
from agentramp.model import Split, Status
from agentramp.plan import MoveTraffic
from agentramp.planning import (
    Ruled,
    plan_adopt,
    plan_begin,
    plan_restore,
    reconcile,
    rule,
)
from agentramp.policy import OnRelease
from agentramp.ramp import Ending
from agentramp.record import Adopted, Judged, Moved, Moving, Queued
from tests.planning.scene import (
    FIRST,
    PATIENCE,
    POLICY,
    SECOND,
    STABLE,
    Scene,
    moves,
    said,
    written,
)

FOREIGN = Split(1, ((2, 77),))


def test_nothing_to_mend() -> None:
    scene = Scene()
    assert reconcile(scene.seen()) is None
    scene.begin()
    assert reconcile(scene.seen()) is None


# A hand.


def test_a_ramp_without_traffic_knows_what_serves_though_the_journal_was_empty() -> None:
    scene = Scene()
    scene.begin(frozen="frozen until Monday")
    assert (scene.ramp.weight, scene.standing.settled) == (0, STABLE)
    scene.by_hand(Split(3))
    ruling = scene.mended()
    assert ruling.drifted
    assert "serves v3 100 %, and the journal says v1 100 %" in ruling.reason
    assert scene.split == Split(3)
    assert scene.ramp.weight == 0


@pytest.mark.parametrize("split", [FOREIGN, Split(2), STABLE, Split(4), Split(1, ((3, 10),))])
def test_a_hand_during_a_ramp_is_drift(split: Split) -> None:
    scene = Scene()
    scene.begin()
    scene.by_hand(split)
    ruling = scene.mended()
    assert (ruling.ruled, ruling.drifted, ruling.plan.steps) == (Ruled.HOLD, True, ())
    assert "adopt takes it as it is, restore puts it back" in ruling.reason


@pytest.mark.parametrize("choice", [OnRelease.QUEUE, OnRelease.REPLACE])
def test_a_release_over_drift_is_refused(choice: OnRelease) -> None:
    scene = Scene()
    scene.wrote("shift-traffic", Moved(None, STABLE))
    scene.by_hand(Split(4))
    with pytest.raises(SupersededError, match="serves v4 100 %, and the journal says v1") as told:
        plan_begin(scene.seen(), 2, replace(POLICY, on_release=choice))
    assert told.value.exit_code == 6
    assert "adopt" in told.value.advice
    assert "restore" in told.value.advice


def test_nor_does_a_release_replace_over_drift() -> None:
    scene = Scene()
    scene.begin()
    scene.by_hand(FOREIGN)
    with pytest.raises(SupersededError, match="the journal says v1 90 %, v2 10 %"):
        plan_begin(scene.seen(), 3, replace(POLICY, on_release=OnRelease.REPLACE))
    assert written(plan_begin(scene.seen(), 3, POLICY)) == [Queued(3)]


def test_who_waits_is_not_begun_over_drift() -> None:
    scene = Scene()
    scene.wrote("release", Moved(None, STABLE), Queued(3))
    scene.by_hand(Split(4))
    ruling = scene.mended()
    assert ruling.drifted
    assert scene.standing.queued == 3


# What a person says of it.


def test_the_stable_split_adopted_keeps_a_ramp_that_waits() -> None:
    scene = Scene()
    scene.begin(frozen="not yet")
    scene.wrote("promote", Moving(STABLE, FIRST))
    scene.do(plan_adopt(scene.seen()))
    assert scene.standing.open is None
    assert scene.ramp.weight == 0
    assert scene.standing.settled == STABLE


@pytest.mark.parametrize("weight", [5, 10, 60])
@pytest.mark.parametrize("begun", [False, True])
def test_the_split_of_the_canary_adopted_keeps_the_ramp(weight: int, *, begun: bool) -> None:
    scene = Scene()
    scene.begin(frozen="" if begun else "not yet")
    split = Split(1, ((2, weight),))
    scene.by_hand(split)
    scene.now += 50
    scene.do(plan_adopt(scene.seen()))
    assert scene.ramp.weight == weight
    assert scene.split == split
    assert reconcile(scene.seen()) is None
    if weight != 10 or not begun:
        assert scene.ramp.entered_at == scene.now


@pytest.mark.parametrize(
    ("split", "ending"),
    [
        (Split(3), Ending.REPLACED),
        (Split(1, ((3, 10),)), Ending.REPLACED),
        (Split(4, ((2, 10),)), Ending.REPLACED),
        (Split(1, ((2, 10), (3, 10))), Ending.REPLACED),
        (Split(2), Ending.PROMOTED),
        (STABLE, Ending.ROLLED_BACK),
    ],
)
def test_any_other_split_adopted_ends_it(split: Split, ending: Ending) -> None:
    scene = Scene()
    scene.begin()
    scene.by_hand(split)
    scene.do(plan_adopt(scene.seen()))
    assert scene.standing.ramp is None
    assert scene.standing.ended
    assert scene.standing.ended.ending is ending
    assert scene.standing.settled == scene.split == split
    assert scene.standing.rejected == ()
    assert reconcile(scene.seen()) is None


def test_what_is_adopted_already() -> None:
    scene = Scene()
    scene.begin()
    plan = plan_adopt(scene.seen())
    assert (plan.steps, plan.notes) == ((), ("the journal says v1 90 %, v2 10 % already",))


def test_an_adopted_split_is_written_and_nothing_moves() -> None:
    scene = Scene()
    scene.begin()
    scene.by_hand(FOREIGN)
    assert written(plan_adopt(scene.seen())) == [Adopted(FOREIGN)]
    assert moves(plan_adopt(scene.seen())) == []


def test_a_restored_split_is_that_of_the_journal() -> None:
    scene = Scene()
    scene.begin()
    scene.by_hand(FOREIGN)
    scene.do(plan_restore(scene.seen()))
    assert scene.split == FIRST
    assert scene.ramp.weight == 10
    assert reconcile(scene.seen()) is None


def test_nothing_to_restore_or_adopt() -> None:
    scene = Scene()
    assert "nothing to restore" in plan_restore(scene.seen()).notes[0]
    scene.begin()
    scene.delete()
    for plan in (plan_restore, plan_adopt):
        with pytest.raises(UsageError, match="endpoint agent/production does not exist"):
            plan(scene.seen())


# An endpoint that is not ready.


@pytest.mark.parametrize("status", [Status.UPDATING, Status.CREATING])
def test_a_change_under_way_is_waited_for(status: Status) -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", Moving(FIRST, SECOND))
    scene.now += PATIENCE
    for split in (FIRST, SECOND):
        scene.by_hand(split)
        ruling = reconcile(scene.seen(status))
        assert ruling
        assert (ruling.ruled, ruling.plan.steps) == (Ruled.HOLD, ())
        assert f"production is {status.value}: it has to be READY first" in ruling.reason


def test_while_it_serves_what_it_should_evidence_is_read() -> None:
    scene = Scene()
    scene.begin()
    seen = scene.seen(Status.UPDATING)
    assert reconcile(seen) is None
    back = rule(seen, scene.ramp, said(Decision.ROLLBACK, scene.now))
    assert (back.ruled, back.by_evidence, moves(back.plan)) == (Ruled.ROLLBACK, True, [STABLE])
    on = rule(seen, scene.ramp, said(Decision.ADVANCE, scene.now + 600))
    assert on.ruled is Ruled.HOLD
    assert "production is UPDATING: it has to be READY first" in on.reason
    (event,) = written(on.plan)
    assert isinstance(event, Judged)
    assert event.windows
    (step,) = rule(scene.seen(), scene.ramp, said(Decision.ADVANCE, scene.now + 600)).plan.steps[1:]
    assert isinstance(step, MoveTraffic)


def test_an_endpoint_that_is_gone_holds_and_the_way_out_is_named() -> None:
    scene = Scene()
    scene.begin()
    scene.delete()
    ruling = scene.mended()
    assert (ruling.ruled, ruling.plan.steps, ruling.drifted) == (Ruled.HOLD, (), False)
    assert "agent/production is not there" in ruling.reason
    assert "release makes it anew and ends this ramp" in ruling.reason
    scene.begin(3)
    assert scene.split == Split(3)
    assert scene.standing.ramp is None
    assert reconcile(scene.seen()) is None
