import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from agentramp.local import daemon
from agentramp.local.daemon import Server, StartServerError
from agentramp.local.home import Home
from tests.local.client import RUNTIMES, Control, runtime_input, zipped


def processes(home: Path) -> set[int]:
    """The server of this home, its agents and what they left."""
    found = set()
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd(), *process.environ().values()]
        except (psutil.Error, OSError):
            continue
        if any(str(home) in word for word in words) and process.pid != os.getpid():
            found.add(process.pid)
    return found


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def kill(server: Server) -> None:
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while lives(server.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not lives(server.pid)


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "of an older agentramp"])
def test_who_starts_it_and_never_ends_is_named(tmp_path: Path, *, signed: bool) -> None:
    place = Home(tmp_path / "local")
    place.make()
    who = f"process {os.getpid()}" if signed else "another process"
    with place.starting(0):
        if not signed:
            (place.root / "start.lock").write_text("")
        for ask in (daemon.start, daemon.stop):
            with pytest.raises(StartServerError, match=f"^{who} starts or stops") as caught:
                ask(tmp_path, others=0.1)
            assert str(place.root) in caught.value.message
            assert f"end {who} first" in caught.value.advice
            assert caught.value.exit_code == 3
    with place.starting(0):
        pass  # it is free again


def test_start_status_stop(own_home: Path) -> None:
    assert daemon.status(own_home) is None
    assert daemon.stop(own_home, timeout=10) is False
    server = daemon.start(own_home)
    assert daemon.status(own_home) == server
    assert daemon.start(own_home) == server
    assert server.control_url == server.data_url
    assert server.control_url.startswith("http://127.0.0.1:")
    assert len(server.account_id) == 16
    assert server.account_id.isdecimal()
    assert server.access_key_secret not in repr(server)
    assert daemon.stop(own_home, timeout=10) is True
    assert daemon.status(own_home) is None
    assert processes(own_home) == set()


def test_who_may_look(own_home: Path) -> None:
    server = daemon.start(own_home)
    root = own_home / "local"
    folders = [path for path in root.iterdir() if path.is_dir()]
    assert {path.name for path in folders} == {"artifacts", "bin", "logs", "objects", "run"}
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert root.stat().st_mode & 0o777 == 0o700
    credentials = root / "credentials.json"
    assert credentials.stat().st_mode & 0o777 == 0o600
    assert json.loads(credentials.read_text())["access_key_secret"] == server.access_key_secret
    for connection in psutil.Process(server.pid).net_connections("inet"):
        assert connection.laddr.ip == "127.0.0.1"


def test_the_server_holds_nothing_of_the_callers_environment(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a real one")
    server = daemon.start(own_home)
    assert "a real one" not in str(psutil.Process(server.pid).environ())


def test_the_same_address_and_keys_after_a_restart(own_home: Path) -> None:
    first = daemon.start(own_home)
    daemon.stop(own_home, timeout=10)
    second = daemon.start(own_home)
    assert (second.control_url, second.access_key_id) == (first.control_url, first.access_key_id)
    assert second.access_key_secret == first.access_key_secret
    assert second.pid != first.pid


def test_another_port_if_the_kept_one_is_taken(own_home: Path) -> None:
    first = daemon.start(own_home)
    daemon.stop(own_home, timeout=10)
    port = int(first.control_url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        second = daemon.start(own_home)
        assert second.control_url != first.control_url
        assert Control(second).call("GET", "/workspaces").status == 200


def test_starts_at_once_start_one(own_home: Path) -> None:
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path;"
        "from agentramp.local import daemon; print(daemon.start(Path(sys.argv[1])).pid)"
    )
    command = [sys.executable, "-c", program, str(own_home), *sys.path]

    def start(_: int) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(start, range(4)))
    assert len(found) == 1
    found_server = daemon.status(own_home)
    assert found_server is not None
    assert processes(own_home) == {found_server.pid}


def test_a_server_that_cannot_start_says_why(own_home: Path) -> None:
    (own_home / "local").mkdir()
    (own_home / "local" / "platform.db").write_text("no database at all, but text\n" * 100)
    with pytest.raises(StartServerError, match="file is not a database"):
        daemon.start(own_home, timeout=20)
    (own_home / "local" / "platform.db").unlink()


def test_a_killed_server_comes_back_with_everything(own_home: Path) -> None:
    first = daemon.start(own_home)
    endpoint = Control(first).serve("one", "two")
    endpoint.shift("1", v2=0.5)
    names = [f"session {n}" for n in range(30)]

    def versions() -> list[str | None]:
        return [endpoint.ask(headers={"x-agentrun-session-id": n}).version for n in names]

    before = versions()
    old = {endpoint.ask(headers={"x-agentrun-session-id": n}).json["pid"] for n in names}
    assert len(old) == 2
    kill(first)
    assert old == processes(own_home), "the agents were left behind"
    second = daemon.start(own_home)
    assert (second.control_url, second.access_key_id) == (first.control_url, first.access_key_id)
    assert versions() == before
    assert not any(map(lives, old))
    shown = Control(second).call("GET", endpoint.path).data
    assert shown["status"] == "READY"
    split = {"versionWeights": [{"version": "2", "weight": 0.5}]}
    assert shown["routingConfiguration"] == split
    daemon.stop(own_home, timeout=20)
    assert processes(own_home) == set()


