"""The SQL that counts a function's requests by window and version in the log service.

It is valid for the log service's SQL (which is Presto's) and for SQLite, which the embedded
platform runs it with. All that it uses is documented for the log service: nested subqueries,
``CASE``, ``CAST`` to double and varchar, ``IN``, ``count``, ``sum``, ``GROUP BY`` and ``LIMIT``,
without which only 100 rows come.

The fields are those of Function Compute's request metrics. A request belongs to the window in
which it began, by ``invocationStartTimestamp`` (milliseconds), and counts if it was over before
the window is settled, by that and ``durationMs``. ``__time__`` only bounds the search: it is cut
to seconds and no source says whether it is a request's beginning or its end.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agentramp.evidence.port import Span

SPANS_AT_ONCE = 100
"""Windows of one query: no limit of a statement's length is documented, so it stays short."""

# Each level names what the next one uses: a name is not known on the level that gives it.
_QUERY = (
    "* | SELECT span, version, count(1) AS requests,"
    " sum(CASE WHEN failed = 'true' THEN 1 ELSE 0 END) AS bad"
    " FROM (SELECT version, failed, CASE {cases} ELSE -1 END AS span"
    " FROM (SELECT cast(versionId as varchar) AS version, hasFunctionError AS failed,"
    " cast(invocationStartTimestamp as double) AS began,"
    " cast(invocationStartTimestamp as double) + cast(durationMs as double) AS ended"
    " FROM log WHERE {conditions}) AS told) AS placed"
    " WHERE span >= 0 GROUP BY span, version LIMIT {rows}"
)


@dataclass(frozen=True)
class Scope:
    """Whose requests are counted: ``qualifier`` None takes those by any alias."""

    function: str
    versions: tuple[int, ...]
    qualifier: str | None = None


@dataclass(frozen=True)
class Query:
    """``start`` and ``end`` are whole seconds and bound what is searched: ``[start, end)``."""

    text: str
    start: int
    end: int


def batches(spans: Iterable[Span]) -> Iterator[tuple[Span, ...]]:
    """Spans that one query can ask for: no two of them share an instant."""
    batch: list[Span] = []
    for span in spans:
        if batch and (span.start < batch[-1].end or len(batch) == SPANS_AT_ONCE):
            yield tuple(batch)
            batch = []
        batch.append(span)
    if batch:
        yield tuple(batch)


def query(scope: Scope, spans: Sequence[Span]) -> Query:
    """Rows with ``span``, which counts from 0, ``version``, ``requests`` and ``bad``."""
    versions = ", ".join(f"'{version}'" for version in scope.versions)
    conditions = [
        f"functionName = {_quoted(scope.function)}",
        "operation = 'InvokeFunction'",
        f"cast(versionId as varchar) IN ({versions})",
    ]
    if scope.qualifier is not None:
        conditions.append(f"qualifier = {_quoted(scope.qualifier)}")
    text = _QUERY.format(
        cases=" ".join(_case(number, span) for number, span in enumerate(spans)),
        conditions=" AND ".join(conditions),
        rows=len(spans) * len(scope.versions),
    )
    first = min(span.start for span in spans)
    last = max(span.settled for span in spans)
    return Query(text, math.floor(first), math.floor(last) + 1)


def _case(number: int, span: Span) -> str:
    start, end, settled = (_milliseconds(edge) for edge in (span.start, span.end, span.settled))
    return f"WHEN began >= {start} AND began < {end} AND ended < {settled} THEN {number}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3f}"


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
