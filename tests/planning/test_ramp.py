from collections.abc import Callable
from dataclasses import replace

import pytest

from agentramp.errors import AgentrampError, SupersededError, UnsupportedError, UsageError
from agentramp.judge.verdict import Decision
from agentramp.model import (
    LATEST,
    Split,
)
from agentramp.plan import CreateEndpoint, KeepRecord, MoveTraffic, Plan
from agentramp.planning import Ruled, Seen, from_queue, plan_begin, rule
from agentramp.policy import OnRelease, OnTimeout, Rung
from agentramp.ramp import Intent, Ramp
from agentramp.record import Begun, Judged, Paused, Queued
from tests.planning.trials import (
    BAKED,
    ENTERED,
    FIRST,
    POLICY,
    kept,
    moves,
    on_trial,
    ruled,
    said,
    serving,
)


def test_an_advance_is_one_step_and_is_judged_first() -> None:
    ruling = ruled(Decision.ADVANCE, on_trial())
    assert ruling.ruled is Ruled.ADVANCE
    record, move = ruling.plan.steps
    assert isinstance(record, KeepRecord)
    assert isinstance(move, MoveTraffic)
    assert (move.before, move.after) == (FIRST, Split(1, ((2, 30),)))
    (judged,) = kept(ruling.plan)
    assert judged.decision is Decision.ADVANCE
    assert judged.windows == said(Decision.ADVANCE).windows
    (back,) = ruling.plan.way_back
    assert isinstance(back, MoveTraffic)
    assert (back.before, back.after) == (move.after, move.before)
    assert ruling.plan.generation == 7


def test_the_last_step_makes_the_canary_stable() -> None:
    assert moves(ruled(Decision.ADVANCE, on_trial(30)).plan) == [Split(2)]


def test_a_rollback_waits_for_nothing() -> None:
    ramp = replace(on_trial(), paused=Paused())
    ruling = ruled(Decision.ROLLBACK, ramp, ENTERED + 1, "frozen")
    assert ruling.ruled is Ruled.ROLLBACK
    assert moves(ruling.plan) == [Split(1)]
    assert ruling.plan.way_back == ()


def test_a_rollback_that_a_run_died_before_is_not_decided_anew() -> None:
    last = Judged("r", Decision.ROLLBACK, "14 of 212 failed", 300.0, 100.0, ENTERED)
    ruling = ruled(Decision.ADVANCE, replace(on_trial(), last=last))
    assert (ruling.ruled, ruling.reason) == (Ruled.ROLLBACK, "14 of 212 failed")


@pytest.mark.parametrize(
    ("ramp", "now", "frozen", "words"),
    [
        (on_trial(), BAKED - 1, "", "bakes at 10 %"),
        (on_trial(), BAKED, "frozen until Monday", "frozen until Monday"),
        (replace(on_trial(), paused=Paused("lunch")), BAKED, "", "hold: paused: lunch"),
        (replace(on_trial(), paused=Paused("lunch")), BAKED - 1, "", "; paused: lunch"),
        (replace(on_trial(), paused=Paused()), BAKED - 1, "", "; paused"),
        (
            on_trial(policy=replace(POLICY, rungs=(Rung(10, 0, 60), Rung(100, 0, 0)))),
            BAKED,
            "",
            "50 of 60 canary sessions at 10 %",
        ),
        (
            on_trial(
                policy=replace(POLICY, rungs=(Rung(10, 0, 0), Rung(100, 0, 0, approval=True)))
            ),
            BAKED,
            "",
            "100 % waits for a person",
        ),
    ],
    ids=["bake", "frozen", "paused", "early", "for-no-reason", "sessions", "approval"],
)
def test_what_holds_an_advance(ramp: Ramp, now: float, frozen: str, words: str) -> None:
    ruling = ruled(Decision.ADVANCE, ramp, now, frozen)
    assert ruling.ruled is Ruled.HOLD
    assert words in ruling.reason
    assert moves(ruling.plan) == []
    assert len(kept(ruling.plan)) == 1


def test_a_person_approved() -> None:
    policy = replace(POLICY, rungs=(Rung(10, 0, 0), Rung(100, 0, 0, approval=True)))
    ramp = replace(on_trial(policy=policy), approved=frozenset({100}))
    assert moves(ruled(Decision.ADVANCE, ramp).plan) == [Split(2)]


def test_without_traffic_the_first_step_needs_no_evidence() -> None:
    ruling = ruled(Decision.HOLD, on_trial(0), ENTERED)
    assert (ruling.ruled, moves(ruling.plan)) == (Ruled.ADVANCE, [FIRST])


@pytest.mark.parametrize(
    ("choice", "expected", "after"),
    [
        (OnTimeout.HOLD, Ruled.HOLD, []),
        (OnTimeout.ADVANCE, Ruled.ADVANCE, [Split(1, ((2, 30),))]),
        (OnTimeout.ROLLBACK, Ruled.ROLLBACK, [Split(1)]),
    ],
)
def test_a_step_that_takes_too_long(choice: OnTimeout, expected: Ruled, after: list[Split]) -> None:
    ramp = on_trial(policy=replace(POLICY, on_timeout=choice))
    early = ruled(Decision.HOLD, ramp, ENTERED + 8999)
    assert (early.ruled, moves(early.plan)) == (Ruled.HOLD, [])
    late = ruled(Decision.HOLD, ramp, ENTERED + 9000)
    assert (late.ruled, moves(late.plan)) == (expected, after)


