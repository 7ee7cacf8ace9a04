"""agentramp logs as a user runs it, against the embedded platform: every line, once, in order."""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agentramp.local import daemon
from tests.local.client import Control, Endpoint
from tests.release.conftest import Ended, User

KEPT = {"project": "logs-here", "logstore": "agents"}
PEAK = """
import sys
from agentramp import cli
code = cli.main(sys.argv[1:])
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
sys.stderr.write("\\n" + peak[0])
sys.exit(code)
"""
"""Tells the most memory that the process had, in kilobytes; wait4 would count its parent's too."""
MAY_GROW = 8_000
"""Kilobytes: 90,000 lines more are four megabytes of text, and as Python keeps them fifty."""


@dataclass(frozen=True)
class Agent:
    """One runtime whose agent prints what it is told to."""

    user: User
    name: str
    endpoint: Endpoint

    def says(self, *lines: str) -> None:
        text = "".join(f"{line}\n" for line in lines)
        assert self.endpoint.ask(f"/?text={quote(text)}").status == 200

    def counts(self, lines: int) -> None:
        assert self.endpoint.ask(f"/?lines={lines}&word=counted").status == 200

    def words(self, *more: str) -> tuple[str, ...]:
        return ("logs", "--platform", "local", "--runtime", self.name, *more)

    def logs(self, *more: str) -> Ended:
        return self.user.run(*self.words(*more))

    def told(self, *more: str) -> list[dict[str, Any]]:
        ended = self.logs("--output", "json", *more)
        assert ended.code == 0, ended.err
        return [json.loads(line) for line in ended.out.splitlines()]

    def messages(self, *more: str) -> list[str]:
        return [line["message"] for line in self.told(*more)]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Agent]]:
    home = tmp_path_factory.mktemp("home")
    control = Control(daemon.start(home))

    def make(**more: Any) -> Agent:
        endpoint = control.serve("one", agent="printer.py", **more)
        name = control.call("GET", endpoint.runtime).data["agentRuntimeName"]
        return Agent(User(home, home), name, endpoint)

    yield make
    daemon.stop(home, timeout=30)


@pytest.fixture(scope="module")
def agent(start: Callable[..., Agent]) -> Agent:
    """What it says once and for all tests that only read."""
    agent = start(logConfiguration=KEPT)
    agent.says("GET /a req-7", "x [ERROR] it broke", "ValueError: no", "GET /b req-8")
    return agent


def test_lines_for_people(agent: Agent) -> None:
    ended = agent.logs()
    assert ended.code == 0
    first = ended.out.splitlines()[0]
    moment, version, instance, *words = first.split()
    assert (moment[-1], version, instance[:2]) == ("Z", "v1", "c-")
    assert words == ["GET", "/a", "req-7"]


def test_a_line_as_json(agent: Agent) -> None:
    (line,) = agent.told("--search", "broke")
    assert set(line) == {"time", "message", "version", "instance", "request_id", "qualifier"}
    assert (line["message"], line["version"]) == ("x [ERROR] it broke", "1")


def test_what_failed_and_what_did_not(agent: Agent) -> None:
    assert agent.messages("--type", "fail") == ["x [ERROR] it broke", "ValueError: no"]
    assert agent.messages("--type", "success") == ["GET /a req-7", "GET /b req-8"]


FILTERS = [
    (["--search", "broke"], ["x [ERROR] it broke"]),
    (["--request-id", "req-8"], ["GET /b req-8"]),
    (["--search", "GET", "--request-id", "req-7"], ["GET /a req-7"]),
    (["--version", "2"], []),
    (["--instance-id", "c-nobody"], []),
    (["--start-time", "2h", "--end-time", "1h"], []),
    (["--start-time", "2020-01-01T00:00:00Z", "--end-time", "1577840400"], []),
]


@pytest.mark.parametrize(("words", "expected"), FILTERS)
def test_filters(agent: Agent, words: list[str], expected: list[str]) -> None:
    assert agent.messages(*words) == expected


def test_filters_that_fit_all(agent: Agent) -> None:
    lines = agent.told("--start-time", "30m", "--version", "1")
    assert len(lines) == 4
    instance = lines[0]["instance"]
    assert agent.told("--instance-id", instance, "-s", "30 minutes ago", "-e", "now") in (
        lines,
        [],  # written in this very second, which an end of now leaves out
    )
    assert agent.told("--instance-id", instance) == lines


