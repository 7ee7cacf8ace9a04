"""The tables of the embedded platform, and how its database is opened."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_VERSION = 3

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
    failed INTEGER NOT NULL DEFAULT 0, beginning INTEGER,
    PRIMARY KEY(endpoint_id, session)) WITHOUT ROWID;
CREATE TABLE requests(
    at REAL NOT NULL, endpoint_id TEXT NOT NULL, version TEXT NOT NULL, session TEXT NOT NULL,
    status INTEGER NOT NULL, failed INTEGER NOT NULL, first_byte REAL NOT NULL,
    duration REAL NOT NULL, beginning INTEGER);
CREATE TABLE totals(
    runtime TEXT NOT NULL, endpoint TEXT NOT NULL, version TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY(runtime, endpoint, version)) WITHOUT ROWID;
"""

# A beginning is when a session was given its first version. ``known.since`` is the time from which
# on every beginning and its requests are here.
_BEGINNINGS = """
CREATE TABLE beginnings(
    id INTEGER PRIMARY KEY, endpoint_id TEXT NOT NULL, version TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX beginnings_by_time ON beginnings(endpoint_id, at, version);
CREATE INDEX requests_by_time ON requests(endpoint_id, at);
CREATE INDEX requests_by_beginning ON requests(beginning, at, failed, first_byte)
    WHERE beginning IS NOT NULL;
CREATE TABLE known(since REAL NOT NULL);
"""

_FROM_VERSION_1 = f"""
ALTER TABLE sessions ADD COLUMN beginning INTEGER;
ALTER TABLE requests ADD COLUMN beginning INTEGER;
DROP INDEX requests_by_version;
{_BEGINNINGS}
"""


# Temporary access keys; who may have one; and uploaded objects, whose bytes are files.
_GRANTS = """
CREATE TABLE keys(
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, token TEXT NOT NULL, expires_at REAL NOT NULL,
    role TEXT NOT NULL, session TEXT NOT NULL, scope TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE oidc_providers(arn TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE roles(arn TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE objects(
    name TEXT PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL,
    crc64 TEXT NOT NULL, at REAL NOT NULL, used_at REAL) WITHOUT ROWID;
"""


# What Function Compute and the log service keep of their own.
_SERVICES = """
CREATE TABLE concurrency(
    runtime_id TEXT PRIMARY KEY REFERENCES runtimes(id) ON DELETE CASCADE,
    reserved INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE domains(
    name TEXT PRIMARY KEY, document TEXT NOT NULL, created_at REAL NOT NULL,
    updated_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE log_projects(
    name TEXT PRIMARY KEY, document TEXT NOT NULL, created_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE log_stores(
    name TEXT PRIMARY KEY, document TEXT NOT NULL, created_at REAL NOT NULL,
    log_index TEXT) WITHOUT ROWID;
CREATE TABLE networks(
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, vpc_id TEXT NOT NULL) WITHOUT ROWID;
"""


class ForeignDatabaseError(sqlite3.DatabaseError):
    """The database was made by an agentramp that keeps its records in another way."""


def open_database(path: Path, now: Callable[[], float] = time.time) -> sqlite3.Connection:
    """A connection that commits every statement on its own; made with its tables at first use.

    Records of an older version are brought up to date. In WAL mode with ``synchronous=NORMAL`` a
    commit survives the death of the process.
    Raises sqlite3.Error; ForeignDatabaseError before anything is changed.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _set_up(connection, now)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection, now: Callable[[], float]) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= _VERSION:
        raise ForeignDatabaseError(
            f"its records are of version {version}, and this agentramp reads version {_VERSION}"
        )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    if version == 0:
        _make(connection, _TABLES + _BEGINNINGS + _known(0.0) + _GRANTS + _SERVICES)
    elif version == 1:
        _make(connection, _FROM_VERSION_1 + _known(now()) + _GRANTS + _SERVICES)
    elif version == 2:  # noqa: PLR2004 the version's own number
        _make(connection, _GRANTS + _SERVICES)


def _known(since: float) -> str:
    return f"INSERT INTO known VALUES({since!r});"


def _make(connection: sqlite3.Connection, script: str) -> None:
    """All of it or nothing, if the process is killed meanwhile."""
    connection.executescript(f"BEGIN IMMEDIATE;{script}PRAGMA user_version={_VERSION};COMMIT;")


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
