"""How a ramp begins: by a release, after a freeze, from the queue, or in another one's place."""

from dataclasses import replace

import pytest

from agentramp.errors import SupersededError, UnsupportedError, UsageError
from agentramp.judge.verdict import Decision
from agentramp.model import LATEST, Split, Status
from agentramp.plan import Plan
from agentramp.planning import (
    Ruled,
    begins,
    from_queue,
    frozen,
    plan_abort,
    plan_begin,
    plan_refused,
    plan_rollback,
    refuse_beginning,
    rule,
)
from agentramp.policy import OnRelease, Policy, Rung
from agentramp.ramp import Ending
from agentramp.record import Begun, Moved, Moving, Refused
from tests.planning.scene import (
    FIRST,
    POLICY,
    SECOND,
    STABLE,
    Scene,
    judged,
    moves,
    policy,
    said,
    written,
)

THIRD = Split(1, ((3, 10),))
REPLACE = replace(POLICY, on_release=OnRelease.REPLACE)
ASKS = policy([Rung(10, 600.0, 50, approval=True), Rung(100, 600.0, 50)])
FREEZE = "frozen until Monday"


def promoted(scene: Scene, version: int) -> None:
    """The canary is given everything, as its last step would."""
    before = scene.split
    scene.wrote("promote", Moving(before, Split(version)), Moved(before, Split(version)))
    scene.by_hand(Split(version))


def rolled_back(scene: Scene) -> None:
    """The evidence turned against the canary."""
    before = scene.split
    scene.wrote("promote", judged(), Moving(before, STABLE), Moved(before, STABLE))
    scene.by_hand(STABLE)


def waiting(version: int = 3) -> Scene:
    """Version 2 was on trial and is stable now; ``version`` waited."""
    scene = Scene()
    scene.begin(2)
    scene.begin(version)
    assert scene.standing.queued == version
    promoted(scene, 2)
    return scene


# The calendar and the person.


@pytest.mark.parametrize(
    ("rules", "freeze", "words"),
    [(POLICY, FREEZE, FREEZE), (ASKS, "", "10 % waits for a person"), (ASKS, FREEZE, "a person")],
    ids=["frozen", "approval", "both"],
)
def test_what_keeps_the_first_rung_lets_a_ramp_begin_without_traffic(
    rules: Policy, freeze: str, words: str
) -> None:
    scene = Scene(policy=rules)
    plan = scene.begin(frozen=freeze)
    assert (moves(plan), plan.way_back) == ([], ())
    assert words in plan.notes[0]
    assert (scene.split, scene.ramp.weight) == (STABLE, 0)


def test_after_the_freeze_a_tick_takes_the_first_step() -> None:
    scene = Scene()
    scene.begin(frozen=FREEZE)
    scene.now += 86_400
    nothing = replace(said(Decision.HOLD, scene.ramp.watermark), windows=())
    held = rule(scene.seen(), scene.ramp, nothing, FREEZE)
    assert (held.ruled, held.reason, moves(held.plan)) == (Ruled.HOLD, f"hold: {FREEZE}", [])
    ruling = rule(scene.seen(), scene.ramp, nothing)
    scene.do(ruling.plan)
    assert ruling.ruled is Ruled.ADVANCE
    assert (scene.split, scene.ramp.weight) == (FIRST, 10)
    assert scene.ramp.entered_at == scene.now


# The queue.


def test_who_waits_is_not_begun_with_traffic_inside_a_freeze() -> None:
    scene = waiting()
    ruling = from_queue(scene.seen(), POLICY, FREEZE)
    scene.do(ruling.plan)
    assert ruling.ruled is Ruled.HOLD
    assert FREEZE in ruling.reason
    assert scene.split == Split(2)
    assert (scene.ramp.stable, scene.ramp.canary, scene.ramp.weight) == (2, 3, 0)
    assert scene.standing.queued is None
    after = rule(scene.seen(), scene.ramp, replace(said(Decision.HOLD, scene.now), windows=()))
    scene.do(after.plan)
    assert after.ruled is Ruled.ADVANCE
    assert scene.split == Split(2, ((3, 10),))


def test_who_waits_begins_beside_what_is_stable_then() -> None:
    scene = waiting()
    ruling = from_queue(scene.seen(), POLICY)
    assert ruling.ruled is Ruled.ADVANCE
    assert begins(ruling.plan) == Begun("v2-v3-6", 2, 3, POLICY)
    assert moves(ruling.plan) == [Split(2, ((3, 10),))]
    assert ruling.plan.way_back


def test_who_waits_is_dropped_when_a_later_version_begins() -> None:
    scene = waiting(3)
    scene.begin(4)
    assert scene.ramp.canary == 4
    assert scene.standing.queued is None


def test_a_later_release_takes_the_place_in_the_queue() -> None:
    scene = Scene()
    scene.begin(2)
    for version in (3, 4):
        scene.begin(version)
    assert scene.standing.queued == 4


