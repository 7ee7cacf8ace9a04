"""Commands in instances, over a WebSocket."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import urlencode, urlsplit

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from agentramp.local.daemon import Server
from agentramp.platform.agentrun.classic_signing import signed_headers
from agentramp.platform.agentrun.signing import (
    EMPTY_BODY_SHA256,
    Credentials,
    Signable,
    authorization,
)
from tests.local.client import Control, Endpoint


@dataclass
class Ended:
    streams: dict[int, bytes] = field(default_factory=dict)
    reason: str = ""

    @property
    def out(self) -> str:
        return self.streams.get(1, b"").decode()


@dataclass(frozen=True)
class Place:
    control: Control
    path: str

    @contextmanager
    def run(self, *words: str, secret: str = "", tty: bool = False) -> Iterator[ClientConnection]:
        on = {"stdin": True, "stdout": True, "stderr": True, "tty": tty}
        query = [("command", word) for word in words]
        query += [(name, str(is_on).lower()) for name, is_on in on.items()]
        server = self.control.server
        key = Credentials(server.access_key_id, secret or server.access_key_secret)
        url = server.control_url
        headers = signed_headers("GET", url, self.path, server.account_id, key, time.time())
        del headers["host"]
        address = f"ws{url.removeprefix('http')}{self.path}?{urlencode(query)}"
        with connect(address, additional_headers=headers, compression=None) as connection:
            yield connection

    def ended(self, *words: str, text: bytes = b"", tty: bool = False) -> Ended:
        with self.run(*words, tty=tty) as connection:
            # A program that has ended by now takes no input any more.
            with suppress(ConnectionClosed):
                if text:
                    connection.send(text)
                connection.send(b"")
            return rest(connection)


def rest(connection: ClientConnection) -> Ended:
    ended = Ended()
    try:
        while True:
            message = connection.recv(timeout=30)
            assert isinstance(message, bytes)
            ended.streams[message[0]] = ended.streams.get(message[0], b"") + message[1:]
    except ConnectionClosed as closed:
        ended.reason = closed.rcvd.reason if closed.rcvd else "cut"
    return ended


@pytest.fixture(scope="module")
def endpoint(server: Server) -> Endpoint:
    return Control(server).serve("one", environmentVariables={"COLOUR": "green"})


@pytest.fixture
def place(endpoint: Endpoint) -> Place:
    function = f"/functions/agentrun-{endpoint.runtime.rpartition('/')[2]}"
    instance = running(endpoint.control.server, function)
    path = f"/2023-03-30{function}/instances/{instance}/exec"
    return Place(endpoint.control, path)


def running(server: Server, function: str) -> str:
    path = f"/2023-03-30{function}/instances"
    headers = {
        "host": urlsplit(server.control_url).netloc,
        "x-acs-action": "ListInstances",
        "x-acs-content-sha256": EMPTY_BODY_SHA256,
        "x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": secrets.token_hex(16),
    }
    key = Credentials(server.access_key_id, server.access_key_secret)
    headers["authorization"] = authorization(Signable("GET", path, {}, headers), key)
    answer = Control(server).send("GET", path, b"", headers)
    (instance,) = answer.body["instances"]
    return str(instance["instanceId"])


def test_it_runs_where_the_agent_runs(place: Place) -> None:
    ended = place.ended("sh", "-c", "cat /code/version.txt; echo $COLOUR; echo no >&2; exit 7")
    assert ended.out == "onegreen\n"
    assert ended.streams[2] == b"no\n"
    assert ended.reason == "exit status 7"
    assert json.loads(ended.streams[3])["details"]["causes"] == [
        {"reason": "ExitCode", "message": "7"}
    ]


def test_input_goes_in_and_ends(place: Place) -> None:
    data = bytes(range(256)) * 2000
    ended = place.ended("cat", text=data)
    assert ended.streams[1] == data
    assert (ended.reason, json.loads(ended.streams[3])["status"]) == ("exit status 0", "Success")


@pytest.mark.parametrize(
    ("words", "status"), [(("no-such-program",), 127), (("sh", "-c", "kill -9 $$"), 137)]
)
def test_how_it_ended(place: Place, words: tuple[str, ...], status: int) -> None:
    assert place.ended(*words).reason == f"exit status {status}"


def test_a_terminal(place: Place) -> None:
    ended = place.ended("sh", "-c", "test -t 0 && test -t 1 && echo yes; exit 5", tty=True)
    assert (ended.out, ended.reason) == ("yes\r\n", "exit status 5")
    assert place.ended("no-such-program", tty=True).reason == "exit status 127"


def test_a_shell_in_a_terminal(place: Place) -> None:
    with place.run("sh", tty=True) as connection:
        connection.send(b"echo $((40 + 2)); exit 3\n")
        ended = rest(connection)
    assert "42" in ended.out
    assert ended.reason == "exit status 3"


def test_nothing_is_left_when_the_client_leaves(place: Place) -> None:
    with place.run("sh", "-c", "sleep 1000 & echo $$ $!; wait") as connection:
        message = connection.recv(timeout=30)
        assert isinstance(message, bytes)
        pids = [int(word) for word in message[1:].split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 30
    while any(map(lives, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_who_may_not(place: Place) -> None:
    with pytest.raises(InvalidStatus) as caught, place.run("true", secret="a guess"):
        pass
    assert caught.value.response.status_code == 403
    elsewhere = Place(place.control, place.path.replace("/instances/c-", "/instances/d-"))
    with pytest.raises(InvalidStatus) as caught, elsewhere.run("true"):
        pass
    assert caught.value.response.status_code == 404
