"""exec over a real socket: whatever the far end does, the exit status is right or there is none."""

import json
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from agentramp.errors import UsageError
from agentramp.platform.agentrun.again import ATTEMPTS, Patience
from agentramp.platform.agentrun.classic_signing import signature
from agentramp.platform.agentrun.functions_exec import Line, exit_status
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.functions import Command, ConnectionLostError, Instance
from agentramp.platform.port import NotFoundError, PlatformError, UnreachableError
from tests.platform.agentrun.exec_server import Behaviour, runs, says, serving
from tests.platform.agentrun.scripted import Say, scripted

NONCE = "ab" * 16
INSTANCE = Instance("c-1", "2", "Running", 0.0, "2")
KEY = Credentials("STS.id", "secret", "a-token")
SUCCESS = b'\x03{"status":"Success"}'
FAILURE = b'\x03{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}'
BARE = Command(("ls",), shell=False)


@dataclass
class Caught:
    """Wires whose far side a test looks at."""

    given: tuple[bytes, ...] = ()
    stdout: bytes = b""
    stderr: bytes = b""
    heard: Callable[[bytes], None] | None = None
    slept: list[float] = field(default_factory=list)

    def read(self) -> Iterator[bytes]:
        yield from self.given

    def out(self, data: bytes) -> None:
        if self.heard:
            self.heard(data)
        else:
            self.stdout += data

    def err(self, data: bytes) -> None:
        self.stderr += data


def line(url: str, wires: Caught) -> Line:
    return Line(
        url=lambda: url,
        account=lambda: "1234",
        credentials=lambda: KEY,
        now=lambda: 1_767_323_045.0,
        patience=Patience(wires.slept.append, lambda: 1.0),
        nonce=lambda: NONCE,
    )


def execute(behaviour: Behaviour, command: Command, wires: Caught) -> int:
    with serving(behaviour) as server:
        return line(server.url, wires).execute("agentrun-rt-1", INSTANCE, command, wires)


def test_a_request_is_what_the_vendors_client_sends() -> None:
    command = Command(("echo", "a b&c"), shell=False)
    with serving(says(SUCCESS)) as server:
        line(server.url, Caught()).execute("agentrun-rt-1", INSTANCE, command, Caught())
        assert server.query() == {
            "FC_INSTANCE_EXEC_TIMEOUT": ["600"],
            "command": ["echo", "a b&c"],
            "stdin": ["true"],
            "stdout": ["true"],
            "stderr": ["true"],
            "tty": ["false"],
            "qualifier": ["2"],
        }
        (request,) = server.requests
    path = request.path.partition("?")[0]
    assert path == "/2023-03-30/functions/agentrun-rt-1/instances/c-1/exec"
    signed = {name: request.headers[name] for name in ("date", "x-fc-account-id")}
    signed["x-fc-security-token"] = "a-token"
    assert request.headers["authorization"] == (
        f"FC STS.id:{signature('GET', path, signed, 'secret')}"
    )
    assert request.headers["x-fc-security-token"] == "a-token"


@pytest.mark.parametrize("piece", [1, 5, 4096])
@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_the_exit_status_is_the_commands(piece: int, status: int) -> None:
    wires = Caught()
    command = Command(("sh", "-c", f"printf out; printf err >&2; exit {status}"))
    assert execute(runs(piece), command, wires) == status
    assert (wires.stdout, wires.stderr) == (b"out", b"err")


def test_every_exit_status() -> None:
    wires = Caught()
    behaviour = runs()
    with serving(behaviour) as server:
        for status in range(256):
            command = Command(("sh", "-c", f"exit {status}"), input=False)
            assert line(server.url, wires).execute("f", INSTANCE, command, wires) == status


def test_output_that_comes_after_the_errors_is_all_there() -> None:
    """Two streams come in any order: the status on one does not mean that the other is done."""
    wires = Caught()

    def errors_first(connection: ServerConnection, words: list[str]) -> None:  # noqa: ARG001
        connection.send(b"\x02oops" + f"{NONCE}.3.".encode())
        connection.send(b"\x01late" + f"{NONCE}.out.".encode())
        connection.recv()

    assert execute(errors_first, Command(("x",)), wires) == 3
    assert (wires.stdout, wires.stderr) == (b"late", b"oops")


def test_bytes_go_both_ways_as_they_are() -> None:
    data = bytes(range(256)) * 64
    wires = Caught((data[:1000], data[1000:]))
    assert execute(runs(), Command(("cat",)), wires) == 0
    assert wires.stdout == data


