"""``exec``: a command in an instance, over the WebSocket that the vendor's own tool uses.

Source: component fc3 (``instanceExec``) over npm ``@alicloud/fc2`` 2.6.6. The address is
``/2023-03-30/functions/{function}/instances/{id}/exec`` with ``command`` once for each word, and
FC 2.0's signature. A message from there is one byte (1 output, 2 errors) and the data. A message
to there is the data alone: the vendor's client declares a byte 0 for input and never sends it.

In no source: how the exit status and the end of input are told. The query and the bytes are those
of Kubernetes' exec, so a last message of type 3 with its ``Status`` is understood, and an empty
message is sent as the end of input; with a shell around the command neither is needed.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from agentramp.errors import UsageError
from agentramp.exchange import is_loopback
from agentramp.platform.agentrun.again import AgainError, Patience, Renewing
from agentramp.platform.agentrun.classic_signing import signed_headers
from agentramp.platform.agentrun.functions_shell import END_OF_INPUT, Marks, wrapped, written
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.functions import Command, ConnectionLostError, Instance, Wires
from agentramp.platform.port import NotFoundError, PlatformError, UnreachableError

VERSION: Final = "2023-03-30"
STDOUT, STDERR, STATUS = 1, 2, 3
_OPEN_SECONDS, _CLOSE_SECONDS, _PING_SECONDS = 15.0, 2.0, 5.0
_MOST_SECONDS = "600"
"""What the vendor's tool asks for in ``FC_INSTANCE_EXEC_TIMEOUT``."""
_MESSAGE_BYTES, _MESSAGES = 1024 * 1024, 4
_ADDRESS_BYTES = 7500
_NOT_NOW = frozenset({429, 503})
_NOT_FOUND = 404


@dataclass(frozen=True)
class Line:
    """Where commands go. ``now`` is the platform's clock; ``account`` is the account's id."""

    url: Callable[[], str]
    account: Callable[[], str]
    credentials: Callable[[], Credentials] = field(repr=False)
    now: Callable[[], float]
    patience: Patience
    nonce: Callable[[], str]
    renew: Callable[[Credentials], None] | None = field(default=None, repr=False)
    """Told of credentials that were refused as ended; then they are asked for again."""

    def execute(self, function: str, instance: Instance, command: Command, wires: Wires) -> int:
        """The command's exit status; raises PlatformError or one of its children."""
        marks = Marks(self.nonce(), command.terminal)
        words = wrapped(command, marks.nonce) if command.shell else command.words
        path = "/".join(
            ("", VERSION, "functions", quote(function), "instances", quote(instance.id), "exec")
        )
        query = _query(command, words, instance.qualifier)
        with self._opened(path, query) as connection:
            feeder = _Feeder(connection, command, wires)
            threading.Thread(target=feeder.run, name="exec input", daemon=True).start()
            return _Reader(connection, wires, marks, sifted=command.shell).run()

    def _opened(self, path: str, query: str) -> ClientConnection:
        """Asked for again only where nothing can have run: it was refused, or never asked for."""
        ask = Renewing(self.credentials, self.renew, self.patience)
        return ask(lambda key: self._open(path, query, key))

    def _open(self, path: str, query: str, credentials: Credentials) -> ClientConnection:
        url = self.url()
        headers = signed_headers("GET", url, path, self.account(), credentials, self.now())
        del headers["host"]  # the library's own, and not signed
        stands = False

        class Standing(ClientConnection):
            """Made when there is a connection; the request is sent over it next."""

            def __init__(self, *parts: Any, **settings: Any) -> None:  # noqa: ANN401 - as they come
                nonlocal stands
                stands = True
                super().__init__(*parts, **settings)

        try:
            return connect(
                f"ws{url.removeprefix('http')}{path}?{query}",
                additional_headers=headers,
                compression=None,
                # A proxy of the environment is for the way out, never for this machine.
                proxy=None if is_loopback(url) else True,
                open_timeout=_OPEN_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                ping_interval=_PING_SECONDS,
                # An answer may stand behind output that nobody has read yet.
                ping_timeout=None,
                max_size=_MESSAGE_BYTES,
                max_queue=_MESSAGES,
                create_connection=Standing,
            )
        except InvalidStatus as error:
            raise _refused(error) from error
        except (OSError, InvalidHandshake) as error:
            if not stands:
                raise AgainError(_unreachable(url, error)) from error
            # Asked for, and no answer: the command may run already, so it is not asked for twice.
            raise _unanswered(url, error) from error


