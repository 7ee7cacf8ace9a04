"""The lines that agents wrote, in a database of their own, and how far each log was read.

A line and the place that its log was read up to are written in one transaction, so a line is there
exactly once, whenever the server is killed. ``at`` never goes back: by ``id`` is by time too.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agentramp.local import assumptions
from agentramp.local.schema import transaction

_LOG = logging.getLogger(__name__)

_CHUNK = 1024 * 1024
_PRUNED_AT_ONCE = 50_000
_TABLES = """
CREATE TABLE IF NOT EXISTS sources(
    id INTEGER PRIMARY KEY, runtime_id TEXT NOT NULL, version TEXT NOT NULL,
    instance TEXT NOT NULL, log TEXT NOT NULL, position INTEGER NOT NULL, open INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS lines(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, source INTEGER NOT NULL,
    message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS lines_by_time ON lines(at);
"""


@dataclass(frozen=True)
class Source:
    """One process of an agent."""

    id: int
    runtime_id: str
    version: str
    instance: str

    @property
    def function(self) -> str:
        return assumptions.FUNCTION_PREFIX + self.runtime_id


@dataclass(frozen=True)
class _Open:
    id: int
    log: Path
    position: int


def open_lines(path: Path) -> sqlite3.Connection:
    """For one thread at a time; what is no database of lines is set aside. Raises sqlite3.Error."""
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) or not path.exists():
            raise
        aside = path.with_name(f"{path.name}.broken")
        _LOG.error("%s cannot be read (%s): it is %s from now on", path, error, aside.name)
    path.replace(aside)
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_TABLES)
        # The last lines are where the next ones go: broken pages are met there first.
        connection.execute("SELECT max(id),max(at) FROM lines").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


class Lines:
    def __init__(
        self,
        connection: sqlite3.Connection,
        now: Callable[[], float],
        kept: int = assumptions.LINES_KEPT,
        pruned_after: int = _PRUNED_AT_ONCE,
    ) -> None:
        self._db = connection
        self._now = now
        self._kept = kept
        self._pruned_after = pruned_after
        self._since_pruned = 0

    def add_source(self, source: Source, log: Path, position: int) -> None:
        """From ``position`` on ``log`` holds what this process writes."""
        self._db.execute(
            "INSERT INTO sources(runtime_id,version,instance,log,position,open)"
            " VALUES(?,?,?,?,?,1)",
            (source.runtime_id, source.version, source.instance, str(log), position),
        )

    def read_all(self) -> None:
        """Take what the logs of all running processes have gained."""
        for source in self._open():
            self._read(source, ended=False)
        if self._since_pruned >= self._pruned_after:
            self.prune()

    def finish(self, log: Path | None = None) -> None:
        """Take the rest of what was written to ``log`` (None: to all) by processes that ended."""
        for source in self._open():
            if log in {None, source.log}:
                self._read(source, ended=True)
                self._db.execute("UPDATE sources SET open=0 WHERE id=?", (source.id,))

    def prune(self) -> None:
        self._since_pruned = 0
        oldest = int(self._now()) - assumptions.LINES_KEPT_SECONDS
        (newest,) = self._db.execute("SELECT coalesce(max(id),0) FROM lines").fetchone()
        self._db.execute("DELETE FROM lines WHERE id<=?", (newest - self._kept,))
        self._db.execute("DELETE FROM lines WHERE at<?", (oldest,))
        self._db.execute(
            "DELETE FROM sources WHERE open=0 AND id NOT IN (SELECT DISTINCT source FROM lines)"
        )

    def close(self) -> None:
        self._db.close()

    def _open(self) -> list[_Open]:
        rows = self._db.execute("SELECT id,log,position FROM sources WHERE open=1 ORDER BY id")
        return [_Open(number, Path(log), position) for number, log, position in rows]

    def _read(self, source: _Open, *, ended: bool) -> None:
        try:
            with source.log.open("rb") as stream:
                stream.seek(source.position)
                for position, messages in _pieces(stream.read, source.position, ended=ended):
                    self._add(source, position, messages)
        except FileNotFoundError:
            return

    def _add(self, source: _Open, position: int, messages: list[str]) -> None:
        with transaction(self._db):
            (last,) = self._db.execute("SELECT coalesce(max(at),0) FROM lines").fetchone()
            at = max(int(self._now()), last)
            self._db.executemany(
                "INSERT INTO lines(at,source,message) VALUES(?,?,?)",
                ((at, source.id, message) for message in messages),
            )
            self._db.execute("UPDATE sources SET position=? WHERE id=?", (position, source.id))
        self._since_pruned += len(messages)


def _pieces(
    read: Callable[[int], bytes], position: int, *, ended: bool
) -> Iterator[tuple[int, list[str]]]:
    """Whole lines, and up to where they go; what has no end yet is left unless it is ``ended``."""
    rest = b""
    while data := read(_CHUNK):
        *whole, rest = (rest + data).split(b"\n")
        position += sum(len(line) + 1 for line in whole)
        messages = [piece for line in whole for piece in _cut(line)]
        while len(rest) > assumptions.LINE_BYTES:
            piece, rest = rest[: (at := _edge(rest))], rest[at:]
            position += at
            messages.append(_text(piece))
        if messages:
            yield position, messages
    if rest and ended:
        yield position + len(rest), _cut(rest)


def _cut(line: bytes) -> list[str]:
    """A line in pieces that are not too long; of an empty line one that is empty."""
    pieces, line = [], line.removesuffix(b"\r")
    while len(line) > assumptions.LINE_BYTES:
        at = _edge(line)
        pieces.append(_text(line[:at]))
        line = line[at:]
    return [*pieces, _text(line)]


def _edge(line: bytes) -> int:
    """Where a line that is too long is cut: not within a character of UTF-8."""
    at = assumptions.LINE_BYTES
    while at > assumptions.LINE_BYTES - 4 and line[at] & 0xC0 == 0x80:  # noqa: PLR2004 UTF-8's own
        at -= 1
    return at


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", "replace")


def sources(connection: sqlite3.Connection) -> list[Source]:
    rows = connection.execute("SELECT id,runtime_id,version,instance FROM sources")
    return [Source(*row) for row in rows]


def reader(path: Path) -> "closing[sqlite3.Connection]":
    return closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True))
