"""The gateway before an agent whose bytes the test chooses, in the test's own process."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web

from agentramp.local.agent import Agent
from agentramp.local.gateway import Gateway
from agentramp.local.ledger import Ledger
from agentramp.local.records import Affinity, Label, Route
from agentramp.local.routes import Live, Routes
from agentramp.local.schema import open_database
from agentramp.local.totals import Place
from agentramp.local.upstream import Pool

PATH = "/agent-runtimes/demo/endpoints/production/invocations"
ONE = Label("1")
POST = f"POST {PATH}/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n".encode()
FIRST_CHUNK = b"5\r\nhello\r\n"
BAD_CHUNK = b"no size\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def get() -> bytes:
    return f"GET {PATH}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


@dataclass
class Scripted:
    """Answers every head, without reading a body: ``answer``, and a little later ``later``.

    Stands in for an Agent too.
    """

    answer: bytes = OK
    later: bytes = b""
    delay: float = 0.0
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    in_flight: int = 0
    pool: Pool | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                if not self.answer:
                    await reader.read()
                    return
                await asyncio.sleep(self.delay)
                writer.write(self.answer)
                if self.later:
                    await asyncio.sleep(0.05)
                    writer.write(self.later)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def enter(self) -> None:
        self.in_flight += 1

    def leave(self) -> None:
        self.in_flight -= 1


@dataclass
class Scene:
    agent: Scripted
    ledger: Ledger
    port: int

    async def ask(self, *parts: bytes, seconds: float = 5) -> bytes:
        """Send the parts one after the other; what came until the gateway closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.05)
            return await asyncio.wait_for(reader.read(), seconds)
        finally:
            writer.close()

    async def settled(self) -> None:
        """What the gateway does after its answer is done."""
        for _ in range(100):
            if not self.agent.in_flight:
                return
            await asyncio.sleep(0.02)
        pytest.fail("the exchange never ended")

    @property
    def failures(self) -> int:
        return self.ledger.totals[Place("demo", "production", ONE)].failures


Prepare = Callable[[web.BaseRequest], None]


@asynccontextmanager
async def scene(
    database: sqlite3.Connection, agent: Scripted, prepare: Prepare = lambda _: None
) -> AsyncIterator[Scene]:
    routes, ledger = Routes(), Ledger(database)
    upstream = await asyncio.start_server(agent.serve, "127.0.0.1", 0)
    agent.pool = Pool(["127.0.0.1"], upstream.sockets[0].getsockname()[1])
    served = cast("Agent", agent)
    live = Live("ep", Route(ONE), Affinity(enabled=False), {ONE: served})
    routes.set("demo", "production", live)
    gateway = Gateway(routes, ledger)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        prepare(request)
        return await gateway.handle(request)

    protocols = web.Server(
        handle, access_log=None, auto_decompress=False, handler_cancellation=True
    )
    server = await asyncio.get_running_loop().create_server(protocols, "127.0.0.1", 0)
    try:
        yield Scene(agent, ledger, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await protocols.shutdown(0.1)
        agent.pool.close()
        upstream.close()
        await upstream.wait_closed()


def run(
    folder: Path,
    agent: Scripted,
    act: Callable[[Scene], Awaitable[None]],
    prepare: Prepare = lambda _: None,
) -> None:
    async def play() -> None:
        with closing(open_database(folder / "db")) as database:
            async with scene(database, agent, prepare) as made:
                await act(made)

    asyncio.run(play())


# --- requests that break off -------------------------------------------------------------------


def breaks_soon(request: web.BaseRequest) -> None:
    """The body's reader is told, as aiohttp's parser in Python does; the compiled one is silent."""
    if request.method == "POST":
        error = web.RequestPayloadError("not a chunk")
        asyncio.get_running_loop().call_later(0.1, request.content.set_exception, error)


def test_a_body_that_breaks_off_is_the_clients_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(made: Scene) -> None:
        answer = await made.ask(POST + b"\r\n", FIRST_CHUNK, BAD_CHUNK)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"ERR_BAD_REQUEST" in answer
        assert answer.count(b"HTTP/1.1") == 1
        await made.settled()
        assert made.failures == 0

    with caplog.at_level(logging.WARNING):
        run(tmp_path, Scripted(answer=b""), act)
    assert caplog.records == []


def test_a_stream_ends_with_the_body_it_answers(tmp_path: Path) -> None:
    begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"

    async def act(made: Scene) -> None:
        answer = await made.ask(POST + b"\r\n", FIRST_CHUNK, BAD_CHUNK)
        assert answer.endswith(b"2\r\nok\r\n"), "without a proper end"
        await made.settled()
        assert made.failures == 0, "the agent did nothing wrong"

    run(tmp_path, Scripted(answer=begun), act)


def test_a_connection_with_half_a_request_is_not_used_again(tmp_path: Path) -> None:
    async def act(made: Scene) -> None:
        assert (await made.ask(POST + b"\r\n", FIRST_CHUNK)).startswith(b"HTTP/1.1 400 ")
        await made.settled()
        assert (await made.ask(get())).startswith(b"HTTP/1.1 200 ")
        assert made.agent.connections == 2

    run(tmp_path, Scripted(delay=0.3), act, breaks_soon)


def test_a_connection_with_whole_requests_is_used_again(tmp_path: Path) -> None:
    async def act(made: Scene) -> None:
        for _ in range(3):
            assert (await made.ask(get())).startswith(b"HTTP/1.1 200 ")
        assert made.agent.connections == 1

    run(tmp_path, Scripted(), act)


# --- how messages are delimited ----------------------------------------------------------------


def split(answer: bytes) -> tuple[list[bytes], bytes]:
    """The header lines in small letters, and the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.lower().split(b"\r\n")[1:], body


@pytest.mark.parametrize(
    "rest", [b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n"], ids=["whole", "stream"]
)
def test_chunks_overrule_a_length(tmp_path: Path, rest: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    end = b"" if rest.endswith(b"0\r\n\r\n") else b"0\r\n\r\n"

    async def act(made: Scene) -> None:
        headers, body = split(await made.ask(get()))
        assert b"content-length: 3" not in headers
        assert b"hello" in body

    run(tmp_path, Scripted(answer=head + rest, later=end), act)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nConnection: content-length\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5, 5\r\n",
    ],
)
@pytest.mark.parametrize("cut", [0, 2])
def test_the_length_is_given_once(tmp_path: Path, lines: bytes, cut: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + lines + b"\r\nhello"
    now, later = answer[: len(answer) - cut], answer[len(answer) - cut :]

    async def act(made: Scene) -> None:
        headers, body = split(await made.ask(get()))
        assert headers.count(b"content-length: 5") == 1
        assert body == b"hello"

    run(tmp_path, Scripted(answer=now, later=later), act)


def test_a_client_cannot_drop_what_delimits_its_request(tmp_path: Path) -> None:
    request = (
        f"POST {PATH}/ HTTP/1.1\r\nHost: here\r\nX-Hop: 1\r\nContent-Length: 5\r\n"
        "Connection: close, Content-Length, host, x-hop\r\n\r\nhello"
    )

    async def act(made: Scene) -> None:
        await made.ask(request.encode())
        headers, _ = split(made.agent.heads[0])
        assert b"content-length: 5" in headers
        assert b"host: here" in headers
        assert not any(line.startswith((b"x-hop", b"transfer-encoding")) for line in headers)

    run(tmp_path, Scripted(), act)
