import sqlite3
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.evidence.log_query import SPANS_AT_ONCE, Scope, batches, query
from agentramp.evidence.port import Span

SPANS = (Span(1000, 1010, 1015, 10), Span(1010, 1020, 1025, 10), Span(1030.5, 1040, 1040, 10))
Line = tuple[str, float, float, bool]
"""A version, and in seconds when the request began and how long it took; whether it failed."""


def counted(lines: list[Line], scope: Scope, spans: tuple[Span, ...]) -> set[tuple[object, ...]]:
    text = query(scope, spans).text.removeprefix("* | ")
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE TABLE log(functionName, operation, qualifier, versionId,"
            " hasFunctionError, invocationStartTimestamp, durationMs)"
        )
        database.executemany(
            "INSERT INTO log VALUES('agentrun-rt','InvokeFunction','production',?,?,?,?)",
            [
                # As text, which an index without types makes of every field.
                (version, str(failed).lower(), f"{began * 1000:.0f}", f"{took * 1000:.2f}")
                for version, began, took, failed in lines
            ],
        )
        return set(database.execute(text))


def test_a_request_counts_where_it_began_if_it_was_over_in_time() -> None:
    lines = [
        ("1", 999.999, 1, False),  # before
        ("1", 1000, 1, False),
        ("1", 1009.999, 1, True),
        ("1", 1010, 1, True),  # the next window's
        ("2", 1012, 12.5, True),
        ("2", 1012, 13, True),  # over when the window was settled
        ("1", 1025, 1, True),  # between
        ("2", 1030.5, 1, False),
        ("3", 1031, 1, True),  # somebody else's
    ]
    found = counted(lines, Scope("agentrun-rt", (1, 2)), SPANS)
    assert found == {(0, "1", 2, 1), (1, "1", 1, 1), (1, "2", 1, 1), (2, "2", 1, 0)}


def test_a_qualifier_is_asked_for_where_it_is_known() -> None:
    lines: list[Line] = [("1", 1001, 1, False)]
    assert counted(lines, Scope("agentrun-rt", (1, 2), "production"), SPANS)
    assert not counted(lines, Scope("agentrun-rt", (1, 2), "staging"), SPANS)
    assert not counted(lines, Scope("agentrun-other", (1, 2)), SPANS)


def test_names_cannot_leave_their_quotes() -> None:
    scope = Scope("x' OR '1'='1", (1, 2), "y'; --")
    assert counted([("1", 1001, 1, False)], scope, SPANS) == set()


def test_the_search_holds_every_second_of_the_windows() -> None:
    asked = query(Scope("f", (1, 2)), SPANS)
    assert (asked.start, asked.end) == (1000, 1041)
    asked = query(Scope("f", (1, 2)), [Span(10.9, 20.1, 30.9, 5)])
    assert (asked.start, asked.end) == (10, 31)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=250))
def test_batches_keep_the_order_and_never_overlap(edges: list[tuple[int, int]]) -> None:
    spans = [Span(start, start + width, start + width, 1) for start, width in edges]
    found = list(batches(spans))
    assert [span for batch in found for span in batch] == spans
    for batch in found:
        assert 0 < len(batch) <= SPANS_AT_ONCE
        assert all(before.end <= after.start for before, after in pairwise(batch))


@pytest.mark.parametrize("count", [1, SPANS_AT_ONCE, SPANS_AT_ONCE + 1])
def test_no_more_queries_than_needed(count: int) -> None:
    spans = [Span(60 * n, 60 * n + 60, 60 * n + 70, 1) for n in range(count)]
    assert len(list(batches(spans))) == 1 + (count > SPANS_AT_ONCE)
