"""``exec``: a command in an instance, over a WebSocket.

A message from here is one byte (1 output, 2 errors) and data. One to here is input and nothing
else, as the vendor's own client sends it; an empty one ends the input. How the exit status is told
is in no source: here by a message of type 3 as Kubernetes' exec does, and by the close's reason.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qs, unquote

from aiohttp import WSMsgType, web

from agentramp.local import assumptions, process
from agentramp.local.agent import Agent, Instance
from agentramp.local.functions import PREFIX
from agentramp.local.launch import Launch, mapped
from agentramp.local.refusal import RefusalError

STDOUT, STDERR, STATUS = 1, 2, 3
_PATH = re.compile(re.escape(PREFIX) + r"/functions/([^/]+)/instances/([^/]+)/exec")
_CHUNK: Final = 32 * 1024
_KILL_SECONDS: Final = 1.0
_FULL_SECONDS: Final = 0.01
_NOT_FOUND, _NOT_EXECUTABLE, _BY_SIGNAL = 127, 126, 128
# The terminal becomes the command's own only in a session of its own, and from within.
_IN_TERMINAL: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
try:
    os.execvp(sys.argv[1], sys.argv[1:])
except OSError as error:
    print(sys.argv[1] + ": " + error.strerror)
    os._exit(127 if isinstance(error, FileNotFoundError) else 126)
"""


@dataclass(frozen=True)
class Asked:
    function: str
    instance: str
    words: tuple[str, ...]
    has_input: bool
    has_output: bool
    has_errors: bool
    terminal: bool


def asked(path: str, query: str) -> Asked | None:
    """None where ``path`` is not the one of exec."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    given = parse_qs(query, keep_blank_values=True)
    return Asked(
        unquote(found[1]),
        unquote(found[2]),
        tuple(given.get("command", ())) or ("/bin/sh",),
        has_input=_is_on(given, "stdin", default=False),
        has_output=_is_on(given, "stdout", default=True),
        has_errors=_is_on(given, "stderr", default=True),
        terminal=_is_on(given, "tty", default=False),
    )


def _is_on(given: Mapping[str, list[str]], name: str, *, default: bool) -> bool:
    return given[name][-1].lower() == "true" if name in given else default


class Instances(Protocol):
    """Finds a process by its function's and its own name."""

    def instance(self, function: str, name: str) -> tuple[Agent, Instance]: ...


class Executions:
    """``seconds`` is how long a command may run, ``most`` how many may run at once."""

    def __init__(
        self,
        desk: Instances,
        seconds: float = assumptions.EXEC_SECONDS,
        most: int = assumptions.EXECS_MOST,
    ) -> None:
        self._desk = desk
        self._seconds = seconds
        self._most = most
        self._running = 0

    async def run(self, request: web.BaseRequest, wanted: Asked) -> web.StreamResponse:
        """The request was verified. Raises RefusalError."""
        agent, instance = self._desk.instance(wanted.function, wanted.instance)
        if "websocket" not in request.headers.get("upgrade", "").lower():
            raise RefusalError(400, "InvalidArgument", "exec is only for WebSockets")
        if self._running >= self._most:
            raise RefusalError(429, "ResourceThrottled", f"{self._most} commands run already")
        self._running += 1
        try:
            socket = web.WebSocketResponse(max_msg_size=1024 * 1024)
            await socket.prepare(request)
            await _serve(socket, wanted, _Place(agent, instance), self._seconds)
        finally:
            self._running -= 1
        return socket


@dataclass(frozen=True)
class _Place:
    agent: Agent
    instance: Instance

    @property
    def launch(self) -> Launch:
        return self.agent.launch

    @property
    def environment(self) -> dict[str, str]:
        return self.launch.environment(self.instance.port)

    def words(self, wanted: Asked) -> tuple[str, ...]:
        return tuple(mapped(word, self.launch.code) for word in wanted.words)


async def _serve(
    socket: web.WebSocketResponse, wanted: Asked, place: _Place, seconds: float
) -> None:
    try:
        session = await (_in_terminal if wanted.terminal else _with_pipes)(wanted, place)
    except (OSError, ValueError) as error:
        code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        await socket.send_bytes(bytes([STDERR]) + f"{wanted.words[0]}: {error}\n".encode())
        await _tell(socket, code)
        return
    await _attend(socket, session, seconds)


