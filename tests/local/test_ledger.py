import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agentramp.local import assumptions
from agentramp.local.ledger import Ledger, Request
from agentramp.local.records import Endpoint as EndpointRecord
from agentramp.local.records import Label, Route, Runtime, Snapshot, Status
from agentramp.local.schema import open_database
from agentramp.local.store import Store
from agentramp.local.totals import Place, render

ONE = Place("demo", "production", Label("1"))
TWO = Place("demo", "production", Label("2"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "db")) as connection:
        store = Store(connection)
        store.add_runtime(
            Runtime("rt", "demo", "ws", 1, 1, Status.READY, "", 0, 0), Snapshot("rt", 1, "{}", "x")
        )
        store.add_endpoint(
            EndpointRecord(
                "ep", "rt", "production", "{}", Route(Label("1")), None, Status.READY, "", 0, 0
            )
        )
        yield connection


def request(place: Place = ONE, *, session: str = "s", failed: bool = False) -> Request:
    return Request(100.0, "ep", place, session, 500 if failed else 200, failed, 0.02, 0.2)


def count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_an_assignment_outlives_the_process_once_settled(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    assert ledger.assigned("ep", "s", 100, 60) is None
    ledger.assign("ep", "s", ONE, 100)
    assert ledger.assigned("ep", "s", 110, 60) == "1"
    ledger.settle()
    # No flush: what a killed server leaves.
    assert Ledger(database).assigned("ep", "s", 120, 60) == "1"


def test_a_silent_session_is_forgotten(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    assert ledger.assigned("ep", "s", 160, 60) == "1"
    assert ledger.assigned("ep", "s", 220, 60) == "1", "every request keeps it awake"
    assert ledger.assigned("ep", "s", 281, 60) is None


def test_when_it_was_seen_last_is_written(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    ledger.flush()
    ledger.assigned("ep", "s", 150, 60)
    ledger.flush()
    assert Ledger(database).assigned("ep", "s", 200, 60) == "1"


def test_totals_survive_and_go_on(database: sqlite3.Connection) -> None:
    first = Ledger(database)
    first.assign("ep", "s", ONE, 100)
    first.record(request())
    first.record(request(failed=True))
    first.record(request(failed=True))
    first.flush()
    second = Ledger(database)
    second.record(request())
    sums = second.totals[ONE]
    assert (sums.sessions, sums.requests, sums.failures, sums.failed_sessions) == (1, 4, 2, 1)
    assert sums.duration.total == pytest.approx(0.8)
    assert count(database, "requests") == 3


def test_a_failure_counts_for_the_version_that_failed(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    ledger.assign("ep", "s", TWO, 101)
    ledger.record(request(ONE, failed=True))
    assert ledger.totals[ONE].failed_sessions == 0
    ledger.record(request(TWO, failed=True))
    assert ledger.totals[TWO].failed_sessions == 1


def test_many_more_sessions_than_memory_holds(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    for index in range(30_000):
        ledger.assign("ep", f"s{index}", ONE if index % 2 else TWO, 100)
        if not index % 5_000:
            ledger.flush()
    database.execute("UPDATE sessions SET version='written' WHERE session='s1'")
    assert ledger.assigned("ep", "s1", 101, 60) == "written", "it had left the memory"
    assert ledger.assigned("ep", "s0", 101, 60) == "2"
    assert ledger.assigned("ep", "s29999", 101, 60) == "1"


def test_sessions_that_cannot_be_written_stay_in_memory(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    database.execute("PRAGMA query_only=ON")
    for index in range(20_100):
        ledger.assign("ep", f"s{index}", ONE, 100)
    assert ledger.assigned("ep", "s0", 101, 60) == "1"
    ledger.record(request(session="s1", failed=True))
    assert ledger.totals[ONE].failed_sessions == 1
    database.execute("PRAGMA query_only=OFF")
    ledger.flush()
    assert count(database, "sessions") == 20_100


def test_a_request_without_affinity_is_a_session_of_its_own(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.record(request()._replace(alone=True))
    ledger.record(request(failed=True)._replace(alone=True))
    ledger.flush()
    sums = ledger.totals[ONE]
    assert (sums.sessions, sums.requests, sums.failed_sessions) == (2, 2, 1)
    assert (count(database, "sessions"), count(database, "requests")) == (0, 2)


def test_pruning(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    ledger.record(request())
    ledger.flush()
    ledger.prune(100 + 60, 60)
    assert (count(database, "sessions"), count(database, "requests")) == (1, 1)
    ledger.prune(100 + 1 + assumptions.REQUESTS_KEPT_SECONDS, 60)
    assert (count(database, "sessions"), count(database, "requests")) == (0, 0)


def test_a_deleted_endpoint_leaves_nothing(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    ledger.record(request())
    ledger.forget_endpoint("ep", "demo", "production")
    assert ledger.totals == {}
    assert [count(database, name) for name in ("sessions", "requests", "totals")] == [0, 0, 0]


def test_what_ends_after_its_endpoint_was_deleted_is_not_kept(
    database: sqlite3.Connection,
) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    ledger.forget_endpoint("ep", "demo", "production")
    ledger.record(request(failed=True))
    ledger.flush()
    assert ledger.totals == {}
    assert [count(database, name) for name in ("requests", "totals")] == [0, 0]


def test_prometheus_text(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    ledger.record(request())
    lines = render(ledger.totals).splitlines()
    labels = 'runtime="demo",endpoint="production",version="1"'
    assert f"agentramp_sessions_total{{{labels}}} 1" in lines
    assert f"agentramp_requests_total{{{labels}}} 1" in lines
    assert f'agentramp_first_byte_seconds_bucket{{{labels},le="0.01"}} 0' in lines
    assert f'agentramp_first_byte_seconds_bucket{{{labels},le="0.025"}} 1' in lines
    assert f'agentramp_duration_seconds_bucket{{{labels},le="+Inf"}} 1' in lines
    assert f"agentramp_duration_seconds_sum{{{labels}}} 0.200000" in lines
    assert f"agentramp_duration_seconds_count{{{labels}}} 1" in lines


def test_what_cannot_be_written_is_written_later(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    ledger.assign("ep", "s", ONE, 100)
    ledger.record(request())
    database.execute("PRAGMA query_only=ON")
    for write in (ledger.settle, ledger.flush):
        with pytest.raises(sqlite3.OperationalError):
            write()
    database.execute("PRAGMA query_only=OFF")
    ledger.flush()
    assert (count(database, "sessions"), count(database, "requests")) == (1, 1)
    assert Ledger(database).totals[ONE].requests == 1