SLOW = """
import pathlib, time
while not pathlib.Path(GATE).exists():
    time.sleep(0.02)
import http.server
http.server.HTTPServer(("", 9000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def slow_code(gate: Path) -> dict[str, object]:
    """An agent that starts once there is a file ``gate``."""
    code = zipped({"app.py": SLOW.replace("GATE", repr(str(gate)))})
    return {"command": ["python3", "app.py"], "zipFile": code}


@pytest.mark.parametrize("wait", [0.0, 0.5])
def test_killed_while_a_runtime_is_created(own_home: Path, tmp_path: Path, wait: float) -> None:
    first = daemon.start(own_home)
    gate = tmp_path / "gate"
    body = runtime_input("slow", codeConfiguration=slow_code(gate))
    made = Control(first).call("POST", RUNTIMES, body).data
    time.sleep(wait)
    kill(first)
    control = Control(daemon.start(own_home))
    listed = control.call("GET", RUNTIMES).data["items"]
    assert [item["agentRuntimeId"] for item in listed] == [made["agentRuntimeId"]]
    assert listed[0]["status"] == "CREATING"
    gate.touch()
    assert control.settled(f"{RUNTIMES}/{made['agentRuntimeId']}")["status"] == "READY"


def test_killed_while_an_endpoint_is_updated(own_home: Path, tmp_path: Path) -> None:
    first = daemon.start(own_home)
    control = Control(first)
    endpoint = control.serve("one")
    gate = tmp_path / "gate"
    gate.touch()
    assert control.update(endpoint.runtime, codeConfiguration=slow_code(gate))["status"] == "READY"
    control.publish(endpoint.runtime)
    gate.unlink()
    body = {"targetVersion": "2", "routingConfiguration": {"versionWeights": []}}
    assert control.call("PUT", endpoint.path, body).data["status"] == "UPDATING"
    kill(first)
    control = Control(daemon.start(own_home))
    assert endpoint.ask().version == "1", "the old version serves until the new one is healthy"
    gate.touch()
    found = control.settled(endpoint.path)
    assert (found["status"], found["targetVersion"]) == ("READY", "2")
    assert endpoint.ask().version == "2"


def test_stop_ends_what_a_killed_server_left(own_home: Path) -> None:
    first = daemon.start(own_home)
    Control(first).serve("one")
    kill(first)
    assert processes(own_home)
    assert daemon.stop(own_home, timeout=10) is True
    assert processes(own_home) == set()


FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, "app.py", "child"])
    import http.server
    http.server.HTTPServer(("", 9000), http.server.SimpleHTTPRequestHandler).serve_forever()
time.sleep(1000)
"""


def test_an_agent_that_will_not_end_and_its_children(own_home: Path) -> None:
    control = Control(daemon.start(own_home))
    code = {"command": ["python3", "app.py"], "zipFile": zipped({"app.py": FAMILY})}
    name = f"family-{secrets.token_hex(2)}"
    body = runtime_input(name, codeConfiguration=code)
    made = control.call("POST", RUNTIMES, body).data
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    control.settled(runtime)
    control.publish(runtime)
    control.make_endpoint(runtime, targetVersion="1")
    assert len(processes(own_home)) >= 3
    assert daemon.stop(own_home, timeout=30) is True
    assert processes(own_home) == set()


def test_stop_gives_streams_a_moment(own_home: Path) -> None:
    endpoint = Control(daemon.start(own_home)).serve("one")
    connection, response = endpoint.open("/stream?events=10&pause=0.1")
    with closing(connection), response, ThreadPoolExecutor(1) as pool:
        response.readline()
        stopped = pool.submit(daemon.stop, own_home, timeout=30)
        rest = response.read()
        assert rest.count(b"data: one") == 9
        assert stopped.result() is True
    assert processes(own_home) == set()


def test_memory_at_rest(own_home: Path) -> None:
    server = daemon.start(own_home)
    Control(server).serve("one")
    assert psutil.Process(server.pid).memory_info().rss < 100_000_000


def test_a_server_whose_folder_is_removed_ends(own_home: Path) -> None:
    server = daemon.start(own_home)
    endpoint = Control(server).serve("one")
    agent = endpoint.ask().json["pid"]
    shutil.rmtree(own_home / "local")
    deadline = time.monotonic() + 10
    while (lives(server.pid) or lives(agent)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not lives(server.pid)
    assert not lives(agent)


def test_a_server_whose_code_was_removed_makes_room_for_a_whole_one(
    own_home: Path, tmp_path: Path
) -> None:
    """As on a runner that keeps running while each job's checkout is deleted."""
    copy = tmp_path / "checkout" / "agentramp"
    shutil.copytree(Path(daemon.__file__).parents[1], copy)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from agentramp.local import daemon\n"
        "assert daemon.__file__.startswith(sys.argv[1])\n"
        "print(daemon.start(Path(sys.argv[2])).pid)\n"
    )
    words = [sys.executable, "-I", "-c", code, str(copy.parent), str(own_home)]
    first = int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert daemon.start(own_home).pid == first, "a whole one is kept, wherever its code lies"

    shutil.rmtree(copy.parent)
    again = daemon.start(own_home)
    assert again.pid != first
    assert first not in processes(own_home)