class _Session:
    """A command with its near ends: ``sources`` of output, by the byte that names each."""

    def __init__(self, child: Process) -> None:
        self.child = child
        self.sources: dict[int, asyncio.StreamReader] = {}
        self.terminal: int | None = None

    async def write(self, data: bytes) -> None:
        """Nothing is the end of the input."""
        if self.terminal is not None:
            await _write_terminal(self.terminal, data or b"\x04")
        elif self.child.stdin and not self.child.stdin.is_closing():
            with contextlib.suppress(ConnectionError):
                self.child.stdin.write(data)
                await self.child.stdin.drain()
            if not data:
                self.child.stdin.close()


async def _with_pipes(wanted: Asked, place: _Place) -> _Session:
    child = await asyncio.create_subprocess_exec(
        *place.words(wanted),
        stdin=PIPE if wanted.has_input else DEVNULL,
        stdout=PIPE if wanted.has_output else DEVNULL,
        stderr=PIPE if wanted.has_errors else DEVNULL,
        cwd=place.launch.code,
        env=place.environment,
        start_new_session=True,
    )
    session = _Session(child)
    ends = {STDOUT: child.stdout, STDERR: child.stderr}
    session.sources = {name: end for name, end in ends.items() if end}
    return session


async def _in_terminal(wanted: Asked, place: _Place) -> _Session:
    near, far = pty.openpty()
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            _IN_TERMINAL,
            *place.words(wanted),
            stdin=far,
            stdout=far,
            stderr=far,
            cwd=place.launch.code,
            env={"TERM": "xterm", **place.environment},
            start_new_session=True,
        )
    except BaseException:
        os.close(near)
        raise
    finally:
        os.close(far)
    session = _Session(child)
    session.sources = {STDOUT: await _reader(near)}
    session.terminal = near
    return session


async def _reader(near: int) -> asyncio.StreamReader:
    """Of a terminal's near end, which its transport closes."""
    fcntl.fcntl(near, fcntl.F_SETFL, fcntl.fcntl(near, fcntl.F_GETFL) | os.O_NONBLOCK)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(near, "rb", 0)
    )
    return reader


async def _write_terminal(near: int, data: bytes) -> None:
    while data:
        taken = _taken(near, data)
        data = data[taken:]
        if not taken:
            await asyncio.sleep(_FULL_SECONDS)


def _taken(near: int, data: bytes) -> int:
    """How much the terminal takes now; one that is closed takes everything."""
    try:
        return os.write(near, data)
    except BlockingIOError:
        return 0
    except OSError:
        return len(data)


async def _attend(socket: web.WebSocketResponse, session: _Session, seconds: float) -> None:
    """Until the command ended, the client left, or the time is over; then nothing of it is left."""
    listening = asyncio.create_task(_listen(socket, session))
    speaking = asyncio.create_task(_speak(socket, session))
    try:
        await asyncio.wait(
            {listening, speaking},
            timeout=seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        done = speaking.done() and not speaking.cancelled() and speaking.exception() is None
        code = session.child.returncode if done else None
    finally:
        await asyncio.shield(process.end(session.child, patience=_KILL_SECONDS))
        for task in (listening, speaking):
            task.cancel()
        await asyncio.gather(listening, speaking, return_exceptions=True)
    if code is None:
        await socket.close(code=1011, message=b"the command was ended")
    else:
        await _tell(socket, code if code >= 0 else _BY_SIGNAL - code)


async def _tell(socket: web.WebSocketResponse, status: int) -> None:
    told: dict[str, object] = {"metadata": {}, "status": "Success"}
    if status:
        causes = [{"reason": "ExitCode", "message": str(status)}]
        told |= {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
    with contextlib.suppress(ConnectionError):
        await socket.send_bytes(bytes([STATUS]) + json.dumps(told).encode())
    await socket.close(code=1000, message=f"exit status {status}".encode())


async def _listen(socket: web.WebSocketResponse, session: _Session) -> None:
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            await session.write(message.data)
        elif message.type is WSMsgType.TEXT:
            await session.write(message.data.encode())


async def _speak(socket: web.WebSocketResponse, session: _Session) -> None:
    """Everything the command wrote until it ended; a child that it left behind may go on."""
    relays = [
        asyncio.create_task(_relay(socket, name, source))
        for name, source in session.sources.items()
    ]
    try:
        await session.child.wait()
        # What lies in the pipes is told; one that something in the background holds open is not
        # waited for.
        if relays:
            await asyncio.wait(relays, timeout=_KILL_SECONDS)
    finally:
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)


async def _relay(socket: web.WebSocketResponse, name: int, source: asyncio.StreamReader) -> None:
    # A terminal whose other end is closed says so by an error (Linux).
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            await socket.send_bytes(bytes([name]) + data)