def test_a_version_that_was_rejected_and_waits_with_retry_is_begun() -> None:
    scene = Scene()
    scene.begin(2)
    rolled_back(scene)
    scene.begin(3)
    with pytest.raises(UsageError, match="14 of 212 failed"):
        scene.begin(2)
    scene.begin(2, retry=True)
    assert scene.standing.queued == 2
    promoted(scene, 3)
    ruling = from_queue(scene.seen(), POLICY)
    assert ruling.ruled is Ruled.ADVANCE
    assert moves(ruling.plan) == [Split(3, ((2, 10),))]


def test_who_waits_and_is_not_published_any_more_is_refused_and_dropped() -> None:
    scene = waiting()
    scene.withdrawn.add(3)
    ruling = from_queue(scene.seen(), POLICY)
    assert ruling.ruled is Ruled.HOLD
    assert ruling.reason == "version 3 waited, and is not published any more"
    assert not ruling.by_evidence
    assert written(ruling.plan) == [Refused(3, ruling.reason)]
    scene.do(ruling.plan)
    assert scene.standing.queued is None
    assert scene.standing.ramp is None
    assert from_queue(scene.seen(), POLICY).ruled is Ruled.NONE


def test_who_waits_and_is_refused_by_a_gate_is_dropped() -> None:
    scene = waiting()
    scene.do(plan_refused("promote", scene.seen(), 3, "it answers in French"))
    assert scene.standing.queued is None
    assert scene.standing.rejected == ((3, "it answers in French"),)


def test_a_refusal_of_another_leaves_who_waits() -> None:
    scene = waiting()
    scene.do(plan_refused("release", scene.seen(), 4, "it answers in French"))
    assert scene.standing.queued == 3


def test_a_rollback_by_hand_empties_the_queue_and_an_abort_does_not() -> None:
    for end, queued in (
        (lambda seen: plan_rollback(seen, 1), None),
        (plan_abort, 3),
    ):
        scene = Scene()
        scene.begin(2)
        scene.begin(3)
        plan: Plan = end(scene.seen())
        scene.do(plan)
        assert scene.standing.ramp is None
        assert scene.split == STABLE
        assert scene.standing.queued == queued


def test_a_rollback_by_evidence_leaves_who_waits() -> None:
    """It may be the version that mends what was found."""
    scene = Scene()
    scene.begin(2)
    scene.begin(3)
    rolled_back(scene)
    assert scene.standing.queued == 3
    assert moves(from_queue(scene.seen(), POLICY).plan) == [THIRD]


def test_who_waits_goes_on_waiting_over_what_forbids_a_ramp() -> None:
    scene = waiting()
    scene.wrote("shift-traffic", Moving(Split(2), Split(LATEST)), Moved(Split(2), Split(LATEST)))
    scene.by_hand(Split(LATEST))
    ruling = from_queue(scene.seen(), POLICY)
    assert (ruling.ruled, ruling.plan.steps) == (Ruled.HOLD, ())
    assert "version 3 waits: production follows LATEST" in ruling.reason
    assert "pin it first" in ruling.reason
    assert scene.standing.queued == 3


def test_nothing_waits_where_there_is_no_endpoint() -> None:
    scene = waiting()
    scene.delete()
    assert from_queue(scene.seen(), POLICY).ruled is Ruled.NONE


def test_a_trial_that_no_ramp_began_is_named() -> None:
    scene = Scene(first=FIRST)
    ruling = from_queue(scene.seen(), POLICY)
    assert (ruling.ruled, ruling.plan.steps) == (Ruled.HOLD, ())
    assert "v1 90 %, v2 10 %, a trial that no ramp of this journal began" in ruling.reason


def test_where_nothing_waits_the_last_ramp_is_remembered() -> None:
    scene = Scene()
    scene.begin(2)
    promoted(scene, 2)
    ruling = from_queue(scene.seen(), POLICY)
    assert ruling.ruled is Ruled.NONE
    assert ruling.reason.endswith("the last one, of version 2, was promoted")


# Rejected and forgiven.


def test_a_rejected_version_needs_retry() -> None:
    scene = Scene()
    scene.begin(2)
    rolled_back(scene)
    with pytest.raises(UsageError, match="version 2 was on trial before: 14 of 212") as told:
        scene.begin(2)
    assert "--retry" in told.value.advice
    scene.begin(2, retry=True)
    assert scene.split == FIRST


def test_a_promoted_version_is_forgiven() -> None:
    scene = Scene()
    scene.begin(2)
    rolled_back(scene)
    scene.begin(2, retry=True)
    assert scene.standing.rejected
    promoted(scene, 2)
    assert scene.standing.rejected == ()
    scene.do(plan_rollback(scene.seen(), 1))
    scene.begin(2)
    assert scene.split == FIRST


