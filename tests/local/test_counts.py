"""Sessions by version and span, from the records of requests."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from agentramp.local import assumptions, counts
from agentramp.local.counts import BOUNDS, Arm, Span, Unknown, count
from agentramp.local.ledger import Ledger, Request
from agentramp.local.records import Endpoint, Label, Route, Runtime, Snapshot, Status
from agentramp.local.schema import open_database
from agentramp.local.store import Store
from agentramp.local.totals import Place

ONE, TWO = Label("1"), Label("2")
IDLE = 60.0


@dataclass
class Life:
    """Sessions at one endpoint that was made at time 0."""

    path: Path
    database: sqlite3.Connection
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database)

    @property
    def endpoint(self) -> Endpoint:
        found = Store(self.database).endpoint("ep")
        assert found
        return found

    def turn(
        self, session: str, at: float, version: Label = ONE, *, wait: float = 0.1, bad: bool = False
    ) -> None:
        """What the gateway does for a request that takes ``wait``."""
        self.begin(session, at, version)
        self.end(session, at + wait, version, wait=wait, bad=bad)

    def begin(self, session: str, at: float, version: Label) -> None:
        assigned = self.ledger.assigned("ep", session, at, IDLE)
        if assigned != version:
            place = Place("demo", "production", version)
            self.ledger.assign("ep", session, place, at, moved=assigned is not None)

    def end(self, session: str, at: float, version: Label, *, wait: float, bad: bool) -> None:
        self.ledger.record(
            Request(
                at,
                "ep",
                Place("demo", "production", version),
                session,
                500 if bad else 200,
                bad,
                wait,
                wait,
                beginning=self.ledger.beginning("ep", session, version),
            )
        )

    def arms(self, start: float, end: float, settled: float) -> dict[Label, Arm]:
        (found,) = self.counted(Span(start, end, settled))
        assert isinstance(found, dict), found
        return found

    def pairs(self, start: float, end: float, settled: float) -> tuple[tuple[int, int], ...]:
        """Sessions and bad ones of version 1 and of version 2."""
        arms = self.arms(start, end, settled)
        return tuple((arms[version].sessions, arms[version].bad) for version in (ONE, TWO))

    def counted(self, *spans: Span, now: float = 1e9) -> list[dict[Label, Arm] | Unknown]:
        self.ledger.flush()
        return count(self.path, self.endpoint, (ONE, TWO), spans, now)


def opened(path: Path) -> sqlite3.Connection:
    database = open_database(path)
    store = Store(database)
    runtime = Runtime("rt", "demo", "ws", 1, 1, Status.READY, "", 0, 0)
    store.add_runtime(runtime, Snapshot("rt", 1, "{}", "x"))
    route = Route(ONE)
    store.add_endpoint(
        Endpoint("ep", "rt", "production", "{}", route, None, Status.READY, "", 0, 0)
    )
    return database


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with closing(opened(tmp_path / "db")) as database:
        yield Life(tmp_path / "db", database)


def test_a_session_counts_once_where_it_began(life: Life) -> None:
    life.turn("a", 10)
    life.turn("a", 15)
    life.turn("a", 25)
    life.turn("b", 19.999, TWO)
    life.turn("c", 20, TWO)
    assert life.pairs(10, 20, 100) == ((1, 0), (1, 0))
    assert life.pairs(20, 30, 100) == ((0, 0), (1, 0))
    assert life.pairs(30, 40, 100) == ((0, 0), (0, 0))


def test_it_is_bad_if_a_request_failed_before_it_was_settled(life: Life) -> None:
    life.turn("early", 10, bad=True)
    life.turn("early", 11)
    life.turn("late", 10.5)
    life.turn("late", 40, bad=True)
    assert life.pairs(10, 20, 30) == ((2, 1), (0, 0))
    assert life.pairs(10, 20, 41) == ((2, 2), (0, 0))
    assert life.pairs(10, 20, 30) == ((2, 1), (0, 0)), "the answer never changes"


def test_its_latency_is_its_longest_wait(life: Life) -> None:
    life.turn("a", 10, wait=0.05)
    life.turn("a", 11, wait=2.0)
    life.turn("a", 14, wait=0.5)
    life.turn("b", 12, wait=0.5)
    arm = life.arms(10, 20, 30)[ONE]
    assert sum(arm.counts) == arm.sessions == 2
    assert [arm.total, arm.squares] == pytest.approx([2.5, 4.25])
    held = [bound for bound, number in zip(BOUNDS, arm.counts, strict=False) if number]
    assert [round(bound, 1) for bound in held] == [0.6, 2.4]


def test_a_wait_equal_to_a_bound_lies_below_it() -> None:
    arm = Arm()
    arm.add(BOUNDS[3], failed=False)
    arm.add(BOUNDS[-1] * 2, failed=True)
    assert (arm.counts[3], arm.counts[-1]) == (1, 1)


def test_one_that_waits_still_has_no_latency_yet(life: Life) -> None:
    life.begin("a", 10, ONE)
    life.ledger.settle()
    arm = life.arms(10, 20, 30)[ONE]
    assert (arm.sessions, arm.bad, sum(arm.counts)) == (1, 0, 0)


def test_one_that_had_to_move_stays_with_the_version_it_began_on(life: Life) -> None:
    life.turn("a", 10, TWO)
    life.turn("a", 12, ONE, bad=True)  # version 2 had left
    assert life.pairs(10, 20, 30) == ((0, 0), (1, 0)), "version 2 did not fail"
    life.turn("a", 14, TWO, bad=True)  # and came back
    assert life.pairs(10, 20, 30) == ((0, 0), (1, 1))


def test_one_that_was_silent_for_long_begins_anew(life: Life) -> None:
    life.turn("a", 10)
    life.turn("a", 10 + IDLE + 1, TWO, bad=True)
    assert life.pairs(10, 20, 200) == ((1, 0), (0, 0))
    assert life.pairs(70, 80, 200) == ((0, 0), (1, 1))


def test_a_request_without_affinity_is_a_session(life: Life) -> None:
    for number, bad in enumerate([False, True, False]):
        place = Place("demo", "production", TWO)
        beginning = life.ledger.begin_alone("ep", place, 10.0 + number)
        request = Request(
            11.0 + number, "ep", place, "x", 200, bad, 0.2, 1.0, alone=True, beginning=beginning
        )
        life.ledger.record(request)
    assert life.pairs(10, 20, 30) == ((0, 0), (3, 1))
    assert life.pairs(11, 20, 30) == ((0, 0), (2, 1))


def test_it_outlives_the_server(life: Life) -> None:
    life.turn("a", 10)
    life.ledger.flush()
    life.ledger = Ledger(life.database)
    life.turn("a", 11, bad=True)
    life.turn("b", 12)
    assert life.pairs(10, 20, 30) == ((2, 1), (0, 0))


def test_a_kill_never_lends_a_beginning_to_another_session(life: Life) -> None:
    life.begin("lost", 10, ONE)
    life.ledger.settle()
    life.ledger = Ledger(life.database)  # killed: the beginning was not written, the session was
    life.turn("other", 11, TWO)
    life.turn("lost", 12, ONE, bad=True)
    assert life.pairs(10, 20, 30) == ((0, 0), (1, 0))


def test_what_lies_ahead_may_be_asked_for_again(life: Life) -> None:
    (found,) = life.counted(Span(10, 20, 30), now=29.9)
    assert isinstance(found, Unknown)
    assert not found.final
    assert isinstance(life.counted(Span(10, 20, 30), now=30)[0], dict)


def test_what_was_pruned_is_not_known(life: Life) -> None:
    for second in range(10, 20):
        life.turn(f"s{second}", second, bad=True)
    life.ledger.flush()
    assert not life.ledger.prune(assumptions.REQUESTS_KEPT_SECONDS + 15, 1e9)
    gone, kept = life.counted(Span(10, 15, 30), Span(15, 20, 30))
    assert isinstance(gone, Unknown)
    assert gone.final
    assert isinstance(kept, dict)
    assert (kept[ONE].sessions, kept[ONE].bad) == (5, 5)


def test_pruning_takes_a_part_at_a_time(life: Life) -> None:
    place = Place("demo", "production", ONE)
    for number in range(50_000):
        request = Request(
            10.0 + number, "ep", place, "s", 200, failed=False, first_byte=0.1, duration=0.1
        )
        life.ledger.record(request)
    life.ledger.flush()
    now = assumptions.REQUESTS_KEPT_SECONDS + 10.0 + 45_000
    left = []
    while life.ledger.prune(now, 1e12):
        left.append(life.database.execute("SELECT count(*) FROM requests").fetchone()[0])
    left.append(life.database.execute("SELECT count(*) FROM requests").fetchone()[0])
    assert left == [30_000, 10_000, 5_000]


def test_what_was_before_the_endpoint_is_not_known(life: Life) -> None:
    life.database.execute("UPDATE endpoints SET created_at=12")
    life.turn("a", 13)
    before, after = life.counted(Span(10, 20, 30), Span(12, 20, 30))
    assert isinstance(before, Unknown)
    assert before.final
    assert isinstance(after, dict)


def test_a_deleted_endpoint_leaves_no_beginnings(life: Life) -> None:
    life.turn("a", 10)
    life.ledger.forget_endpoint("ep", "demo", "production")
    (found,) = life.database.execute("SELECT count(*) FROM beginnings").fetchone()
    assert found == 0


def test_the_bounds_are_log_spaced() -> None:
    ratios = {round(high / low, 1) for low, high in pairwise(BOUNDS)}
    assert (BOUNDS[0], BOUNDS[-1], ratios) == (0.001, 1000.0, {1.3})


def test_the_query_uses_the_indexes_and_sorts_nothing(life: Life) -> None:
    given = {"endpoint": "ep", "start": 0, "end": 1, "settled": 1}
    plan = [row[3] for row in life.database.execute("EXPLAIN QUERY PLAN " + counts.SESSIONS, given)]
    assert len(plan) == 2, plan
    assert "COVERING INDEX beginnings_by_time" in plan[0]
    assert "COVERING INDEX requests_by_beginning" in plan[1]
