"""Long sentences on a terminal; a log, a pipe and a workflow get them whole."""

import io
import json
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.plan import Plan, Subject
from agentramp.report.channel import RED, Channel
from agentramp.report.console import Console
from agentramp.report.result import Result

LONG = " ".join(["somebody moved production by hand"] * 8)
COMMAND = "agentramp restore examples/quickstart --platform=local --endpoint=production " * 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def reported(stream: io.StringIO, output: str = "text", **environ: str) -> str:
    console = Console(io.StringIO(), terminal=False, clock=lambda: 0.0)
    channel = Channel("promote", "", environ, stream, io.StringIO(), console, output)
    channel.report(Result("promote", LONG, next=COMMAND))
    return stream.getvalue()


def test_a_long_message_is_wrapped_on_a_terminal() -> None:
    *message, following, end = reported(Terminal(), NO_COLOR="1").split("\n")
    assert len(message) > 1
    assert max(map(len, message)) <= 80
    assert " ".join(message) == LONG
    assert (following, end) == (f"next: {COMMAND}", ""), "a command stays on its line"


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_log_has_it_on_one_line(stream: type[io.StringIO]) -> None:
    assert reported(stream(), GITHUB_ACTIONS="true", NO_COLOR="1").split("\n")[0] == LONG
    assert reported(io.StringIO()).split("\n")[0] == LONG


def test_programs_and_workflows_get_it_whole(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    document = reported(Terminal(), "json", GITHUB_OUTPUT=str(outputs))
    assert json.loads(document)["message"] == LONG
    assert LONG in outputs.read_text()


def failed(stream: io.StringIO, **environ: str) -> list[str]:
    console = Console(stream, terminal=False, clock=lambda: 0.0)
    channel = Channel("promote", "", environ, io.StringIO(), stream, console)
    channel.fail(UsageError(LONG, advice="look at it"))
    return stream.getvalue().splitlines()


def test_a_reason_for_failing_too() -> None:
    lines = failed(Terminal(), NO_COLOR="1")
    assert max(map(len, lines)) <= 80
    assert " ".join(lines) == f"agentramp promote: {LONG}; look at it"
    assert all(line.startswith(RED) for line in failed(Terminal()))
    assert len(failed(io.StringIO())) == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_so_does_a_plans_note(*, terminal: bool) -> None:
    stream = io.StringIO()
    console = Console(stream, terminal=terminal, clock=lambda: 0.0)
    console.plan(Plan("promote", Subject("agent", "production"), notes=(LONG,)))
    first, *others = stream.getvalue().splitlines()
    assert first.startswith("  note   somebody")
    assert bool(others) is terminal
    assert all(line.startswith(" " * 9) and len(line) <= 80 for line in others)
    assert " ".join([first[9:], *(line[9:] for line in others)]) == LONG
