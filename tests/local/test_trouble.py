"""Servers that do not answer or do not end, and folders that do not hold what they should."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from agentramp.local import daemon
from agentramp.local.daemon import LogFromNow, StartServerError
from agentramp.local.home import Home
from tests.local.client import Control


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


HOLDER = """
import signal, sys, time
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from agentramp.local.home import Home
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with Home(Path(sys.argv[1])).serving():
    print("held", flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def holder(own_home: Path) -> Iterator[subprocess.Popen[str]]:
    """A server that answers nothing and does not end when it is asked to."""
    Home(own_home / "local").make()
    command = [sys.executable, "-c", HOLDER, str(own_home / "local"), *sys.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_stop_ends_a_halted_server(own_home: Path) -> None:
    server = daemon.start(own_home)
    endpoint = Control(server).serve("one")
    agent = endpoint.ask().json["pid"]
    os.kill(server.pid, signal.SIGSTOP)
    assert daemon.status(own_home) is None
    assert daemon.stop(own_home, timeout=20) is True
    assert not lives(server.pid)
    assert not lives(agent)


def test_stop_kills_a_server_that_does_not_end(
    own_home: Path, holder: subprocess.Popen[str]
) -> None:
    assert daemon.stop(own_home, timeout=0.5) is True
    assert holder.wait(5) == -signal.SIGKILL


def test_stop_never_says_that_it_stopped_whom_it_does_not_know(
    own_home: Path, holder: subprocess.Popen[str]
) -> None:
    (own_home / "local" / "server.lock").write_text("")
    with pytest.raises(StartServerError, match="does not say who it is"):
        daemon.stop(own_home, timeout=0.5)
    assert holder.poll() is None
    holder.kill()
    holder.wait()


def test_start_says_who_is_in_its_way(own_home: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StartServerError, match=f"process {holder.pid}.*did not answer") as caught:
        daemon.start(own_home, timeout=0.5)
    assert "agentramp local stop" in caught.value.advice


def test_start_waits_for_a_server_that_is_ending(own_home: Path) -> None:
    first = daemon.start(own_home)
    endpoint = Control(first).serve("one")
    connection, response = endpoint.open("/stream?events=10&pause=0.1")
    with closing(connection), response, ThreadPoolExecutor(1) as pool:
        response.readline()
        os.kill(first.pid, signal.SIGTERM)
        while daemon.status(own_home) is not None:
            time.sleep(0.01)
        assert lives(first.pid), "it lets the stream end"
        started = pool.submit(daemon.start, own_home)
        assert response.read().count(b"data: one") == 9
        assert started.result().pid != first.pid


def test_records_are_written_though_something_cannot_be_tidied_up(own_home: Path) -> None:
    (own_home / "local" / "objects" / "somebody's folder").mkdir(parents=True)
    endpoint = Control(daemon.start(own_home)).serve("one")
    endpoint.ask()
    ends = time.monotonic() + 30
    with closing(sqlite3.connect(Home(own_home / "local").database)) as records:
        while records.execute("SELECT count(*) FROM requests").fetchone() == (0,):
            assert time.monotonic() < ends
            time.sleep(0.05)


def test_only_what_is_logged_from_now_on_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    assert LogFromNow(path).tail() == "(none)"
    path.write_text("an old error\n")
    log = LogFromNow(path)
    assert log.tail() == "(empty)"
    with path.open("a") as stream:
        stream.write("a new error\n")
    assert log.tail() == "a new error"


def test_the_log_of_this_start_is_quoted(own_home: Path) -> None:
    place = Home(own_home / "local")
    place.make()
    # A file where a folder belongs: the server fails at it, its caller does not.
    place.programs.write_text("in the way")
    with pytest.raises(StartServerError, match="FileExistsError"):
        daemon.start(own_home, timeout=20)


@pytest.mark.parametrize("home", ["file", "file/below"])
def test_a_home_that_cannot_be_a_folder(tmp_path: Path, home: str) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(StartServerError) as caught:
        daemon.start(tmp_path / home)
    assert "AGENTRAMP_HOME" in caught.value.advice
    assert daemon.status(tmp_path / home) is None
    assert daemon.stop(tmp_path / home) is False


def test_broken_records(own_home: Path) -> None:
    place = Home(own_home / "local")
    place.make()
    place.database.write_text("no database at all, but text\n" * 100)
    for use in (daemon.start, daemon.stop):
        with pytest.raises(StartServerError, match="file is not a database") as caught:
            use(own_home)
        assert "aside" in caught.value.advice
        assert "Traceback" not in str(caught.value)
    place.database.unlink()


def test_records_of_another_version(own_home: Path) -> None:
    place = Home(own_home / "local")
    place.make()
    with closing(sqlite3.connect(place.database)) as database:
        database.execute("PRAGMA user_version=77")
    before = place.database.read_bytes()
    for use in (daemon.start, daemon.stop):
        with pytest.raises(StartServerError, match="of version 77") as caught:
            use(own_home)
        assert "Use the agentramp that made them" in caught.value.advice
    assert place.database.read_bytes() == before
    place.database.unlink()


@pytest.mark.parametrize("text", ["{", "[]", '{"id": 1}', "\udcff"])
def test_broken_credentials(own_home: Path, text: str) -> None:
    server = daemon.start(own_home)
    credentials = own_home / "local" / "credentials.json"
    whole = credentials.read_bytes()
    credentials.write_bytes(text.encode(errors="surrogateescape"))
    for use in (daemon.status, daemon.start, daemon.stop):
        with pytest.raises(StartServerError, match=r"credentials\.json is broken"):
            use(own_home)
    assert not lives(server.pid), "it was stopped all the same"
    credentials.write_bytes(whole)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"port": "x"}', '{"port": 99999999}'])
def test_a_broken_note_of_the_server(own_home: Path, text: str) -> None:
    server = daemon.start(own_home)
    (own_home / "local" / "server.json").write_text(text)
    assert daemon.status(own_home) is None
    with pytest.raises(StartServerError, match=f"process {server.pid}"):
        daemon.start(own_home, timeout=0.5)
    assert daemon.stop(own_home, timeout=10) is True
    assert not lives(server.pid)