def test_a_version_that_is_gone_gets_no_more() -> None:
    seen = serving(FIRST, on_trial(), published=(1, 3))
    ruling = rule(seen, on_trial(), said(Decision.ADVANCE))
    assert ruling.ruled is Ruled.HOLD
    assert "version 2 is not published any more" in ruling.reason


def test_without_evidence_it_holds_and_then_goes_one_step_back() -> None:
    ramp = replace(on_trial(30, replace(POLICY, max_blind=2)), blind=0)
    seen, blind = serving(Split(1, ((2, 30),)), ramp), said(Decision.ADVANCE, blind="no answer")
    assert moves(rule(seen, ramp, blind).plan) == []
    second = rule(seen, replace(ramp, blind=1), blind)
    assert (second.ruled, moves(second.plan)) == (Ruled.HOLD, [FIRST])
    for patient in (on_trial(30), replace(on_trial(10, ramp.policy), blind=5)):
        assert moves(rule(seen, patient, blind).plan) == []


def test_an_idle_schedule_writes_nothing_twice() -> None:
    evidence = replace(said(Decision.HOLD), windows=(), watermark=ENTERED)
    last = Judged("r", Decision.HOLD, "hold it", 1.0, 100.0, ENTERED)
    seen, ramp = serving(FIRST, on_trial()), on_trial()
    assert len(rule(seen, ramp, evidence).plan.steps) == 1
    assert rule(seen, replace(ramp, last=last), evidence).plan.steps == ()


def test_a_release_begins_at_the_first_rung() -> None:
    plan = plan_begin(serving(Split(1)), 2, POLICY)
    begun, _ = plan.steps
    assert begun == KeepRecord(Begun("v1-v2-7", 1, 2, POLICY))
    assert moves(plan) == [FIRST]
    assert plan.way_back


def test_the_first_release_takes_everything() -> None:
    plan = plan_begin(serving(None), 1, POLICY)
    assert plan.steps == (CreateEndpoint("rt", "production", Split(1)),)


def test_a_freeze_lets_a_ramp_begin_without_traffic() -> None:
    plan = plan_begin(serving(Split(1)), 2, POLICY, frozen="frozen until Monday")
    assert [type(step) for step in plan.steps] == [KeepRecord]
    assert "begins without traffic: frozen until Monday" in plan.notes[0]


@pytest.mark.parametrize(
    ("seen", "version", "words"),
    [
        (serving(Split(2)), 2, "production serves version 2 already"),
        (serving(FIRST, on_trial()), 2, "on its ramp already, at 10 %"),
        (serving(FIRST, on_trial()), 1, "the stable one: abort ends the trial of 2"),
        (serving(FIRST, on_trial(), queued=3), 3, "version 3 waits already"),
    ],
)
def test_nothing_to_begin(seen: Seen, version: int, words: str) -> None:
    plan = plan_begin(seen, version, POLICY)
    assert plan.steps == ()
    assert words in plan.notes[0]


def test_another_release_waits_or_replaces_or_is_refused() -> None:
    seen = serving(FIRST, on_trial())

    def begun(choice: OnRelease) -> Callable[[], Plan]:
        return lambda: plan_begin(seen, 3, replace(POLICY, on_release=choice))

    assert begun(OnRelease.QUEUE)().steps == (KeepRecord(Queued(3)),)
    assert moves(begun(OnRelease.REPLACE)()) == [Split(1), Split(1, ((3, 10),))]
    with pytest.raises(SupersededError, match="version 2 is on trial"):
        begun(OnRelease.REJECT)()


OPEN = Intent("rollback", 0.0, "", Split(2), Split(1), "asked for")


@pytest.mark.parametrize(
    ("seen", "error", "words"),
    [
        (serving(Split(2), open=OPEN), SupersededError, "no end of it is known"),
        (serving(FIRST), SupersededError, "a version on trial that no ramp began"),
        (serving(Split(LATEST)), UnsupportedError, "follows LATEST"),
        (serving(Split(1), rejected=((3, "14 of 212 failed"),)), UsageError, "14 of 212 failed"),
        (serving(Split(1), published=(1, 2)), UsageError, "version 3 of agent is not published"),
    ],
)
def test_what_cannot_begin(seen: Seen, error: type[AgentrampError], words: str) -> None:
    with pytest.raises(error, match=words):
        plan_begin(seen, 3, POLICY)


def test_a_rollback_that_a_run_died_in_is_not_forgotten_over_a_replacement() -> None:
    seen = serving(FIRST, on_trial(), open=replace(OPEN, before=FIRST))
    with pytest.raises(SupersededError, match="no end of it is known"):
        plan_begin(seen, 3, replace(POLICY, on_release=OnRelease.REPLACE))
    assert plan_begin(seen, 3, POLICY).steps == (KeepRecord(Queued(3)),)


def test_a_rejected_version_gets_another_chance_where_asked() -> None:
    seen = serving(Split(1), rejected=((3, "14 of 212 failed"),))
    assert moves(plan_begin(seen, 3, POLICY, retry=True)) == [Split(1, ((3, 10),))]


def test_who_waits_begins_once_nobody_is_on_trial() -> None:
    assert moves(from_queue(serving(Split(1), queued=3), POLICY).plan) == [Split(1, ((3, 10),))]
    for seen in (
        serving(Split(1)),
        serving(Split(3), queued=3),
        serving(Split(1), queued=3, rejected=((3, "bad"),)),
    ):
        ruling = from_queue(seen, POLICY)
        assert (ruling.ruled, ruling.plan.steps) == (Ruled.NONE, ())
