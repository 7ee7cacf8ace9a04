"""What a ramp waits for, and for how long: time, evidence, the platform, a person."""

from dataclasses import replace

import pytest

from agentramp.judge.verdict import Decision
from agentramp.model import (
    Split,
    Status,
)
from agentramp.planning import Ruled, rule
from agentramp.policy import OnTimeout, Rung
from agentramp.record import Judged, Paused
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

# A step that takes too long.

LATE = ENTERED + 9000


@pytest.mark.parametrize("paused", [False, True], ids=["", "paused"])
@pytest.mark.parametrize("blind", ["", "no answer"], ids=["", "blind"])
@pytest.mark.parametrize("choice", list(OnTimeout))
def test_a_step_that_takes_too_long_unseen_or_paused(
    choice: OnTimeout, blind: str, *, paused: bool
) -> None:
    ramp = on_trial(policy=replace(POLICY, on_timeout=choice))
    ramp = replace(ramp, paused=Paused("lunch") if paused else None)
    evidence = said(Decision.HOLD, blind=blind, until=LATE)
    ruling = rule(serving(FIRST, ramp, LATE), ramp, evidence)
    expected: tuple[Ruled, list[Split]] = (Ruled.HOLD, [])
    if choice is OnTimeout.ROLLBACK and not paused:
        expected = (Ruled.ROLLBACK, [Split(1)])
    if choice is OnTimeout.ADVANCE and not paused and not blind:  # nothing advances unseen
        expected = (Ruled.ADVANCE, [Split(1, ((2, 30),))])
    assert (ruling.ruled, moves(ruling.plan)) == expected
    if blind:
        assert "no answer" in ruling.reason
        assert kept(ruling.plan)[0].blind


@pytest.mark.parametrize("choice", list(OnTimeout))
@pytest.mark.parametrize("came", [50, 49])
def test_time_ends_nothing_that_evidence_has_decided(choice: OnTimeout, came: int) -> None:
    ramp = on_trial(policy=replace(POLICY, on_timeout=choice))
    seen = serving(FIRST, ramp, LATE)
    back = rule(seen, ramp, said(Decision.ROLLBACK, came, until=LATE))
    assert (back.ruled, back.reason) == (Ruled.ROLLBACK, "rollback it")
    on = rule(seen, ramp, said(Decision.ADVANCE, came, until=LATE))
    if came == 50:
        assert (on.ruled, on.reason) == (Ruled.ADVANCE, "advance it")
    else:
        assert "took longer than" in on.reason


@pytest.mark.parametrize(
    ("choice", "frozen", "status", "expected"),
    [
        (OnTimeout.ADVANCE, "frozen until Monday", Status.READY, Ruled.HOLD),
        (OnTimeout.ADVANCE, "", Status.UPDATING, Ruled.HOLD),
        (OnTimeout.ROLLBACK, "frozen until Monday", Status.READY, Ruled.ROLLBACK),
        (OnTimeout.ROLLBACK, "", Status.UPDATING, Ruled.ROLLBACK),
    ],
)
def test_what_holds_an_advance_by_time_holds_no_rollback(
    choice: OnTimeout, frozen: str, status: Status, expected: Ruled
) -> None:
    ramp = on_trial(policy=replace(POLICY, on_timeout=choice))
    seen = serving(FIRST, ramp, LATE, status=status)
    ruling = rule(seen, ramp, said(Decision.HOLD, until=LATE), frozen)
    assert ruling.ruled is expected


def test_an_advance_by_time_says_that_nothing_certified_it() -> None:
    ruling = ruled(
        Decision.HOLD, on_trial(policy=replace(POLICY, on_timeout=OnTimeout.ADVANCE)), LATE
    )
    assert ruling.reason == (
        "advanced without certification, as on-timeout says: 10 % took longer than 2h30m"
    )


# No evidence.


