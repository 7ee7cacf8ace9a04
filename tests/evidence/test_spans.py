"""Which windows are asked for: none twice, none left out, none across a move."""

from dataclasses import replace

import pytest

from agentramp.evidence.port import Answer, Missing
from agentramp.evidence.spans import GIVEN_UP, MOST, closed, taken
from agentramp.judge.verdict import Decision
from agentramp.judge.window import Arm, Tally, Window
from agentramp.model import Split
from agentramp.policy import Policy
from agentramp.ramp import Ramp, Tail, standing
from agentramp.record import Begun, Judged, Moved, Moving, Record

POLICY = Policy(window=300, settle=60)
RAMP = Ramp("r", 1, 2, POLICY, 0.0, 10, 1000.0, 1000.0)
FIRST, SECOND = Split(1, ((2, 10),)), Split(1, ((2, 30),))


def edges(ramp: Ramp, now: float) -> list[tuple[float, float, int]]:
    return [(span.start, span.end, span.weight) for span in closed(ramp, now)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (1360.9, []),
        (1361, [(1001, 1301, 10)]),
        (1661, [(1001, 1301, 10), (1301, 1601, 10)]),
    ],
)
def test_a_window_is_asked_for_once_it_has_settled(
    now: float, expected: list[tuple[float, float, int]]
) -> None:
    assert edges(RAMP, now) == expected


def test_a_warm_up_is_left_out() -> None:
    ramp = replace(RAMP, policy=replace(POLICY, warm_up=100))
    assert edges(ramp, 1461) == [(1101, 1401, 10)]


def test_a_canary_without_traffic_is_not_asked_for() -> None:
    assert edges(replace(RAMP, weight=0), 9999) == []


def test_what_a_step_leaves_is_read_at_its_own_weight() -> None:
    tails = (Tail(1300, 1680, 10),)
    ramp = replace(RAMP, weight=30, entered_at=1690, watermark=1300, tails=tails)
    assert edges(ramp, 1739) == []
    assert edges(ramp, 1740) == [(1300, 1680, 10)]  # the last window takes what is left over
    assert edges(ramp, 2051) == [(1300, 1680, 10), (1691, 1991, 30)]
    short = replace(ramp, tails=(Tail(1300, 1440, 10),))
    assert edges(short, 1740) == [(1300, 1440, 10)]


def test_no_time_of_a_ramp_goes_unseen() -> None:
    """From the first read-back on, all but the moments of moving are asked for, each once."""
    records = [
        Record("release", 0, Begun("r", 1, 2, POLICY)),
        Record("release", 1, Moving(Split(1), FIRST)),
        Record("release", 2, Moved(Split(1), FIRST)),
        Record("promote", 1000, judged(602)),
        Record("promote", 1001, Moving(FIRST, SECOND)),
        Record("promote", 1003, Moved(FIRST, SECOND)),
    ]
    ramp = standing(records).ramp
    assert ramp
    assert edges(ramp, 3000)[:3] == [(602, 1001, 10), (1004, 1304, 30), (1304, 1604, 30)]
    records.append(Record("promote", 2000, judged(1001)))
    later = standing(records).ramp
    assert later
    assert (later.tails, later.here) == ((), ())
    assert edges(later, 1400)[0] == (1004, 1304, 30)


def test_a_move_that_was_begun_twice_stands_since_the_first() -> None:
    """The first run may have set it, and died before it could say so."""
    records = [
        Record("release", 0, Begun("r", 1, 2, POLICY)),
        Record("release", 1, Moving(Split(1), FIRST)),
        Record("release", 2, Moved(Split(1), FIRST)),
        Record("restore", 1000, Moving(FIRST, SECOND)),
        Record("restore", 1200, Moving(SECOND, SECOND)),
        Record("restore", 1201, Moved(SECOND, SECOND)),
    ]
    ramp = standing(records).ramp
    assert ramp
    assert [(tail.end, tail.weight) for tail in ramp.tails] == [(1000, 10)]


def judged(watermark: float) -> Judged:
    return Judged("r", Decision.HOLD, "", 1.0, 100.0, watermark)


def test_a_schedule_that_slept_for_long_catches_up_in_parts() -> None:
    assert len(closed(RAMP, 1e9)) == MOST


def test_what_may_still_come_is_waited_for_and_what_never_comes_is_passed_over() -> None:
    spans = closed(RAMP, 1961)
    seen = [Window(span.start, span.end, Arm(Tally(5)), Arm(Tally(5)), 10) for span in spans]
    late: tuple[Answer, ...] = (seen[0], Missing(spans[1], "not yet", final=False), seen[2])
    assert taken(RAMP, spans, late, 1961) == ((seen[0],), 1301, "")
    lost: tuple[Answer, ...] = (seen[0], Missing(spans[1], "reset"), seen[2])
    assert taken(RAMP, spans, lost, 1961) == ((seen[0], seen[2]), 1901, "reset")
    much_later = spans[1].settled + GIVEN_UP * POLICY.window
    assert taken(RAMP, spans, late, much_later) == ((seen[0], seen[2]), 1901, "not yet")
