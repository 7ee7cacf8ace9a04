"""instances: which one a command runs in, what goes in and comes out, and what is refused."""

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.errors import RefusedError, UsageError
from agentramp.model import Split
from agentramp.parser import Command as Parsed
from agentramp.parser import parse
from agentramp.platform.functions import Command, ConnectionLostError, Instance, Wires
from agentramp.platform.memory_functions import MemoryFunction, MemoryFunctions, Program
from agentramp.report import json
from agentramp.report.console import Console
from agentramp.report.lines import Lines
from agentramp.report.result import Streamed
from agentramp.verbs import instances
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target
from tests.verbs.scene import RUNTIME, Scene, arguments


def shout(command: Command, wires: Wires) -> int:
    for data in wires.read():
        wires.out(data.upper())
    wires.err(b"\xff" + " ".join(command.words).encode())
    return 7


PROGRAMS: Mapping[str, Program] = {"shout": shout, "sh": shout, "cut": lambda *_: None}


class Stage:
    """A scene whose streams are bytes, and whose runtime has instances."""

    def __init__(self, folder: Path) -> None:
        self.scene = Scene(folder)
        self.out, self.err, self.stdin = io.BytesIO(), io.BytesIO(), io.BytesIO(b"piped\n")
        self.texts = (io.TextIOWrapper(self.out), io.TextIOWrapper(self.err, write_through=True))
        self.running: list[Instance] = []
        self.terminal = False

    @property
    def context(self) -> Context:
        out, err = self.texts
        return replace(
            self.scene.context,
            lines=Lines(out),
            console=Console(err, terminal=False, clock=lambda: 0.0),
            stdin=lambda: self.stdin,
            terminal=self.terminal,
        )

    @property
    def where(self) -> Target:
        function = MemoryFunction(tuple(self.running), programs=PROGRAMS)
        functions = MemoryFunctions({self.scene.runtime: function})
        return replace(self.scene.where, functions=lambda: functions)

    def starts(self, name: str, version: str, at: float, status: str = "Running") -> None:
        self.running.append(Instance(name, version, status, at, version))

    def exec(self, *words: str) -> Streamed:
        args = arguments("instances", "exec", *words)
        context = self.context
        command = instances.asked_for(args, context)
        return instances.executed(args, context, self.where, command)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.starts("old", "1", 100)
    stage.starts("new", "1", 300)
    stage.starts("gone", "1", 900, "Destroyed")
    stage.starts("two", "2", 500)
    return stage


def test_the_status_and_the_bytes_are_the_commands(stage: Stage) -> None:
    assert stage.exec("--", "shout", "-x") == Streamed("instances exec", exit_code=7)
    assert stage.out.getvalue() == b"PIPED\n"
    assert stage.err.getvalue() == b"  in instance new (version 1)\n\xffshout -x"


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ((), "new"),
        (("--version", "2"), "two"),
        (("--instance-id", "old"), "old"),
        (("--instance-id", "two"), "two"),
    ],
)
def test_which_instance(stage: Stage, words: tuple[str, ...], chosen: str) -> None:
    stage.exec(*words, "--", "shout")
    assert f"in instance {chosen} ".encode() in stage.err.getvalue()


def test_the_endpoints_stable_version_is_meant(stage: Stage) -> None:
    stage.scene.by_hand(Split(2, ((1, 10),)))
    stage.exec("--", "shout")
    assert b"in instance two " in stage.err.getvalue()


@pytest.mark.parametrize(
    "words", [("--version", "3"), ("--instance-id", "none"), ("--instance-id=x", "--version=1")]
)
def test_where_none_runs_it_says_what_to_do(stage: Stage, words: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="run") as refused:
        stage.exec(*words, "--", "shout")
    assert refused.value.exit_code == 3
    assert "request" in refused.value.advice
    assert "instances list" in refused.value.advice


def test_a_line_that_is_cut_is_exit_3(stage: Stage) -> None:
    with pytest.raises(ConnectionLostError) as lost:
        stage.exec("--", "cut")
    assert lost.value.exit_code == 3


def test_cmd_is_a_line_for_sh(stage: Stage) -> None:
    stage.exec("--cmd", "ls -lh | head")
    assert stage.err.getvalue().endswith(b"\xffsh -c ls -lh | head")


def command(stage: Stage, *words: str) -> Command:
    return instances.asked_for(arguments("instances", "exec", *words), stage.context)


def test_what_a_command_is_given(stage: Stage) -> None:
    assert command(stage, "--", "ls") == Command(("ls",))
    assert command(stage, "--no-stdin", "--", "ls") == Command(("ls",), input=False)
    assert command(stage, "--no-shell", "--", "ls") == Command(("ls",), shell=False)
    assert command(stage, "--workdir", "/x", "--", "ls") == Command(("ls",), "/x")
    stage.terminal = True
    assert command(stage, "--", "ls") == Command(("ls",), input=False)


def test_standard_input_is_left_to_others(stage: Stage) -> None:
    stage.exec("--no-stdin", "--", "shout")
    assert stage.out.getvalue() == b""
    assert stage.stdin.read() == b"piped\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no command, and no terminal"),
        (("--cmd", "ls", "--", "ls"), "two commands"),
        (("--no-shell", "--workdir", "/x", "--", "ls"), "--workdir needs a shell"),
        (("--no-shell", "--cmd", "ls"), "--cmd is a line for sh"),
        (("--output", "json", "--", "ls"), "no JSON of ours"),
    ],
)
def test_what_makes_no_sense(stage: Stage, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        instances.run(arguments("instances", "exec", *words), stage.context)
    assert refused.value.advice


@pytest.mark.parametrize(
    "words", [("--cmd", "x"), ("--", "x"), ("--no-stdin",), ("--instance-id", "x")]
)
def test_what_is_for_exec_is_not_for_list(stage: Stage, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="goes with instances exec"):
        instances.run(arguments("instances", "list", *words), stage.context)


def test_instances_are_listed_newest_first(stage: Stage) -> None:
    stage.scene.now = 1000.0
    told = instances.listed(arguments("instances", "list"), stage.where)
    assert told.message == f"runtime {RUNTIME}: 4 instances"
    assert [line.split() for line in told.lines] == [
        ["instance", "version", "status", "age"],
        ["gone", "1", "Destroyed", "1m", "40s"],
        ["two", "2", "Running", "8m", "20s"],
        ["new", "1", "Running", "11m", "40s"],
        ["old", "1", "Running", "15m"],
    ]
    assert '{"id": "two", "version": "2", "status": "Running", "created_at": 500' in json.answer(
        told
    )
    only = instances.listed(arguments("instances", "list", "--version", "2"), stage.where)
    assert only.message == f"runtime {RUNTIME}: 1 instance of version 2"


def test_none(tmp_path: Path) -> None:
    told = instances.listed(arguments("instances", "list"), Stage(tmp_path).where)
    assert (told.message, told.lines) == (f"runtime {RUNTIME}: no instances", ())


def test_words_after_the_dashes_are_no_words_of_ours() -> None:
    verb = Parsed("instances", "", "", instances.add_arguments)
    environ = {"AGENTRAMP_INPUT_PLATFORM": "local"}
    args = parse(verb, ["exec", "here", "--", "ls", "--help", "--", "-h"], environ)
    assert (args.path, args.platform) == ("here", "local")
    assert args.words == ("ls", "--help", "--", "-h")
    assert parse(verb, ["exec", "--", "sh", "-c", "exit 7"], {}).path == "."
    with pytest.raises(UsageError, match="unrecognized arguments: ls"):
        parse(verb, ["exec", "here", "ls"], {})