def test_much_output_takes_little_memory() -> None:
    size, seen = 50_000_000, [0]

    def hear(data: bytes) -> None:
        seen[0] += len(data)

    wires = Caught(heard=hear)
    command = Command(("sh", "-c", f"head -c {size} /dev/zero; exit 9"), input=False)
    tracemalloc.start()
    try:
        assert execute(runs(65536), command, wires) == 9
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen == [size]
    assert peak < 8_000_000


def cut(connection: ServerConnection, words: list[str]) -> None:  # noqa: ARG001 - it cheats
    connection.send(b"\x01half of")
    connection.socket.close()


@pytest.mark.parametrize(
    "behaviour",
    [
        cut,
        says(),
        says(b"\x01done\n", reason="exit 0"),
        says(b"\x01" + NONCE.encode() + b".out."),
        says(b"\x02" + NONCE.encode() + b"."),
        says(SUCCESS),
        says(b"\x01x", code=1011, reason="went away"),
    ],
)
def test_without_a_status_it_is_lost_and_never_0(behaviour: Behaviour) -> None:
    with pytest.raises(ConnectionLostError, match="before the command's exit status") as lost:
        execute(behaviour, Command(("ls",)), Caught())
    assert lost.value.exit_code == 3
    assert "may have run" in lost.value.advice


def test_what_was_held_back_is_output_when_the_line_is_cut() -> None:
    wires = Caught()
    with pytest.raises(ConnectionLostError):
        execute(says(b"\x01abc" + NONCE[:10].encode()), Command(("ls",)), wires)
    assert wires.stdout == b"abc" + NONCE[:10].encode()


@pytest.mark.parametrize(("message", "status"), [(SUCCESS, 0), (FAILURE, 7)])
def test_without_a_shell_the_lines_own_status_counts(message: bytes, status: int) -> None:
    wires = Caught()
    marks = f"{NONCE}.0.".encode()
    assert execute(says(b"\x01" + marks, message), BARE, wires) == status
    assert wires.stdout == marks


@pytest.mark.parametrize("behaviour", [says(), says(b"\x03"), says(b"\x03{}"), cut])
def test_without_a_shell_and_a_status_it_is_lost(behaviour: Behaviour) -> None:
    with pytest.raises(ConnectionLostError) as lost:
        execute(behaviour, BARE, Caught())
    assert "--no-shell" in lost.value.advice


@pytest.mark.parametrize(
    "told",
    [b"", b"[]", b"null", b"7", b'{"status":"Failure"}', b'{"status":"Failure","details":null}'],
)
def test_a_status_that_tells_none(told: bytes) -> None:
    assert exit_status(told) is None


def test_messages_of_other_kinds_are_passed_over() -> None:
    wires = Caught()
    assert execute(says(b"", b"\x01", b"\x09x", b"\x00x", SUCCESS), BARE, wires) == 0
    assert (wires.stdout, wires.stderr) == (b"", b"")


def test_without_a_shell_an_empty_message_ends_the_input() -> None:
    got: list[bytes] = []

    def listen(connection: ServerConnection, words: list[str]) -> None:  # noqa: ARG001
        while message := connection.recv():
            assert isinstance(message, bytes)
            got.append(message)
        connection.send(SUCCESS)
        connection.recv()

    assert execute(listen, BARE, Caught((b"one", b"two"))) == 0
    assert got == [b"one", b"two"]


def test_a_terminal_gets_every_key_and_a_size() -> None:
    got: list[bytes] = []

    def shell(connection: ServerConnection, words: list[str]) -> None:
        got.append(words[2].encode())
        message = connection.recv()
        assert isinstance(message, bytes)
        got.append(message)
        connection.send(b"\x01bye" + f"{NONCE}.5.".encode())
        connection.recv()

    wires = Caught((b"\x03",))
    wait = threading.Event()

    def read() -> Iterator[bytes]:
        yield b"\x03"
        wait.wait()

    wires.read = read  # type: ignore[method-assign]  # a person who types one key and looks on
    command = Command((), terminal=True, window=(33, 120))
    try:
        assert execute(shell, command, wires) == 5
    finally:
        wait.set()
    assert b"stty rows 33 cols 120" in got[0]
    assert (got[1], wires.stdout) == (b"\x03", b"bye")


def test_leaving_a_terminal_closes_the_line() -> None:
    def shell(connection: ServerConnection, words: list[str]) -> None:  # noqa: ARG001
        for _ in connection:
            pass

    with pytest.raises(ConnectionLostError):
        execute(shell, Command((), terminal=True), Caught())


