"""A ramp's way as its records and this run's own move come to it."""

from agentramp.model import Split
from agentramp.plan import KeepRecord, Plan, Subject
from agentramp.planning import Seen
from agentramp.ramp import Reached, standing
from agentramp.record import Begun, Event, Moved, Moving, Record, Undone
from agentramp.wiring.traffic import climb
from tests.planning.trials import POLICY, serving

BEGUN = Begun("r", 1, 2, POLICY)
STABLE, TENTH, THIRD = Split(1), Split(1, ((2, 10),)), Split(1, ((2, 30),))
NOTHING = Plan("promote", Subject("agent", "production"))


def moved(before: Split, to: Split) -> tuple[Event, Event]:
    return Moving(before, to), Moved(before, to)


def seen_after(*events: Event, serves: Split) -> Seen:
    records = [Record("promote", 100.0 * at, event) for at, event in enumerate(events)]
    return serving(serves, standing(records).ramp, now=9000.0)


def test_each_weight_that_was_read_back_is_a_step_of_the_way() -> None:
    failed = (Moving(TENTH, THIRD), Undone(TENTH, TENTH))
    events = (BEGUN, *moved(STABLE, TENTH), *failed, *moved(TENTH, THIRD), *moved(THIRD, TENTH))
    found = climb(seen_after(*events, serves=TENTH), NOTHING, TENTH)
    assert found
    assert (found.stable, found.canary, found.ladder) == (1, 2, (10, 30, 100))
    assert found.path == (Reached(200.0, 10), Reached(600.0, 30), Reached(800.0, 10))


def test_what_this_run_sets_is_the_last_step() -> None:
    seen = seen_after(BEGUN, *moved(STABLE, TENTH), serves=TENTH)
    for split, weight in ((THIRD, 30), (STABLE, 0), (Split(2), 100)):
        found = climb(seen, NOTHING, split)
        assert found
        assert found.path == (Reached(200.0, 10), Reached(9000.0, weight))


def test_a_ramp_that_a_plan_begins_starts_with_its_own_move() -> None:
    plan = Plan("release", Subject("agent", "production"), (KeepRecord(BEGUN),))
    found = climb(serving(STABLE, now=9000.0), plan, TENTH)
    assert found
    assert found.path == (Reached(9000.0, 10),)
    held = climb(serving(STABLE), plan, STABLE)
    assert held
    assert held.path == (), "it waits for its first step"


def test_without_a_ramp_there_is_no_way() -> None:
    assert climb(serving(STABLE), NOTHING, Split(2)) is None
