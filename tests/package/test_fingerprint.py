from dataclasses import replace

import pytest

from agentramp.package.fingerprint import CLOCK_TICK_NS, builder_sum, content_sum, stat_sum
from agentramp.package.source import Entry, Source

ENTRY = Entry("a.py", "/src/a.py", 3, executable=False, mtime_ns=100, ctime_ns=200)
LONG_AFTER = 200 + 2 * CLOCK_TICK_NS


def stat_of(entry: Entry) -> str:
    return stat_sum(Source((entry,)), LONG_AFTER)


@pytest.mark.parametrize(
    "changed",
    [
        replace(ENTRY, name="b.py"),
        replace(ENTRY, size=4),
        replace(ENTRY, executable=True),
        replace(ENTRY, mtime_ns=101),
        replace(ENTRY, ctime_ns=201),
    ],
)
def test_every_part_of_a_files_state_counts(changed: Entry) -> None:
    assert stat_of(changed) != stat_of(ENTRY)


def test_where_a_file_lies_does_not_count() -> None:
    assert stat_of(replace(ENTRY, path="/elsewhere/a.py")) == stat_of(ENTRY)


def test_a_file_that_may_still_change_within_its_clocks_tick_is_not_believed() -> None:
    assert stat_sum(Source((ENTRY,)), 200 + CLOCK_TICK_NS - 1) == ""
    assert stat_sum(Source((ENTRY,)), 200 + CLOCK_TICK_NS) != ""


def test_content_counts_and_time_does_not() -> None:
    first = content_sum(Source((ENTRY,)), [b"1"])

    assert content_sum(Source((replace(ENTRY, mtime_ns=7, ctime_ns=8),)), [b"1"]) == first
    assert content_sum(Source((ENTRY,)), [b"2"]) != first


def test_the_target_counts() -> None:
    assert builder_sum("python3.12") != builder_sum("python3.10")
