"""A run died in the middle of a move: what it had begun is finished or given up, once."""

from dataclasses import replace

import pytest

from agentramp.judge.verdict import Decision
from agentramp.model import Split, Status
from agentramp.planning import (
    Ruled,
    Ruling,
    from_queue,
    reconcile,
    rule,
)
from agentramp.ramp import Ending
from agentramp.record import Begun, Moved, Moving, Queued, Removing, Undone
from tests.planning.scene import (
    FIRST,
    PATIENCE,
    POLICY,
    SECOND,
    STABLE,
    Scene,
    judged,
    moves,
    said,
)

FOREIGN = Split(1, ((2, 77),))


def is_no_verdict(ruling: Ruling) -> bool:
    return ruling.ruled in {Ruled.HOLD, Ruled.ADVANCE} and not ruling.by_evidence


@pytest.mark.parametrize("known", [False, True], ids=["empty-journal", "settled"])
@pytest.mark.parametrize("arrived", [False, True], ids=["before-it-moved", "after-it-moved"])
def test_a_dead_shift_of_everything(*, known: bool, arrived: bool) -> None:
    scene = Scene()
    if known:
        scene.wrote("shift-traffic", Moved(None, STABLE))
    scene.wrote("shift-traffic", Moving(STABLE, Split(2)))
    if arrived:
        scene.by_hand(Split(2))
    ruling = scene.mended()
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    assert scene.split == scene.standing.settled == (Split(2) if arrived else STABLE)
    assert scene.standing.open is None
    assert scene.standing.rejected == ()
    assert reconcile(scene.seen()) is None


@pytest.mark.parametrize("status", [Status.READY, Status.CREATE_FAILED])
def test_a_dead_first_release(status: Status) -> None:
    scene = Scene()
    scene.wrote("release", Moving(None, STABLE, "the endpoint is new"))
    scene.now += PATIENCE
    ruling = reconcile(scene.seen(status))
    assert ruling
    scene.do(ruling.plan)
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    again = [] if status is Status.READY else [STABLE]
    assert moves(ruling.plan) == again
    assert (scene.standing.settled, scene.standing.open) == (STABLE, None)
    assert scene.standing.served == (1,)


def test_a_first_release_that_died_before_it_made_the_endpoint() -> None:
    scene = Scene(first=None)
    scene.wrote("release", Moving(None, STABLE, "the endpoint is new"))
    scene.now += PATIENCE
    assert reconcile(scene.seen()) is None
    ruling = from_queue(scene.seen(), POLICY)
    assert (ruling.ruled, ruling.plan.steps) == (Ruled.NONE, ())
    scene.begin(1)
    assert scene.standing.settled == scene.split == STABLE


@pytest.mark.parametrize("arrived", [False, True])
def test_a_dead_undo_of_the_first_step(*, arrived: bool) -> None:
    scene = Scene()
    scene.begin(frozen="not yet")
    scene.wrote("promote", Moving(STABLE, FIRST), Moving(FIRST, STABLE, "undo"))
    scene.by_hand(STABLE if arrived else FIRST)
    ruling = scene.mended()
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    assert scene.split == scene.standing.settled == STABLE
    assert scene.ramp.weight == 0
    assert scene.standing.rejected == ()


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("status", [Status.READY, Status.UPDATE_FAILED])
@pytest.mark.parametrize(("below", "above"), [(FIRST, SECOND), (SECOND, Split(2))])
def test_a_dead_undo_of_a_later_step(
    below: Split, above: Split, status: Status, *, arrived: bool
) -> None:
    """What it undoes had failed, so it is finished; nothing is promoted by a death."""
    scene = Scene()
    scene.begin()
    if below == SECOND:
        scene.wrote("promote", Moving(FIRST, SECOND), Moved(FIRST, SECOND))
    scene.wrote("promote", Moving(below, above), Moving(above, below, "undo"))
    scene.by_hand(below if arrived else above)
    weight = scene.ramp.weight
    scene.now += PATIENCE
    ruling = reconcile(scene.seen(status))
    assert ruling
    scene.do(ruling.plan)
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    assert scene.standing.open is None
    assert scene.standing.settled == scene.split == below
    assert scene.ramp.weight == weight
    assert reconcile(scene.seen()) is None