@pytest.mark.parametrize(
    ("weight", "most", "before", "after"),
    [
        (30, 3, 1, []),
        (30, 3, 2, [FIRST]),
        (50, 1, 0, [Split(1, ((2, 30),))]),
        (40, 1, 0, [Split(1, ((2, 30),))]),  # as somebody adopted it
        (10, 1, 5, []),  # there is nothing below
        (5, 1, 5, []),
        (30, None, 99, []),
    ],
)
@pytest.mark.parametrize("paused", [None, Paused()])
@pytest.mark.parametrize("now", [BAKED, LATE])
def test_so_many_ticks_without_evidence_lead_one_step_back(
    weight: int,
    most: int | None,
    before: int,
    after: list[Split],
    paused: Paused | None,
    now: float,
) -> None:
    """Whatever the hour, and paused or not: it leads to safety."""
    rungs = tuple(Rung(rung, 600.0, 50) for rung in (10, 30, 50, 100))
    ramp = replace(
        on_trial(weight, replace(POLICY, rungs=rungs, max_blind=most)), blind=before, paused=paused
    )
    seen = serving(Split(1, ((2, weight),)), ramp, now, status=Status.UPDATING)
    ruling = rule(seen, ramp, said(Decision.HOLD, blind="no answer", until=ENTERED), "frozen")
    assert (ruling.ruled, ruling.by_evidence, moves(ruling.plan)) == (Ruled.HOLD, False, after)
    assert ruling.plan.way_back == ()
    assert "no answer" in ruling.reason
    if after:
        assert f"no evidence {before + 1} times in a row" in ruling.reason
        assert kept(ruling.plan)[0].blind


def test_one_answer_ends_the_count() -> None:
    ramp = replace(on_trial(30, replace(POLICY, max_blind=2)), blind=1)
    seeing = ruled(Decision.HOLD, ramp)
    assert not kept(seeing.plan)[0].blind
    assert moves(seeing.plan) == []


def test_ticks_without_evidence_are_written_only_where_they_are_counted() -> None:
    blind = replace(said(Decision.HOLD, blind="no answer"), watermark=ENTERED)
    last = Judged("r", Decision.HOLD, "hold it", 1.0, 100.0, ENTERED, blind=True)
    for most, count in ((None, 0), (5, 1)):
        ramp = replace(on_trial(policy=replace(POLICY, max_blind=most)), last=last, blind=1)
        assert len(rule(serving(FIRST, ramp), ramp, blind).plan.steps) == count


# Baked is what was looked at.


@pytest.mark.parametrize(
    ("warm_up", "until", "words"),
    [
        (0.0, ENTERED - 300, "bakes at 10 % for 10m more"),  # a former step is still read
        (0.0, ENTERED, "bakes at 10 % for 10m more"),
        (0.0, ENTERED + 300, "bakes at 10 % for 5m more"),
        (0.0, ENTERED + 599, "bakes at 10 % for 1s more"),
        (0.0, ENTERED + 600, ""),
        (60.0, ENTERED + 600, "bakes at 10 % for 1m more"),
        (60.0, ENTERED + 660, ""),
    ],
)
def test_a_step_bakes_by_what_was_looked_at(warm_up: float, until: float, words: str) -> None:
    """The clock itself says nothing: a schedule may have been away for an hour."""
    ramp = on_trial(policy=replace(POLICY, warm_up=warm_up))
    seen = serving(FIRST, ramp, ENTERED + 3600)
    ruling = rule(seen, ramp, said(Decision.ADVANCE, until=until))
    assert ruling.ruled is (Ruled.HOLD if words else Ruled.ADVANCE)
    assert words in ruling.reason


def test_sessions_of_a_former_step_are_judged_and_do_not_count_for_this_one() -> None:
    evidence = said(Decision.ADVANCE)
    (window,) = evidence.windows
    tail = replace(window, start=ENTERED - 300, end=ENTERED)
    ramp = on_trial(30)
    seen = serving(Split(1, ((2, 30),)), ramp)
    ruling = rule(seen, ramp, replace(evidence, windows=(tail,)))
    assert "0 of 50 canary sessions at 30 %" in ruling.reason
    assert kept(ruling.plan)[0].windows == (tail,)
    assert rule(seen, ramp, replace(evidence, windows=(tail, window))).ruled is Ruled.ADVANCE


@pytest.mark.parametrize(
    ("weight", "bake", "after"), [(5, 100, 10), (10, 100, 30), (20, 100, 30), (99, 300, 100)]
)
def test_an_adopted_weight_bakes_as_the_rung_below_it(weight: int, bake: int, after: int) -> None:
    rungs = (Rung(10, 100.0, 0), Rung(30, 300.0, 0), Rung(100, 0.0, 0))
    ramp = on_trial(weight, replace(POLICY, rungs=rungs))
    early = rule(serving(None, ramp), ramp, said(Decision.ADVANCE, until=ENTERED + bake - 1))
    assert f"bakes at {weight} % for 1s more" in early.reason
    ruling = ruled(Decision.ADVANCE, ramp, ENTERED + bake)
    assert moves(ruling.plan) == [Split(2) if after == 100 else Split(1, ((2, after),))]


