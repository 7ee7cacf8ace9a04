import pytest

from agentramp.component import Installation
from agentramp.model import Split
from agentramp.record import (
    Adopted,
    Event,
    Installed,
    Installing,
    Judged,
    Moved,
    Moving,
    Record,
    Undone,
    Uninstalled,
)
from agentramp.report.plain import columns
from agentramp.report.records import Loose, listed, told
from tests.report import ramps

HERE, THERE = Split(7), Split(7, ((8, 10),))


def moved(*events: Event) -> list[Loose | None]:
    records = [Record("promote", at, event) for at, event in enumerate(events)]
    return [one.loose for one in told(records)]


def test_a_move_without_an_end_is_marked() -> None:
    begun, done = Moving(HERE, THERE), Moved(HERE, THERE)
    undone = Undone(HERE, HERE)
    assert moved(begun) == [Loose.OPEN]
    assert moved(begun, done) == [None, None]
    assert moved(begun, undone) == [None, None]
    assert moved(begun, begun, done) == [Loose.GIVEN_UP, None, None]
    assert moved(begun, Adopted(THERE)) == [Loose.GIVEN_UP, None]
    assert moved(begun, Adopted(THERE), begun) == [Loose.GIVEN_UP, None, Loose.OPEN]


def test_an_install_without_an_end_is_marked() -> None:
    old = Installation("z2qa", "0.1.0", "/shop", "", "")
    new = Installation("z2qa", "0.1.1", "/shop", "", "")
    begun, done, gone = Installing(old, new, "v0.1.1"), Installed(new), Uninstalled(new)
    assert moved(begun) == [Loose.OPEN]
    assert moved(begun, done) == moved(begun, gone) == [None, None]
    assert moved(begun, begun, done) == [Loose.GIVEN_UP, None, None]
    records = [Record("deploy", 0, one) for one in (begun, done, Installing(None, new), gone)]
    assert [line[21:] for line in listed(told(records), 200)] == [
        "deploy   begins to install at /shop: 0.1.0 -> 0.1.1 (v0.1.1)",
        "deploy > done: 0.1.1 runs at /shop",
        "deploy   begins to install at /shop: 0.1.1, new",
        "deploy > removed 0.1.1 from /shop",
    ]


def test_a_record_is_a_line_with_time_verb_what_and_who() -> None:
    lines = list(listed(told(ramps.first_release().records), width=200))
    assert lines == [
        (
            "2026-03-02 08:00:00  release   begins to move: a new endpoint -> v1 100 %"
            " (first release: there is no version to compare) - release #41 (octocat)"
        ),
        "2026-03-02 08:00:08  release > done: serves v1 100 %",
    ]


def test_a_reason_that_stands_in_the_line_above_is_not_said_again() -> None:
    records = ramps.rolled_back().records
    judged, begun, _ = told(records)[-3:]
    assert isinstance(judged.event, Judged)
    assert judged.sentence.startswith("rolled back: ")
    assert begun.sentence == "begins to move: v7 90 %, v8 10 % -> v7 100 %"


def test_who_is_named_where_it_changes() -> None:
    lines = list(listed(told(ramps.eventful().records)))
    assert [line for line in lines if " - ada" in line] == [
        "2026-03-02 08:16:24  pause     paused: waiting for the Monday meeting - ada"
    ]


@pytest.mark.parametrize("name", sorted(ramps.ALL))
def test_every_line_fits_and_no_word_is_lost(name: str) -> None:
    records = ramps.ALL[name]().records
    lines = list(listed(told(records)))
    assert max(map(columns, lines)) <= 80
    assert all(char.isprintable() for line in lines for char in line)
    squeezed = "".join("".join(lines).split())
    for one in told(records):
        assert "".join(one.sentence.split())[:50] in squeezed