@pytest.mark.parametrize("arrived", [False, True])
def test_a_dead_step_back_for_lack_of_evidence(*, arrived: bool) -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", Moving(FIRST, SECOND), Moved(FIRST, SECOND))
    scene.wrote("promote", judged(Decision.HOLD, blind=True), Moving(SECOND, FIRST, "no evidence"))
    scene.by_hand(FIRST if arrived else SECOND)
    ruling = scene.mended()
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    assert (scene.split, scene.ramp.weight) == (FIRST, 10)


@pytest.mark.parametrize("arrived", [False, True])
def test_a_dead_undo_where_no_ramp_is(*, arrived: bool) -> None:
    scene = Scene()
    scene.wrote("shift-traffic", Moving(STABLE, FIRST), Moving(FIRST, STABLE, "undo"))
    scene.by_hand(STABLE if arrived else FIRST)
    ruling = scene.mended()
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    assert scene.standing.settled == scene.split
    assert scene.standing.open is None


@pytest.mark.parametrize("last", [None, Decision.HOLD, Decision.ADVANCE])
@pytest.mark.parametrize("arrived", [False, True])
def test_a_replace_that_died_on_its_way_back(last: Decision | None, *, arrived: bool) -> None:
    scene = Scene()
    scene.begin()
    if last:
        scene.wrote("promote", judged(last))
    scene.wrote("release", Moving(FIRST, STABLE, "replaced by version 3"))
    if arrived:
        scene.by_hand(STABLE)
    ruling = scene.mended()
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    assert scene.split == STABLE
    assert scene.standing.ramp is None
    assert scene.standing.rejected == ()


@pytest.mark.parametrize("arrived", [False, True])
def test_a_replace_that_died_in_its_first_step(*, arrived: bool) -> None:
    scene = Scene()
    scene.begin()
    third = Split(1, ((3, 10),))
    scene.wrote("release", Moving(FIRST, STABLE), Moved(FIRST, STABLE))
    scene.wrote("release", Begun("s", 1, 3, POLICY), Moving(STABLE, third, "first step"))
    scene.by_hand(third if arrived else STABLE)
    ruling = scene.mended()
    assert ruling.ruled is (Ruled.ADVANCE if arrived else Ruled.HOLD)
    assert is_no_verdict(ruling)
    assert (scene.ramp.canary, scene.ramp.weight) == (3, 10 if arrived else 0)


@pytest.mark.parametrize("arrived", [False, True])
def test_a_dead_advance(*, arrived: bool) -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", judged(Decision.ADVANCE), Moving(FIRST, SECOND, "all good"))
    if arrived:
        scene.by_hand(SECOND)
    ruling = scene.mended()
    assert ruling.ruled is (Ruled.ADVANCE if arrived else Ruled.HOLD)
    assert is_no_verdict(ruling)
    assert scene.ramp.weight == (30 if arrived else 10)
    assert moves(ruling.plan) == []


def test_an_advance_that_left_the_endpoint_broken_is_taken_back() -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", Moving(FIRST, SECOND, "all good"))
    scene.by_hand(SECOND)
    scene.now += PATIENCE
    ruling = reconcile(scene.seen(Status.UPDATE_FAILED))
    assert ruling
    assert (ruling.ruled, moves(ruling.plan)) == (Ruled.HOLD, [FIRST])


@pytest.mark.parametrize("arrived", [False, True])
def test_a_dead_rollback_by_evidence(*, arrived: bool) -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", judged(), Moving(FIRST, STABLE, "14 of 212 failed"))
    if arrived:
        scene.by_hand(STABLE)
    ruling = scene.mended()
    assert ruling.ruled is Ruled.ROLLBACK
    assert ruling.by_evidence
    assert scene.split == STABLE
    assert scene.standing.ended
    assert scene.standing.ended.ending is Ending.ROLLED_BACK
    assert scene.standing.rejected == ((2, "14 of 212 failed"),)


def test_a_rollback_that_died_before_it_announced_is_ruled_from_what_was_said() -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", judged())
    assert reconcile(scene.seen()) is None
    ruling = rule(scene.seen(), scene.ramp, said(Decision.HOLD, scene.now))
    assert (ruling.ruled, ruling.by_evidence) == (Ruled.ROLLBACK, True)
    assert moves(ruling.plan) == [STABLE]


