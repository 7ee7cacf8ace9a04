"""Homes of an older agentramp still open, with all that is in them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agentramp.local import daemon, schema
from agentramp.local.counts import Span, Unknown, count
from agentramp.local.ledger import Ledger, Request
from agentramp.local.records import Endpoint, Label, Route, Status
from agentramp.local.store import Store
from agentramp.local.totals import Place
from tests.local.client import Control

VERSION_1 = Path(__file__).parents[1] / "data" / "platform-1.sql"
MIGRATED = 5000.0
PLACE = Place("demo", "production", Label("1"))

SINCE_VERSION_2 = (
    *("keys", "oidc_providers", "roles", "objects"),
    *("concurrency", "domains", "log_projects", "log_stores", "networks"),
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The records of a platform that agentramp 0.1.0 made, with sessions and requests in it."""
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.executescript(VERSION_1.read_text())
    return tmp_path / "db"


@pytest.fixture
def migrated(old: Path) -> Iterator[sqlite3.Connection]:
    with closing(schema.open_database(old, lambda: MIGRATED)) as connection:
        yield connection


def tables(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT type,name FROM sqlite_master WHERE name NOT LIKE '%auto%'"
        )
        return set(found)


def request(at: float, session: str, status: int, beginning: int | None) -> Request:
    return Request(
        at,
        "ep",
        PLACE,
        session,
        status,
        failed=status >= 500,
        first_byte=0.1,
        duration=0.1,
        beginning=beginning,
    )


def columns(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA table_info({table})").fetchall()


def test_an_old_home_gets_the_shape_of_a_new_one(
    migrated: sqlite3.Connection, old: Path, tmp_path: Path
) -> None:
    schema.open_database(tmp_path / "new").close()
    assert tables(old) == tables(tmp_path / "new")
    for kind, name in tables(old):
        if kind == "table" and name != "sessions":
            assert columns(old, name) == columns(tmp_path / "new", name)
    assert migrated.execute("PRAGMA user_version").fetchone() == (3,)


def test_a_platform_starts_in_an_old_home(own_home: Path) -> None:
    daemon.start(own_home)
    daemon.stop(own_home)
    database = own_home / "local" / "platform.db"
    database.unlink()
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(VERSION_1.read_text())
        connection.execute("DELETE FROM endpoints")  # their code is not there
        connection.commit()
    control = Control(daemon.start(own_home))
    (runtime,) = control.call("GET", "/agents/runtimes").data["items"]
    assert runtime["agentRuntimeName"] == "demo"


def test_nothing_of_it_is_lost(migrated: sqlite3.Connection) -> None:
    ledger = Ledger(migrated)
    assert ledger.assigned("ep", "old", 1030, 60) == "1"
    assert ledger.totals[PLACE].sessions == 1
    assert ledger.beginning("ep", "old", Label("1")) is None
    assert migrated.execute("SELECT count(*) FROM requests").fetchone() == (2,)


def test_it_goes_on_and_knows_from_when(migrated: sqlite3.Connection, old: Path) -> None:
    ledger = Ledger(migrated)
    ledger.assigned("ep", "old", MIGRATED + 1, 1e9)
    ledger.record(request(MIGRATED + 1, "old", 500, None))
    ledger.assign("ep", "new", PLACE, MIGRATED + 2)
    began = ledger.beginning("ep", "new", Label("1"))
    ledger.record(request(MIGRATED + 3, "new", 200, began))
    ledger.flush()
    endpoint = Store(migrated).endpoint("ep")
    assert endpoint
    spans = (
        Span(MIGRATED - 1, MIGRATED + 9, MIGRATED + 9),
        Span(MIGRATED, MIGRATED + 9, MIGRATED + 9),
    )
    before, after = count(old, endpoint, [Label("1")], spans, MIGRATED + 100)
    assert isinstance(before, Unknown)
    assert isinstance(after, dict)
    assert (after[Label("1")].sessions, after[Label("1")].bad) == (1, 0), "only the new session"


def test_opening_it_again_changes_nothing(old: Path) -> None:
    schema.open_database(old, lambda: MIGRATED).close()
    with closing(schema.open_database(old, lambda: MIGRATED + 1000)) as again:
        assert again.execute("SELECT since FROM known").fetchall() == [(MIGRATED,)]


def test_a_migration_that_fails_leaves_it_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("DROP INDEX requests_by_version")
    before = tables(old)
    with pytest.raises(sqlite3.OperationalError):
        schema.open_database(old)
    assert tables(old) == before
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_records_of_a_newer_agentramp_are_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(schema.ForeignDatabaseError, match="version 99"):
        schema.open_database(tmp_path / "db")


def test_records_of_version_2_get_the_tables_of_today(tmp_path: Path) -> None:
    schema.open_database(tmp_path / "db").close()
    whole = tables(tmp_path / "db")
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        for table in SINCE_VERSION_2:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version=2")
    with closing(schema.open_database(tmp_path / "db")) as database:
        assert database.execute("SELECT count(*) FROM known").fetchone() == (1,)
    assert tables(tmp_path / "db") == whole


def test_a_new_home_knows_all_there_ever_was(tmp_path: Path) -> None:
    with closing(schema.open_database(tmp_path / "db")) as database:
        assert database.execute("SELECT since FROM known").fetchall() == [(0.0,)]
        route = Route(Label("1"))
        endpoint = Endpoint("e", "r", "p", "{}", route, None, Status.READY, "", 0, 0)
        (found,) = count(tmp_path / "db", endpoint, [Label("1")], [Span(1, 2, 3)], 4)
    assert isinstance(found, dict)