def _query(command: Command, words: Iterable[str], qualifier: str) -> str:
    """Raises UsageError where the words do not fit into an address."""
    pairs = [
        ("FC_INSTANCE_EXEC_TIMEOUT", _MOST_SECONDS),
        ("stdin", "true" if command.input else "false"),
        ("tty", "true" if command.terminal else "false"),
        ("stdout", "true"),
        ("stderr", "true"),
        *(("command", word) for word in words),
        *((("qualifier", qualifier),) if qualifier else ()),
    ]
    query = urlencode(pairs, quote_via=quote)
    if len(query) > _ADDRESS_BYTES:
        raise UsageError(
            f"the command is too long: {len(query)} bytes in an address, which holds"
            f" {_ADDRESS_BYTES}",
            advice="give a script on standard input: agentramp instances exec -- sh < script.sh",
        )
    return query


def _refused(error: InvalidStatus) -> Exception:
    """What the platform said in place of opening the line."""
    answer = error.response
    try:
        body = json.loads(answer.body or b"")
    except (ValueError, RecursionError):
        body = {}
    told = body if isinstance(body, dict) else {}
    status = answer.status_code
    code = str(told.get("ErrorCode") or told.get("Code") or f"HTTP {status}")
    text = str(told.get("ErrorMessage") or told.get("Message") or "the line was not opened")
    kind = NotFoundError if status == _NOT_FOUND else PlatformError
    refusal = kind(f"exec: {text}", code=code, request_id=_request_id(told, answer.headers))
    refusal.advice = "see which instances run with: agentramp instances list"
    return AgainError(refusal) if status in _NOT_NOW else refusal


def _request_id(told: dict[str, object], headers: Headers) -> str:
    return str(told.get("RequestId") or headers.get("x-fc-request-id") or "")


def _unreachable(url: str, error: Exception) -> UnreachableError:
    return UnreachableError(
        f"no line to {url} ({type(error).__name__})",
        advice="check the network, the region and the address of the platform, then run again",
    )


def _unanswered(url: str, error: Exception) -> ConnectionLostError:
    return ConnectionLostError(
        f"the line to {url} broke before it was open ({type(error).__name__})",
        advice="the command may have run: look before you run it again",
    )


@dataclass(frozen=True)
class _Feeder:
    """Sends what is typed or piped, in its own thread."""

    connection: ClientConnection
    command: Command
    wires: Wires

    def run(self) -> None:
        try:
            for piece in self._pieces():
                self.connection.send(piece)
            if self.command.terminal:
                self.connection.close()  # nobody is at the other end any more
        except ConnectionClosed:
            return  # the command has ended: nobody reads
        except OSError:
            self.connection.close()  # half an input must not look like a whole one

    def _pieces(self) -> Iterator[bytes]:
        if self.command.terminal:
            yield from self.wires.read()
        elif self.command.input and self.command.shell:
            for data in self.wires.read():
                yield from written(data)
            yield END_OF_INPUT
        elif self.command.input:
            yield from self.wires.read()
            yield b""


@dataclass
class _Reader:
    """Gives output away until the exit status is known."""

    connection: ClientConnection
    wires: Wires
    marks: Marks
    sifted: bool
    _status: int | None = None

    def __post_init__(self) -> None:
        self._out, self._err = self.marks.sieve(), self.marks.sieve()

    def run(self) -> int:
        why = "it was closed"
        try:
            while not self._is_over:
                self._take(self.connection.recv())
        except ConnectionClosed as error:
            why = str(error)
        self._release()
        status = self.marks.status if self.sifted else self._status
        if status is None:
            raise _lost(why, sifted=self.sifted)
        return status

    @property
    def _is_over(self) -> bool:
        return self.marks.complete if self.sifted else self._status is not None

    def _take(self, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        kind, content = data[:1], data[1:]
        if kind == bytes([STDOUT]):
            self.wires.out(self._out.pass_on(content) if self.sifted else content)
        elif kind == bytes([STDERR]):
            self.wires.err(self._err.pass_on(content) if self.sifted else content)
        elif kind == bytes([STATUS]):
            self._status = exit_status(content)

    def _release(self) -> None:
        self.wires.out(self._out.rest())
        self.wires.err(self._err.rest())


def exit_status(content: bytes) -> int | None:
    """What a Kubernetes ``Status`` tells: 0, or the cause named ExitCode; None where neither."""
    try:
        told = json.loads(content)
        if told["status"] == "Success":
            return 0
        causes = told["details"]["causes"]
        (code,) = (cause["message"] for cause in causes if cause["reason"] == "ExitCode")
        return int(code)
    except (ValueError, KeyError, TypeError):
        return None


def _lost(why: str, *, sifted: bool) -> ConnectionLostError:
    usual = (
        "usual cause: the instance ended, or its image has no sh (then try --no-shell)"
        if sifted
        else "usual cause: the platform tells no exit status; leave --no-shell out where the"
        " image has an sh"
    )
    return ConnectionLostError(
        f"the line was closed before the command's exit status came ({why})",
        advice=f"{usual}; the command may have run",
    )