@pytest.mark.parametrize("verb", ["abort", "rollback"])
@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("weight", [0, 10])
def test_a_dead_abort(verb: str, weight: int, *, arrived: bool) -> None:
    scene = Scene()
    scene.begin(frozen="" if weight else "not yet")
    before = scene.split
    scene.wrote(verb, Moving(before, STABLE, "asked for"))
    if arrived:
        scene.by_hand(STABLE)
    ruling = scene.mended()
    assert ruling.ruled is Ruled.HOLD
    assert is_no_verdict(ruling)
    assert scene.split == STABLE
    assert scene.standing.ramp is None
    assert scene.standing.rejected == ()


def test_a_dead_rollback_to_an_earlier_version_is_finished() -> None:
    scene = Scene(first=Split(2))
    scene.wrote("shift-traffic", Moved(STABLE, Split(2)), Queued(3))
    scene.wrote("rollback", Moving(Split(2), STABLE, "asked for"))
    ruling = scene.mended()
    assert is_no_verdict(ruling)
    assert (scene.split, scene.standing.served) == (STABLE, (1,))
    assert scene.standing.queued is None


def test_a_dead_restore_is_finished_and_the_ramp_goes_on() -> None:
    scene = Scene()
    scene.begin()
    scene.by_hand(FOREIGN)
    scene.wrote("restore", Moving(FOREIGN, FIRST))
    ruling = scene.mended()
    assert is_no_verdict(ruling)
    assert scene.split == FIRST
    assert scene.ramp.weight == 10


def test_a_hand_that_came_after_a_run_died_is_drift() -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", Moving(FIRST, SECOND))
    scene.by_hand(FOREIGN)
    ruling = scene.mended()
    assert ruling.drifted
    assert scene.split == FOREIGN


def test_a_run_that_may_be_alive_is_left_alone() -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", Moving(FIRST, SECOND))
    assert scene.mended(PATIENCE - 1).ruled is Ruled.SUPERSEDED
    assert scene.standing.open
    assert scene.mended(1).ruled is Ruled.HOLD


def test_a_ramp_keeps_its_own_patience() -> None:
    scene = Scene(policy=replace(POLICY, lease=600.0))
    scene.begin()
    scene.wrote("promote", Moving(FIRST, SECOND))
    assert scene.mended(599).ruled is Ruled.SUPERSEDED
    assert scene.mended(1).ruled is Ruled.HOLD


# A write that came late.


def test_a_late_write_is_put_back_and_a_later_one_is_a_hand() -> None:
    for hours, drifted in ((1, False), (6, True)):
        scene = Scene()
        scene.begin()
        scene.wrote("promote", Moving(FIRST, SECOND))
        scene.mended()
        scene.by_hand(SECOND)
        ruling = scene.mended(hours * 3600.0 - (0 if drifted else PATIENCE))
        assert ruling.drifted is drifted
        assert scene.split == (SECOND if drifted else FIRST)


def test_a_late_way_to_the_stable_version_is_never_undone() -> None:
    scene = Scene()
    scene.begin()
    scene.wrote("promote", Moving(FIRST, STABLE), Undone(FIRST, FIRST))
    scene.by_hand(STABLE)
    ruling = scene.mended()
    assert is_no_verdict(ruling)
    assert scene.split == STABLE
    assert scene.standing.ramp is None


def test_a_removal_whose_run_died_is_given_up_while_the_endpoint_serves() -> None:
    scene = Scene()
    scene.wrote("deploy", Moved(None, STABLE), Removing(STABLE))
    waiting = reconcile(scene.seen())
    assert waiting
    assert waiting.ruled is Ruled.SUPERSEDED
    assert "began to remove agent/production" in waiting.reason
    ruling = scene.mended()
    assert ruling.ruled is Ruled.HOLD
    assert "gave up the removal" in ruling.reason
    assert scene.standing.open is None
    assert scene.standing.settled == scene.split == STABLE
    assert scene.standing.abandoned == ()
    assert reconcile(scene.seen()) is None