def test_an_aborted_second_chance_forgives_nothing() -> None:
    scene = Scene()
    scene.begin(2)
    rolled_back(scene)
    scene.begin(2, retry=True)
    scene.do(plan_abort(scene.seen()))
    with pytest.raises(UsageError, match="14 of 212"):
        scene.begin(2)


# In another one's place.


def test_a_replacement_goes_back_first_and_then_takes_its_step() -> None:
    scene = Scene(policy=REPLACE)
    scene.begin(2)
    plan = scene.begin(3)
    assert moves(plan) == [STABLE, THIRD]
    assert (scene.split, scene.ramp.canary, scene.ramp.weight) == (THIRD, 3, 10)
    assert scene.standing.ended
    assert (scene.standing.ended.ramp.canary, scene.standing.ended.ending) == (
        2,
        Ending.ROLLED_BACK,
    )
    assert scene.standing.rejected == ()


@pytest.mark.parametrize(
    ("rules", "freeze", "words"),
    [
        (REPLACE, FREEZE, FREEZE),
        (replace(ASKS, on_release=OnRelease.REPLACE), "", "10 % waits for a person"),
    ],
    ids=["frozen", "approval"],
)
def test_a_replacement_that_is_kept_from_its_first_rung_goes_back_and_waits(
    rules: Policy, freeze: str, words: str
) -> None:
    scene = Scene()
    scene.begin(2)
    scene.policy = rules
    plan = scene.begin(3, freeze)
    assert moves(plan) == [STABLE]
    assert plan.notes[0] == "version 2 leaves its trial for version 3"
    assert plan.notes[1].startswith("its ramp begins without traffic")
    assert words in plan.notes[1]
    assert scene.split == STABLE
    assert (scene.ramp.canary, scene.ramp.weight) == (3, 0)


def test_a_ramp_without_traffic_is_replaced_too() -> None:
    scene = Scene(policy=REPLACE)
    scene.begin(2, FREEZE)
    scene.begin(3)
    assert (scene.split, scene.ramp.canary, scene.ramp.weight) == (THIRD, 3, 10)


# What is refused, before anything is built.


@pytest.mark.parametrize("split", [Split(LATEST)])
@pytest.mark.parametrize("known", [False, True])
def test_an_endpoint_that_follows_latest(split: Split, *, known: bool) -> None:
    scene = Scene(first=split)
    if known:
        scene.wrote("shift-traffic", Moved(None, split))
    for refused in (
        lambda: refuse_beginning(scene.seen(), POLICY),
        lambda: plan_begin(scene.seen(), 2, POLICY),
    ):
        with pytest.raises(UnsupportedError, match="production follows LATEST") as told:
            refused()
        assert told.value.exit_code == 7
        assert "shift-traffic --version N --weight 100" in told.value.advice


@pytest.mark.parametrize("split", [FIRST, Split(LATEST, ((2, 10),))])
def test_a_trial_that_no_ramp_began(split: Split) -> None:
    with pytest.raises(SupersededError, match="that no ramp began") as told:
        refuse_beginning(Scene(first=split).seen(), POLICY)
    assert "shift-traffic --weight 0 or 100" in told.value.advice


def test_a_run_that_died() -> None:
    scene = Scene()
    scene.wrote("shift-traffic", Moving(STABLE, Split(2)))
    with pytest.raises(SupersededError, match="no end of it is known") as told:
        refuse_beginning(scene.seen(), POLICY)
    assert told.value.exit_code == 6
    assert "promote finishes it" in told.value.advice


@pytest.mark.parametrize(
    ("choice", "refused"),
    [(OnRelease.QUEUE, False), (OnRelease.REPLACE, False), (OnRelease.REJECT, True)],
)
def test_another_one_in_progress(choice: OnRelease, *, refused: bool) -> None:
    scene = Scene()
    scene.begin(2)
    rules = replace(POLICY, on_release=choice)
    if not refused:
        refuse_beginning(scene.seen(), rules)
        return
    with pytest.raises(SupersededError, match=r"version 2 is on trial on agent/production \(10 %"):
        refuse_beginning(scene.seen(), rules)


def test_nothing_is_refused_where_the_endpoint_is_new_or_at_rest() -> None:
    for scene in (Scene(first=None), Scene(), waiting()):
        refuse_beginning(scene.seen(), POLICY)


def test_a_version_that_serves_already_is_nothing_to_begin_at_any_status() -> None:
    scene = Scene()
    for status in (Status.READY, Status.UPDATING):
        plan = plan_begin(scene.seen(status), 1, POLICY)
        assert (plan.steps, plan.notes) == ((), ("production serves version 1 already",))


def test_a_calendar_without_freezes_keeps_nothing() -> None:
    scene = Scene()
    scene.begin(frozen=frozen([], scene.now))
    assert scene.split == FIRST
    assert SECOND not in moves(scene.begin())
