from agentramp.judge.verdict import Decision
from agentramp.judge.window import Arm, Tally, Window
from agentramp.model import Split
from agentramp.policy import DEFAULT_POLICY, Policy
from agentramp.ramp import Ending, Ramp, Standing, standing, standings
from agentramp.record import (
    Adopted,
    Approved,
    Begun,
    Event,
    Judged,
    Moved,
    Moving,
    Paused,
    Queued,
    Record,
    Resumed,
    Undone,
)

LEASE = DEFAULT_POLICY.lease
STABLE, FIRST, SECOND = Split(1), Split(1, ((2, 10),)), Split(1, ((2, 30),))
BEGUN = Begun("r", 1, 2, Policy())
WINDOW = Window(100.0, 400.0, Arm(Tally(20, 0)), Arm(Tally(180, 1)), 10)
ON_TRIAL: tuple[Event, ...] = (BEGUN, Moving(STABLE, FIRST, "first step"), Moved(STABLE, FIRST))


def told(*events: Event, verb: str = "promote", every: float = 10.0) -> Standing:
    return standing(Record(verb, every * number, event) for number, event in enumerate(events))


def ramp(*events: Event) -> Ramp:
    found = told(*events).ramp
    assert found
    return found


def judged(decision: Decision, *windows: Window, blind: bool = False) -> Judged:
    return Judged("r", decision, "because", 1.0, 100.0, 400.0, windows, blind)


def test_nothing_is_known_of_an_empty_journal() -> None:
    assert standing(()) == Standing()
    assert Standing().meant is None


def test_a_ramp_has_no_weight_before_its_first_move_was_read_back() -> None:
    assert ramp(*ON_TRIAL[:2]).weight == 0
    there = ramp(*ON_TRIAL)
    assert (there.weight, there.entered_at, there.watermark) == (10, 20.0, 20.0)


def test_an_open_intent_is_what_is_meant() -> None:
    now = told(*ON_TRIAL[:2])
    assert now.open
    assert now.open.reason == "first step"
    assert now.meant == FIRST
    assert told(*ON_TRIAL).open is None


def test_windows_add_up_and_those_of_this_weight_begin_anew() -> None:
    hold = judged(Decision.HOLD, WINDOW)
    seen = ramp(*ON_TRIAL, hold)
    assert (seen.windows, seen.here, seen.watermark) == ((WINDOW,), (WINDOW,), 400.0)
    higher = ramp(*ON_TRIAL, hold, Moving(FIRST, SECOND), Moved(FIRST, SECOND))
    assert (higher.windows, higher.here, higher.weight) == ((WINDOW,), (), 30)


def test_blind_ticks_in_a_row_are_counted() -> None:
    blind, seeing = judged(Decision.HOLD, blind=True), judged(Decision.HOLD)
    assert ramp(*ON_TRIAL, blind, blind).blind == 2
    assert ramp(*ON_TRIAL, blind, blind, seeing).blind == 0


def test_what_a_person_says() -> None:
    assert ramp(*ON_TRIAL, Paused("lunch")).paused == Paused("lunch")
    assert ramp(*ON_TRIAL, Paused("lunch"), Resumed()).paused is None
    assert ramp(*ON_TRIAL, Approved(30), Approved(50)).approved == {30, 50}


def test_a_promoted_canary_is_stable() -> None:
    now = told(*ON_TRIAL, Moving(FIRST, Split(2), "all good"), Moved(FIRST, Split(2)))
    assert now.ramp is None
    assert now.ended
    assert (now.ended.ending, now.ended.reason) == (Ending.PROMOTED, "all good")
    assert now.served == (1, 2)


def test_a_version_that_evidence_rolled_back_is_rejected() -> None:
    back = (Moving(FIRST, STABLE), Moved(FIRST, STABLE))
    now = told(*ON_TRIAL, judged(Decision.ROLLBACK, WINDOW), *back)
    assert now.rejected == ((2, "because"),)
    assert now.ended
    assert now.ended.ending is Ending.ROLLED_BACK
    assert told(*ON_TRIAL, *back).rejected == ()


def test_a_move_elsewhere_ends_a_ramp() -> None:
    now = told(*ON_TRIAL, Moving(FIRST, Split(3)), Moved(FIRST, Split(3)))
    assert now.ended
    assert now.ended.ending is Ending.REPLACED


def test_an_abort_ends_a_ramp_that_had_no_traffic_yet() -> None:
    stays = (Moving(STABLE, STABLE), Moved(STABLE, STABLE))
    assert told(BEGUN, *stays).ramp
    assert told(BEGUN, *stays, verb="abort").ramp is None


def test_also_where_a_later_tick_records_it() -> None:
    records = (
        Record("release", 0, BEGUN),
        Record("abort", 1, Moving(STABLE, STABLE)),
        Record("promote", 200, Moved(STABLE, STABLE)),
    )
    assert standing(records).ramp is None


def test_a_move_that_failed_the_first_time_leaves_the_ramp_waiting() -> None:
    now = told(*ON_TRIAL[:2], Undone(STABLE, STABLE))
    assert now.ramp
    assert now.ramp.weight == 0
    assert now.settled == STABLE
    assert now.abandoned == ((FIRST, 10.0),)


def test_a_way_back_that_ended_is_not_given_up() -> None:
    now = told(*ON_TRIAL[:2], Moving(FIRST, STABLE), Undone(FIRST, STABLE))
    assert now.abandoned == ((FIRST, 10.0),)


def test_a_move_that_another_took_over_may_still_be_set_once_more() -> None:
    early = told(Moving(STABLE, FIRST), Moved(STABLE, FIRST), every=LEASE - 1)
    late = told(Moving(STABLE, FIRST), Moved(STABLE, FIRST), every=LEASE)
    assert early.abandoned == ()
    assert late.abandoned == ((FIRST, 0.0),)
    assert (late.settled, late.open) == (FIRST, None)


def test_an_adopted_split_ends_or_goes_on() -> None:
    by_hand = Split(1, ((2, 25),))
    assert ramp(*ON_TRIAL, Adopted(by_hand)).weight == 25
    assert told(*ON_TRIAL, Adopted(Split(3))).ramp is None
    assert told(*ON_TRIAL, Adopted(Split(3))).settled == Split(3)


def test_a_queued_version_waits_until_its_ramp_begins() -> None:
    assert told(*ON_TRIAL, Queued(3)).queued == 3
    assert told(Queued(3), Begun("s", 1, 3, Policy())).queued is None
    assert told(Queued(3), BEGUN).queued is None  # 2 came later: 3 would lead back


def test_going_back_drops_what_served_after() -> None:
    there = (Moved(Split(1), Split(2)), Moved(Split(2), Split(3)))
    assert told(*there).served == (1, 2, 3)
    assert told(*there, Moved(Split(3), Split(1))).served == (1,)


def test_each_record_has_its_standing() -> None:
    records = [Record("release", 0, event) for event in ON_TRIAL]
    assert [now.generation for now in standings(records)] == [1, 2, 3]
    assert list(standings(records))[-1] == standing(records)


def test_a_share() -> None:
    assert (FIRST.share(2), FIRST.share(1), FIRST.share(3)) == (10, 90, 0)
