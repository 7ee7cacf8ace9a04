"""The tables of the embedded platform, and how its database is opened."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VERSION = 1

_TABLES = """
CREATE TABLE workspaces(
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
    is_default INTEGER NOT NULL, created_at REAL NOT NULL);
CREATE TABLE runtimes(
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, workspace_id TEXT NOT NULL,
    revision INTEGER NOT NULL, ready_revision INTEGER NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL);
CREATE TABLE snapshots(
    runtime_id TEXT NOT NULL REFERENCES runtimes(id) ON DELETE CASCADE,
    revision INTEGER NOT NULL, document TEXT NOT NULL, artifact TEXT NOT NULL,
    PRIMARY KEY(runtime_id, revision));
CREATE TABLE versions(
    runtime_id TEXT NOT NULL REFERENCES runtimes(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, revision INTEGER NOT NULL, description TEXT NOT NULL,
    created_at REAL NOT NULL, PRIMARY KEY(runtime_id, number));
CREATE TABLE endpoints(
    id TEXT PRIMARY KEY, runtime_id TEXT NOT NULL REFERENCES runtimes(id) ON DELETE CASCADE,
    name TEXT NOT NULL, document TEXT NOT NULL, route TEXT, wanted TEXT, status TEXT NOT NULL,
    reason TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL,
    UNIQUE(runtime_id, name));
CREATE TABLE nonces(nonce TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE processes(pid INTEGER PRIMARY KEY, started REAL NOT NULL);
CREATE TABLE sessions(
    endpoint_id TEXT NOT NULL REFERENCES endpoints(id) ON DELETE CASCADE,
    session TEXT NOT NULL, version TEXT NOT NULL, seen_at REAL NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(endpoint_id, session)) WITHOUT ROWID;
CREATE TABLE requests(
    at REAL NOT NULL, endpoint_id TEXT NOT NULL, version TEXT NOT NULL, session TEXT NOT NULL,
    status INTEGER NOT NULL, failed INTEGER NOT NULL, first_byte REAL NOT NULL,
    duration REAL NOT NULL);
CREATE INDEX requests_by_version ON requests(endpoint_id, version, at);
CREATE TABLE totals(
    runtime TEXT NOT NULL, endpoint TEXT NOT NULL, version TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY(runtime, endpoint, version)) WITHOUT ROWID;
"""


class ForeignDatabaseError(sqlite3.DatabaseError):
    """The database was made by an agentramp that keeps its records in another way."""


def open_database(path: Path) -> sqlite3.Connection:
    """A connection that commits every statement on its own; made with its tables at first use.

    In WAL mode with ``synchronous=NORMAL`` a commit survives the death of the process.
    Raises sqlite3.Error; ForeignDatabaseError before anything is changed.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, _VERSION):
        raise ForeignDatabaseError(
            f"its records are of version {version}, and this agentramp reads version {_VERSION}"
        )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    if version == 0:
        connection.executescript(f"BEGIN;{_TABLES}PRAGMA user_version={_VERSION};COMMIT;")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block is written, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
