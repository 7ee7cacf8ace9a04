"""Who waits for the ramp in progress to end, and who may not begin again."""

from dataclasses import replace

import pytest

from agentramp.errors import UsageError
from agentramp.judge.verdict import Decision
from agentramp.model import LATEST, Split
from agentramp.plan import Plan
from agentramp.planning import (
    Ruled,
    begins,
    from_queue,
    plan_abort,
    plan_refused,
    plan_rollback,
    rule,
)
from agentramp.record import Begun, Moved, Moving, Refused
from tests.planning.scene import (
    FIRST,
    POLICY,
    STABLE,
    Scene,
    judged,
    moves,
    said,
    written,
)

THIRD = Split(1, ((3, 10),))
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
    ruling = from_queue(scene.seen(), POLICY)
    assert ruling.ruled is Ruled.NONE
    assert "no ramp is in progress on agent/production, which does not exist" in ruling.reason


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