# The platform is in the way.

NOT_READY = [status for status in Status if status is not Status.READY]


@pytest.mark.parametrize("status", NOT_READY)
@pytest.mark.parametrize("weight", [0, 10])
def test_an_endpoint_that_is_not_ready_takes_no_step_up(status: Status, weight: int) -> None:
    ramp = on_trial(weight)
    seen = serving(FIRST if weight else Split(1), ramp, status=status)
    ruling = rule(seen, ramp, said(Decision.ADVANCE))
    assert (ruling.ruled, moves(ruling.plan)) == (Ruled.HOLD, [])
    assert f"production is {status.value}: it has to be READY first" in ruling.reason
    assert kept(ruling.plan)[0].windows


@pytest.mark.parametrize("status", NOT_READY)
def test_an_endpoint_that_is_not_ready_goes_back_all_the_same(status: Status) -> None:
    ruling = rule(serving(FIRST, on_trial(), status=status), on_trial(), said(Decision.ROLLBACK))
    assert (ruling.ruled, ruling.by_evidence, moves(ruling.plan)) == (
        Ruled.ROLLBACK,
        True,
        [Split(1)],
    )


@pytest.mark.parametrize("weight", [0, 10])
@pytest.mark.parametrize("decision", [Decision.ADVANCE, Decision.HOLD])
@pytest.mark.parametrize("choice", [OnTimeout.HOLD, OnTimeout.ADVANCE])
def test_a_canary_that_is_gone_takes_no_step_up(
    weight: int, decision: Decision, choice: OnTimeout
) -> None:
    ramp = on_trial(weight, replace(POLICY, on_timeout=choice))
    seen = serving(FIRST if weight else Split(1), ramp, LATE, published=(1, 3))
    ruling = rule(seen, ramp, said(decision, until=LATE))
    assert (ruling.ruled, moves(ruling.plan)) == (Ruled.HOLD, [])
    assert "version 2 is not published any more: abort ends its ramp" in ruling.reason


def test_a_canary_that_is_gone_goes_back_all_the_same() -> None:
    seen = serving(FIRST, on_trial(), published=(1, 3))
    ruling = rule(seen, on_trial(), said(Decision.ROLLBACK))
    assert (ruling.ruled, moves(ruling.plan)) == (Ruled.ROLLBACK, [Split(1)])
    last = Judged("r", Decision.ROLLBACK, "14 of 212 failed", 300.0, 100.0, ENTERED)
    ramp = replace(on_trial(), last=last)
    assert moves(rule(seen, ramp, said(Decision.HOLD)).plan) == [Split(1)]


# What a person has to say.


def test_what_was_approved_is_still_kept_by_the_calendar() -> None:
    rungs = (Rung(10, 0, 0), Rung(30, 0, 0, approval=True), Rung(100, 0, 0, approval=True))
    ramp = replace(on_trial(policy=replace(POLICY, rungs=rungs)), approved=frozenset({30}))
    assert (
        "frozen until Monday" in ruled(Decision.ADVANCE, ramp, BAKED, "frozen until Monday").reason
    )
    assert moves(ruled(Decision.ADVANCE, ramp).plan) == [Split(1, ((2, 30),))]
    higher = replace(ramp, weight=30)
    assert "100 % waits for a person" in ruled(Decision.ADVANCE, higher).reason


def test_the_first_step_of_a_ramp_without_traffic_is_kept_by_all_of_them() -> None:
    rungs = (Rung(10, 0, 0, approval=True), Rung(100, 0, 0))
    asks = on_trial(0, replace(POLICY, rungs=rungs))
    assert "10 % waits for a person" in ruled(Decision.HOLD, asks).reason
    assert moves(ruled(Decision.HOLD, replace(asks, approved=frozenset({10}))).plan) == [FIRST]
    assert "paused" in ruled(Decision.HOLD, replace(on_trial(0), paused=Paused())).reason
