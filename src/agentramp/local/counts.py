"""Counts the sessions that began in a span of time, by version, as evidence for a release.

A session counts in the span in which it began, on the version it had then, whatever became of it.
It is bad if a request of it that this version served failed and was over before ``settled``, and
its latency is the longest wait for a first byte among those requests. One of which no request
was over by then is counted and has no latency.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from agentramp.local.records import Endpoint, Label

BOUNDS = tuple(float(f"{10 ** (step / 8):.4g}") for step in range(-24, 25))
"""Upper edges of the latency histogram: 1 ms to 1000 s, eight to a decade."""

# Grouped in the order of the index, so that nothing has to be sorted.
SESSIONS = """
SELECT b.version, max(r.failed), max(r.first_byte)
FROM beginnings b INDEXED BY beginnings_by_time
LEFT JOIN requests r ON r.beginning=b.id AND r.at<:settled
WHERE b.endpoint_id=:endpoint AND b.at>=:start AND b.at<:end
GROUP BY b.at, b.version, b.id
"""


@dataclass(frozen=True)
class Span:
    """``[start, end)``; seconds since 1970-01-01 UTC."""

    start: float
    end: float
    settled: float


@dataclass
class Arm:
    """One version in one span; ``total`` and ``squares`` sum the latencies and their squares."""

    sessions: int = 0
    bad: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0
    squares: float = 0.0

    def add(self, first_byte: float | None, *, failed: bool) -> None:
        self.sessions += 1
        self.bad += failed
        if first_byte is not None:
            self.counts[bisect_left(BOUNDS, first_byte)] += 1
            self.total += first_byte
            self.squares += first_byte * first_byte


@dataclass(frozen=True)
class Unknown:
    """``final`` is false where it may be known later."""

    reason: str
    final: bool


Counted: TypeAlias = dict[Label, Arm] | Unknown


def count(
    database: Path, endpoint: Endpoint, versions: Iterable[Label], spans: Iterable[Span], now: float
) -> list[Counted]:
    """One answer for each span, with an arm for each of ``versions``. Raises sqlite3.Error.

    For a thread of its own: it has its own connection, which cannot write.
    """
    wanted = list(versions)
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        (since,) = connection.execute("SELECT since FROM known").fetchone()
        known = max(since, endpoint.created_at)
        return [_count(connection, endpoint.id, wanted, span, (known, now)) for span in spans]


def _count(
    connection: sqlite3.Connection,
    endpoint_id: str,
    versions: list[Label],
    span: Span,
    known: tuple[float, float],
) -> Counted:
    if span.start < known[0]:
        return Unknown("it began before the platform's records of this endpoint", final=True)
    if span.settled > known[1]:
        return Unknown("it is not settled yet by the platform's clock", final=False)
    arms = {version: Arm() for version in versions}
    rows = connection.execute(
        SESSIONS,
        {
            "endpoint": endpoint_id,
            "start": span.start,
            "end": span.end,
            "settled": span.settled,
        },
    )
    for version, failed, first_byte in rows:
        arm = arms.get(version)
        if arm is not None:
            arm.add(first_byte, failed=bool(failed))
    return arms
