import io

import pytest

from agentramp.model import Split
from agentramp.plan import KeepRecord, MoveTraffic, Plan, Subject
from agentramp.record import Resumed
from agentramp.report.channel import Channel
from agentramp.report.console import Console

MOVE = MoveTraffic("rt", "ep", "production", Split(1), Split(2))
BACK = MoveTraffic("rt", "ep", "production", Split(2), Split(1))


def console(*, workflow: bool = True) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    environ = {"GITHUB_ACTIONS": "true"} if workflow else {}
    return Channel.open("deploy", [], environ, io.StringIO(), stream).console, stream


def told(stream: io.StringIO) -> list[str]:
    return [
        line if "done   in" not in line else "  done" for line in stream.getvalue().splitlines()
    ]


def test_a_warning_is_an_annotation_in_a_workflow_and_a_line_elsewhere() -> None:
    said, stream = console()
    said.say("warning: a key\n::error::that stays")
    assert told(stream) == [
        "::warning title=agentramp deploy::a key%0A::error::that stays",
    ]
    said, stream = console(workflow=False)
    said.say("warning: a key")
    assert stream.getvalue() == "  warning: a key\n"


def test_of_many_warnings_ten_are_annotations() -> None:
    said, stream = console()
    for number in range(12):
        said.say(f"warning: {number}")
    lines = told(stream)
    assert [line for line in lines if line.startswith("::warning")] == lines[:10]
    assert lines[10:] == ["  warning: 10", "  warning: 11"]


def test_what_is_said_of_a_step_is_folded_and_its_end_is_not() -> None:
    said, stream = console()
    said.plan(Plan("rollback", Subject("agent", "production"), (MOVE,), (BACK,)))
    said.begin(MOVE)
    said.say("endpoint production is UPDATING (2 s)")
    said.say("endpoint production is READY (4 s)")
    said.end(MOVE)
    said.say("and so on")
    assert told(stream) == [
        "  will   move production: v1 100 % -> v2 100 %",
        "  back   move production: v2 100 % -> v1 100 %",
        "::group::move production: v1 100 %25 -> v2 100 %25",
        "  endpoint production is UPDATING (2 s)",
        "  endpoint production is READY (4 s)",
        "::endgroup::",
        "  done",
        "  and so on",
    ]


def test_a_step_that_says_nothing_is_not_folded() -> None:
    said, stream = console()
    record = KeepRecord(Resumed())
    said.begin(record)
    said.end(record)
    said.begin(MOVE)
    said.end(MOVE)
    assert told(stream) == ["  done"]


def test_a_way_back_is_never_folded_away() -> None:
    said, stream = console()
    said.begin(MOVE)
    said.say("waiting")
    said.going_back(BACK)
    assert told(stream)[-2:] == [
        "::endgroup::",
        "  failed; going back: move production: v2 100 % -> v1 100 %",
    ]


def fail_within(said: Console) -> None:
    with said.grouped("the package of shop"):
        said.say("resolving")
        raise ValueError("no")


def test_long_work_is_folded_and_open_again_where_it_fails() -> None:
    said, stream = console()
    with pytest.raises(ValueError, match="no"):
        fail_within(said)
    with said.grouped("nothing to tell"):
        pass
    assert told(stream) == ["::group::the package of shop", "  resolving", "::endgroup::"]
    said, stream = console(workflow=False)
    with said.grouped("the package of shop"):
        said.say("resolving")
    assert told(stream) == ["  resolving"]