def test_no_line_is_said_and_no_error(agent: Agent) -> None:
    ended = agent.logs("--search", "absent")
    assert (ended.code, ended.out) == (0, "")
    assert "no such line in log store agents of logs-here" in ended.err


REFUSED = [
    (["--start-time", "soon"], 2, "--start-time: 'soon' is no time"),
    (["--start-time", "1h", "--end-time", "2h"], 2, "--start-time is not before --end-time"),
    (["--tail", "--end-time", "now"], 2, "--tail has no end"),
    (["--version", "LATEST"], 2, "LATEST"),
    (["--type", "odd"], 2, "invalid choice"),
]


@pytest.mark.parametrize(("words", "code", "why"), REFUSED)
def test_what_makes_no_sense(agent: Agent, words: list[str], code: int, why: str) -> None:
    ended = agent.logs(*words)
    assert (ended.code, ended.out) == (code, "")
    assert why in ended.err


def test_a_runtime_without_logs(start: Callable[..., Agent]) -> None:
    """On AgentRun nobody keeps them; the embedded platform keeps every line."""
    silent = start()
    silent.says("kept here")
    assert "kept here" in silent.messages()

    server = daemon.status(silent.user.home)
    assert server
    elsewhere = ("logs", "--runtime", silent.name, "--region", server.region)
    ended = silent.user.run(
        *elsewhere,
        AGENTRUN_CONTROL_ENDPOINT=server.control_url,
        AGENTRUN_ACCESS_KEY_ID=server.access_key_id,
        AGENTRUN_ACCESS_KEY_SECRET=server.access_key_secret,
        AGENTRUN_ACCOUNT_ID=server.account_id,
    )
    assert ended.code == 3, ended.err
    assert "logConfig: auto" in ended.err.splitlines()[-1]


def test_a_runtime_that_is_not_there(agent: Agent) -> None:
    ended = agent.user.run("logs", "--platform", "local", "--runtime", "nobody")
    assert ended.code == 2
    assert "nobody" in ended.err


def test_more_than_a_page(start: Callable[..., Agent]) -> None:
    agent = start(logConfiguration=KEPT)
    agent.counts(250)
    assert agent.messages() == [f"line {number} counted" for number in range(250)]


def test_who_reads_them_leaves(start: Callable[..., Agent]) -> None:
    """As ``agentramp logs | head -1``: quiet, and not a success."""
    many = start(logConfiguration=KEPT)
    many.counts(5000)
    process = many.user.start(*many.words())
    assert process.stdout
    assert process.stderr
    assert "line 0 counted" in process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 1
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_tail_that_is_left_running(start: Callable[..., Agent]) -> None:
    """Each line once, though what may have come late is read again at every look."""
    agent = start(logConfiguration=KEPT)
    agent.says("before")
    process = agent.user.start(*agent.words("--tail", "-s", "1h", "--output", "json"))
    with process, contextlib.ExitStack() as cleanup:
        cleanup.callback(process.kill)
        assert process.stdout
        seen = [next_message(process)]
        for lines in (["one", "twice", "twice"], ["two"], ["last"]):
            agent.says(*lines)
            while seen[-1] != lines[-1] or seen.count(lines[-1]) < lines.count(lines[-1]):
                seen.append(next_message(process))
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
    assert seen == ["before", "one", "twice", "twice", "two", "last"]
    (end,) = rest.splitlines()
    assert json.loads(end)["exit_code"] == 130


def next_message(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    line = process.stdout.readline()
    assert line, "it ended"
    message: str = json.loads(line)["message"]
    return message


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel tells no VmHWM")
def test_a_hundred_thousand_lines_and_no_more_memory(
    start: Callable[..., Agent], tmp_path: Path
) -> None:
    def read(lines: int) -> int:
        agent = start(logConfiguration=KEPT)
        agent.counts(lines)
        out = tmp_path / str(lines)
        with out.open("wb") as sink:
            done = subprocess.run(
                [sys.executable, "-c", PEAK, *agent.words("--output", "json")],
                env={"AGENTRAMP_HOME": str(agent.user.home), "PATH": ""},
                stdout=sink,
                stderr=subprocess.PIPE,
                timeout=300,
                check=True,
            )
        with out.open() as told:
            for number, line in enumerate(told):
                assert json.loads(line)["message"] == f"line {number} counted"
            assert number + 1 == lines
        return int(done.stderr.split()[-1])

    few, many = read(10_000), read(100_000)
    assert many - few < MAY_GROW, (few, many)
