"""FunctionCompute against the embedded platform: real HTTP, a real socket, real processes."""

import os
import pty
import random
import re
import secrets
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agentramp.local import daemon
from agentramp.model import Runtime, Split
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.functions import VERSION, FunctionCompute
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.functions import Functions
from tests.conformance.functions_suite import LOGS, FunctionsSuite
from tests.conformance.platform_suite import artifact, spec_for


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemon.Server]:
    home = tmp_path_factory.mktemp("home")
    yield daemon.start(home)
    daemon.stop(home, timeout=30)


@pytest.fixture(scope="module")
def client(server: daemon.Server) -> Client:
    key = Credentials(server.access_key_id, server.access_key_secret)
    return Client(
        url=server.control_url,
        credentials=lambda: key,
        now=time.time,
        sleep=time.sleep,
        nonce=lambda: secrets.token_hex(16),
        jitter=random.random,
    )


@pytest.fixture(scope="module")
def served(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    package = artifact(tmp_path_factory.mktemp("package"), "one")
    platform = AgentRun(client)
    runtime = platform.create_runtime(replace(spec_for(package), log_store=LOGS), package)
    platform.publish_version(runtime.id, "first")
    platform.create_endpoint(runtime.id, "production", Split(1))
    return runtime


class TestEmbedded(FunctionsSuite):
    @pytest.fixture
    def runtime_id(self, served: Runtime) -> str:
        return served.id

    @pytest.fixture
    def functions(self, server: daemon.Server, client: Client) -> Functions:
        return FunctionCompute(
            replace(client, version=VERSION, enveloped=False),
            lambda: server.control_url,
            lambda: server.account_id,
        )


def agentramp(
    server: daemon.Server, *words: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "agentramp", *words],
        env={**os.environ, "AGENTRAMP_HOME": str(server.home)},
        input=given,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_exit_status_of_a_command_is_ours(server: daemon.Server, served: Runtime) -> None:
    there = ("--platform", "local", "--runtime", served.spec.name)
    ended = agentramp(server, "instances", "exec", *there, "--", "sh", "-c", "exit 7")
    assert (ended.returncode, ended.stdout) == (7, b"")
    assert b"(version 1)" in ended.stderr


def test_bytes_go_through_unchanged(server: daemon.Server, served: Runtime) -> None:
    there = ("--platform", "local", "--runtime", served.spec.name)
    given = bytes(range(256)) * 10
    line = "cat; echo whole >&2; exit 3"
    ended = agentramp(server, "instances", "exec", *there, "--cmd", line, given=given)
    assert (ended.returncode, ended.stdout) == (3, given)
    assert ended.stderr.endswith(b"whole\n")


def test_a_terminal_gets_a_shell(server: daemon.Server, served: Runtime) -> None:
    there = ("--platform", "local", "--runtime", served.spec.name)
    near, far = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "agentramp", "instances", "exec", *there],
        env={**os.environ, "AGENTRAMP_HOME": str(server.home), "PS1": "$ "},
        stdin=far,
        stdout=far,
        stderr=far,
    ) as process:
        before = termios.tcgetattr(far)
        try:
            seen = read_until(near, b"", rb"Ctrl-\].*[$#] ")
            os.write(near, b"echo so-$((40 + 2)); exit 5\r")
            read_until(near, seen, rb"so-42")
            assert process.wait(60) == 5
            assert termios.tcgetattr(far) == before
        finally:
            process.kill()
            os.close(near)
            os.close(far)


def read_until(near: int, seen: bytes, pattern: bytes) -> bytes:
    """What the terminal shows, once that is in it."""
    while not re.search(pattern, seen, re.DOTALL):
        ready, _, _ = select.select([near], [], [], 60)
        assert ready, seen
        seen += os.read(near, 1024)
    return seen
