"""How a ramp begins: by a release, after a freeze, from the queue, or in another one's place."""

from dataclasses import replace

import pytest

from agentramp.errors import SupersededError, UnsupportedError
from agentramp.judge.verdict import Decision
from agentramp.model import LATEST, Split, Status
from agentramp.planning import (
    Ruled,
    frozen,
    plan_begin,
    refuse_beginning,
    rule,
)
from agentramp.policy import OnRelease, Policy, Rung
from agentramp.ramp import Ending
from agentramp.record import Moved, Moving
from tests.planning.scene import (
    FIRST,
    POLICY,
    SECOND,
    STABLE,
    Scene,
    moves,
    policy,
    said,
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
