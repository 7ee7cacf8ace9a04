"""Runs the SQL of a log query for real, over the gateway's records in the log service's form."""

import math
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agentramp.local import assumptions

_ROWS_BY_DEFAULT = 100
_ROWS_MOST = 100_000
_STEPS_BETWEEN_LOOKS = 10_000
_LIMIT = re.compile(r"\blimit\s+\d+\s*$", re.IGNORECASE)

# ``__time__`` is cut to seconds, as the service keeps it.
_LOG = """
CREATE TEMP VIEW log AS SELECT
    CAST(r.at AS INTEGER) AS __time__,
    '{prefix}' || u.id AS functionName,
    r.version AS versionId,
    e.name AS qualifier,
    printf('%032x', r.rowid) AS requestId,
    'InvokeFunction' AS operation,
    'Sync' AS invocationType,
    round(r.duration * 1000, 3) AS durationMs,
    CAST(round((r.at - r.duration) * 1000) AS INTEGER) AS invocationStartTimestamp,
    CASE WHEN r.failed THEN 'true' ELSE 'false' END AS hasFunctionError
FROM requests r JOIN endpoints e ON e.id = r.endpoint_id JOIN runtimes u ON u.id = e.runtime_id
WHERE r.at >= {start} AND r.at < {end}
"""
_HARMLESS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION}
_READ_BY_LOG = {
    *(("requests", name) for name in ("ROWID", "at", "endpoint_id", "version", "duration")),
    *(("requests", "failed"), ("endpoints", "id"), ("endpoints", "name")),
    *(("endpoints", "runtime_id"), ("runtimes", "id")),
}


class QueryError(ValueError):
    """The query cannot be run, or takes too long."""


@dataclass(frozen=True)
class LogQuery:
    """``text`` is ``* | SELECT ...``; ``start`` and ``end`` are whole seconds, ``[start, end)``."""

    text: str
    start: int
    end: int


def run(
    database: Path, query: LogQuery, seconds: float = assumptions.LOG_QUERY_SECONDS
) -> list[dict[str, str]]:
    """The rows, all values as text as the service writes them. Raises QueryError, sqlite3.Error.

    For a thread of its own, for up to ``seconds``.
    """
    search, bar, statement = query.text.partition("|")
    if not bar or search.strip() not in {"", "*"}:
        raise QueryError("the embedded platform reads only queries that begin with: * | SELECT")
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        connection.create_function("floor", 1, math.floor, deterministic=True)
        prefix = assumptions.FUNCTION_PREFIX
        connection.execute(_LOG.format(prefix=prefix, start=query.start, end=query.end))
        _confine(connection, seconds)
        return _rows(connection, statement.strip())


def _confine(connection: sqlite3.Connection, seconds: float) -> None:
    """From here on it reads the view and nothing else, and not for ever."""
    deadline = time.monotonic() + seconds

    def may(action: int, table: str | None, column: str | None, *source: str | None) -> int:
        # A query can call a part of itself log, so the columns below the view are named too.
        through_log = source[-1] == "log" and (table, column) in _READ_BY_LOG
        reads = action == sqlite3.SQLITE_READ and (table == "log" or through_log)
        return sqlite3.SQLITE_OK if reads or action in _HARMLESS else sqlite3.SQLITE_DENY

    connection.set_authorizer(may)
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)


def _rows(connection: sqlite3.Connection, statement: str) -> list[dict[str, str]]:
    most = _ROWS_MOST if _LIMIT.search(statement) else _ROWS_BY_DEFAULT
    try:
        found = connection.execute(statement)
        rows = found.fetchmany(most)
    except (sqlite3.Error, ValueError) as error:
        raise QueryError(str(error)) from error
    if found.description is None:
        raise QueryError("it is no SELECT")
    names = [column[0] for column in found.description]
    return [dict(zip(names, map(_text, row), strict=True)) for row in rows]


def _text(value: object) -> str:
    return "null" if value is None else str(value)
