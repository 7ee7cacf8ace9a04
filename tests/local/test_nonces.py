"""A nonce counts once, and remembering the used ones does not make each call dearer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agentramp.local.schema import open_database
from agentramp.local.store import Store

KEPT = 1800.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "platform.db")) as connection:
        yield connection


def remembered(database: sqlite3.Connection) -> list[str]:
    return [nonce for (nonce,) in database.execute("SELECT nonce FROM nonces ORDER BY at")]


def test_a_nonce_is_good_once(database: sqlite3.Connection) -> None:
    store = Store(database)
    assert [store.use_nonce("a", now, KEPT) for now in (0.0, 1.0, KEPT)] == [True, False, False]
    assert store.use_nonce("b", 1.0, KEPT)


def test_another_server_on_the_same_records_knows_it(database: sqlite3.Connection) -> None:
    assert Store(database).use_nonce("a", 0.0, KEPT)
    assert not Store(database).use_nonce("a", KEPT, KEPT)


def test_those_past_their_time_go(database: sqlite3.Connection) -> None:
    store = Store(database)
    for number in range(100):
        store.use_nonce(f"old-{number}", float(number), KEPT)
    store.use_nonce("new", KEPT + 200, KEPT)
    assert remembered(database) == ["new"]


def test_not_every_call_reads_them_all(database: sqlite3.Connection) -> None:
    store = Store(database)
    told: list[str] = []
    database.set_trace_callback(told.append)
    for number in range(600):
        store.use_nonce(str(number), number / 10, KEPT)
    assert sum(words.startswith("DELETE") for words in told) == 1
    assert sum(words.startswith("INSERT") for words in told) == 600
