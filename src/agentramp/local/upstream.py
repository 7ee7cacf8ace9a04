"""Connections from the gateway to one agent, kept open between requests.

Not aiohttp's client, for two reasons: it sends some requests again when a kept connection turns
out to be closed, which an agent's request may not survive twice, and it takes most of the time
of a proxied request.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import cast

from agentramp.local.http1 import Head, MalformedError, ResponseReader

_BUFFER_MAX = 256 * 1024
_IDLE_SECONDS = 1.0
"""Shorter than any server's own limit (2 s and more), so that it rarely closes while we send."""


class ConnectError(Exception):
    """Nothing of the request was sent."""


class CutError(Exception):
    """The agent ended the connection, or sent what is no HTTP, before its answer was complete."""


class Connection(asyncio.Protocol):
    """One exchange at a time: ``begin``, write the request, ``head``, then ``part`` until empty."""

    def __init__(self) -> None:
        self._reader = ResponseReader()
        self._transport: asyncio.Transport | None = None
        self._news: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._full = False
        self._paused = False
        self._busy = False
        self._cut: str = ""
        self.closed = False
        self.idle_since = 0.0

    # what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            self.fail("it spoke without being asked")
            return
        try:
            self._reader.feed(data)
        except MalformedError as error:
            self.fail(str(error))
            return
        if self._transport and sum(map(len, self._reader.parts)) > _BUFFER_MAX:
            self._paused = True
            self._transport.pause_reading()
        self._tell()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._busy and not self._cut:
            try:
                self._reader.end()
            except MalformedError as error:
                self._cut = str(exc or error)
        self._tell()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        if self._room and not self._room.done():
            self._room.set_result(None)

    # what the gateway calls

    def begin(self, *, to_head: bool) -> None:
        self._reader = ResponseReader(to_head=to_head)
        self._busy = True

    def write(self, data: bytes) -> None:
        if self._transport and not self.closed:
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the agent has taken enough of what was written."""
        if self._full and not self.closed:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    async def head(self) -> Head:
        while self._reader.head is None:
            await self._more()
        return self._reader.head

    async def part(self) -> bytes:
        """The next bytes of the body, as they came; empty at its end."""
        while not self._reader.parts:
            if self._reader.done:
                return b""
            await self._more()
        parts = self._reader.parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        if self._paused and self._transport and not self.closed:
            self._paused = False
            self._transport.resume_reading()
        return data

    @property
    def complete(self) -> bool:
        """Whether the whole response has come, taken or not."""
        return self._reader.done

    def finish(self) -> bool:
        """The exchange is over; whether the connection may be used for another."""
        self._busy = False
        reader = self._reader
        return bool(not self.closed and reader.done and reader.head and reader.head.persistent)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()
        self.closed = True

    def fail(self, reason: str) -> None:
        """End the exchange: whoever waits for the rest of the answer gets a CutError."""
        self._cut = reason
        self._tell()
        self.abort()

    async def _more(self) -> None:
        if self._cut or self.closed:
            raise CutError(self._cut or "the connection was closed")
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def _tell(self) -> None:
        if self._news and not self._news.done():
            self._news.set_result(None)


class Pool:
    """The idle connections to one agent process."""

    def __init__(self, hosts: Iterable[str], port: int) -> None:
        self._hosts = tuple(hosts)
        self._port = port
        self._idle: deque[Connection] = deque()

    async def acquire(self) -> Connection:
        """An open connection, a kept one if there is a fresh one. Raises ConnectError."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed and now - connection.idle_since < _IDLE_SECONDS:
                return connection
            connection.abort()
        return await self._connect()

    async def _connect(self) -> Connection:
        problem: OSError | None = None
        for host in self._hosts:
            found = await _open(host, self._port)
            if isinstance(found, Connection):
                return found
            problem = found
        raise ConnectError(str(problem)) from problem

    def release(self, connection: Connection, *, whole: bool) -> None:
        """Give back; ``whole`` false where the request was not sent to its end."""
        if connection.finish() and whole:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().abort()


async def _open(host: str, port: int) -> Connection | OSError:
    try:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, host, port)
    except OSError as error:
        return error
    return connection
