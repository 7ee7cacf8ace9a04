"""Finds lines by a search, a page at a time, in the order in which they were written.

An ``offset`` is counted only once: where a page ended is remembered, so the next page begins there.
"""

import itertools
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentramp.local import assumptions
from agentramp.local.lines import Source, reader, sources
from agentramp.local.logwords import Search, matches, parse
from agentramp.local.ports import LOOPBACK

LINES_MOST = 100
_PLACES_KEPT = 256
_LINES_BETWEEN_LOOKS = 1000
_AFTER_ALL = 2**62


@dataclass(frozen=True)
class Wanted:
    """``start`` and ``end`` are whole seconds, ``[start, end)``."""

    text: str
    start: int
    end: int
    line: int = LINES_MOST
    offset: int = 0
    reverse: bool = False


@dataclass(frozen=True)
class Page:
    """``complete`` is false where it took too long; what was found until then is here."""

    rows: list[dict[str, str]]
    complete: bool


@dataclass
class Places:
    """By a query with its offset: the id of the last line before that offset."""

    _places: "OrderedDict[Wanted, int]" = field(default_factory=OrderedDict)

    def find(self, wanted: Wanted) -> int | None:
        return self._places.get(wanted)

    def remember(self, wanted: Wanted, last: int) -> None:
        self._places[wanted] = last
        self._places.move_to_end(wanted)
        while len(self._places) > _PLACES_KEPT:
            self._places.popitem(last=False)


@dataclass(frozen=True)
class _Found:
    id: int
    at: int
    source: int
    message: str


def run(
    database: Path,
    wanted: Wanted,
    places: Places,
    seconds: float = assumptions.LOG_QUERY_SECONDS,
) -> Page:
    """For a thread of its own. Raises ParseError, sqlite3.Error."""
    search = parse(wanted.text)
    deadline = time.monotonic() + seconds
    known = places.find(replace(wanted, line=0))
    skipped = wanted.offset if known is None else 0
    with reader(database) as connection:
        told = {source.id: _fields(source) for source in sources(connection)}
        lines = _lines(connection, wanted, _possible(search, told), known)
        late: list[bool] = []
        meant = (
            line
            for line in _until(deadline, lines, late)
            if matches(search, told[line.source], line.message)
        )
        found = list(itertools.islice(meant, skipped, skipped + wanted.line))
    if found:
        after = replace(wanted, line=0, offset=wanted.offset + len(found))
        places.remember(after, found[-1].id)
    return Page([_row(told[one.source], one) for one in found], complete=not late)


def _until(deadline: float, lines: Iterator[_Found], late: list[bool]) -> Iterator[_Found]:
    """No more once the time is over; ``late`` says so."""
    for number, line in enumerate(lines, 1):
        yield line
        if number % _LINES_BETWEEN_LOOKS == 0 and time.monotonic() > deadline:
            late.append(True)
            return


def _possible(search: Search, told: Mapping[int, Mapping[str, str]]) -> list[int]:
    return [key for key, fields in told.items() if matches(search, fields, None) is not False]


def _lines(
    connection: sqlite3.Connection, wanted: Wanted, among: list[int], known: int | None
) -> Iterator[_Found]:
    order, beyond = ("DESC", "<") if wanted.reverse else ("ASC", ">")
    edge = known if known is not None else (_AFTER_ALL if wanted.reverse else 0)
    members = ",".join(map(str, among)) or "NULL"
    statement = (
        "SELECT id,at,source,message FROM lines"  # noqa: S608 constants and whole numbers
        " WHERE id>=(SELECT id FROM lines WHERE at>=:start ORDER BY at,id LIMIT 1)"
        f" AND id{beyond}:edge AND +at<:end AND source IN ({members}) ORDER BY id {order}"
    )
    given = {"start": wanted.start, "end": wanted.end, "edge": edge}
    rows = connection.execute(statement, given)
    return itertools.starmap(_Found, rows)


def _fields(source: Source) -> dict[str, str]:
    """The fields that all lines of a process have in common."""
    return {
        "__topic__": f"FCLogs:{source.function}",
        "__source__": LOOPBACK,
        "functionName": source.function,
        "versionId": source.version,
        "qualifier": source.version,
        "instanceID": source.instance,
    }


def _row(fields: Mapping[str, str], line: _Found) -> dict[str, str]:
    return {"__time__": str(line.at), **fields, "message": line.message}