def test_half_an_input_is_not_taken_for_a_whole_one() -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("a broken disk")

    wires = Caught()
    wires.read = broken  # type: ignore[method-assign]
    with pytest.raises(ConnectionLostError):
        execute(runs(), Command(("cat",)), wires)


def test_a_command_that_does_not_fit_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="too long") as refused:
        line("http://127.0.0.1:9", Caught()).execute(
            "f", INSTANCE, Command(("x" * 9000,)), Caught()
        )
    assert "standard input" in refused.value.advice


@contextmanager
def refusing(*answers: tuple[HTTPStatus, dict[str, str]], then: Behaviour = cut) -> Iterator[str]:
    """A server that refuses the first requests."""
    left = list(answers)

    def process(connection: ServerConnection, request: Request) -> Response | None:  # noqa: ARG001
        if not left:
            return None
        status, body = left.pop(0)
        return connection.respond(status, json.dumps(body))

    def answer(connection: ServerConnection) -> None:
        then(connection, [])

    with serve(answer, "127.0.0.1", 0, process_request=process) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_an_instance_that_is_not_there() -> None:
    body = {"ErrorCode": "InstanceNotFound", "ErrorMessage": "no instance c-1"}
    with (
        refusing((HTTPStatus.NOT_FOUND, body)) as url,
        pytest.raises(NotFoundError, match=r"no instance c-1 \(InstanceNotFound\)") as told,
    ):
        line(url, Caught()).execute("f", INSTANCE, BARE, Caught())
    assert "instances list" in told.value.advice


def test_a_refusal_in_the_other_spelling_with_its_request_id() -> None:
    body = {"Code": "AccessDenied", "Message": "not you", "RequestId": "r-1"}
    with (
        refusing((HTTPStatus.FORBIDDEN, body)) as url,
        pytest.raises(PlatformError, match="not you") as told,
    ):
        line(url, Caught()).execute("f", INSTANCE, BARE, Caught())
    assert (told.value.code, told.value.request_id) == ("AccessDenied", "r-1")


def test_a_line_that_cannot_be_opened_now_is_tried_again() -> None:
    wires = Caught()
    busy = (HTTPStatus.TOO_MANY_REQUESTS, {"ErrorCode": "Throttled", "ErrorMessage": "slowly"})
    with refusing(busy, busy, then=says(FAILURE)) as url:
        assert line(url, wires).execute("f", INSTANCE, BARE, wires) == 7
    assert len(wires.slept) == 2


def test_nobody_there() -> None:
    with serving(says()) as server:
        gone = server.url
    wires = Caught()
    with pytest.raises(UnreachableError, match="no line to http://127"):
        line(gone, wires).execute("f", INSTANCE, BARE, wires)
    assert wires.slept


def test_a_request_that_a_proxy_does_not_pass_on_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There was no connection to send it over, so nothing can have run."""
    wires = Caught()
    with scripted(lambda _: Say(502)) as (proxy, _):
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(UnreachableError, match="no line to http://") as told:
            line("http://platform.invalid", wires).execute("f", INSTANCE, BARE, wires)
    assert len(wires.slept) == ATTEMPTS - 1
    assert not isinstance(told.value, ConnectionLostError)


@pytest.mark.parametrize("status", [HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY])
def test_a_gateway_that_broke_is_not_asked_again(status: HTTPStatus) -> None:
    wires = Caught()
    with refusing((status, {})) as url, pytest.raises(PlatformError, match="not opened"):
        line(url, wires).execute("f", INSTANCE, BARE, wires)
    assert not wires.slept


def test_no_secret_is_shown() -> None:
    assert "secret" not in repr(line("http://127.0.0.1:9", Caught()))


def test_a_line_that_broke_before_it_was_open_is_not_asked_for_twice() -> None:
    """The command may run already."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            asked.append(connection.recv(65536))
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        wires = Caught()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(ConnectionLostError, match="before it was open") as told:
            line(url, wires).execute("f", INSTANCE, BARE, wires)
        thread.join()
    assert "may have run" in told.value.advice
    assert (len(asked), wires.slept) == (1, [])


def test_credentials_that_have_ended_are_renewed() -> None:
    wires, ended = Caught(), list[Credentials]()
    expired = {"ErrorCode": "InvalidSecurityToken.Expired", "ErrorMessage": "it has expired"}
    with refusing((HTTPStatus.FORBIDDEN, expired), then=says(FAILURE)) as url:
        asking = replace(line(url, wires), renew=ended.append)
        assert asking.execute("f", INSTANCE, BARE, wires) == 7
    assert ended == [asking.credentials()]
