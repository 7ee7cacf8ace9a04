"""The data plane: a request to an endpoint goes to the agent its session belongs to.

Nothing is buffered and nothing is sent twice: only a connection that could not be made is tried
again.
"""

import asyncio
import contextlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, TypeVar

from aiohttp import web
from multidict import CIMultiDict

from agentramp.local import assumptions, routing, sessions
from agentramp.local.agent import Agent
from agentramp.local.http1 import Head
from agentramp.local.ledger import Ledger, Request
from agentramp.local.routes import Live, Routes
from agentramp.local.totals import Place
from agentramp.local.upload import Upload
from agentramp.local.upstream import ConnectError, Connection, CutError, Pool

AnyResponse = TypeVar("AnyResponse", bound=web.StreamResponse)

PREFIX = "/agent-runtimes/"

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NOT_FOR_AGENTS = _HOP_BY_HOP | {"expect", "agentrun-authorization"}
_END_TO_END = frozenset({"content-length", "host"})
"""Without these the other side cannot read the message, whatever ``Connection`` names."""
_BAD_REQUEST = 400
_SERVER_ERROR = 500
_CLIENT_LEFT = 499
_RETRY_SECONDS = 0.05


@dataclass(frozen=True)
class Target:
    """Where a request's path leads: the endpoint's names, and what the agent is asked for."""

    runtime: str
    endpoint: str
    rest: str


@dataclass
class Exchange:
    """One request while it is at work; times are of the monotonic clock."""

    live: Live
    place: Place
    agent: Agent
    session: str
    is_new: bool
    beginning: int | None
    began: float
    first_byte: float = 0.0
    status: int = _CLIENT_LEFT
    cut: bool = False


def target_of(raw_path: str) -> Target | None:
    """Splits ``/agent-runtimes/<name>/endpoints/<name>/invocations<rest>``."""
    path, mark, query = raw_path.partition("?")
    parts = path.split("/", 6)
    match parts:
        case ["", "agent-runtimes", runtime, "endpoints", endpoint, "invocations", *rest]:
            tail = "/" + (rest[0] if rest else "")
            return Target(runtime, endpoint, tail + mark + query)
        case _:
            return None


class Gateway:
    def __init__(
        self,
        routes: Routes,
        ledger: Ledger,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._routes = routes
        self._ledger = ledger
        self._now = now
        self._clock = clock
        self._in_flight = 0
        self._idle = asyncio.Event()

    async def drained(self, timeout: float) -> None:
        """Wait for the requests in flight, but no longer than ``timeout`` seconds."""
        if self._in_flight:
            self._idle.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._idle.wait(), timeout)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        target = target_of(request.raw_path)
        live = target and self._routes.find(target.runtime, target.endpoint)
        if not target or not live:
            return problem(
                404,
                "ERR_NOT_FOUND",
                f"the endpoint of {request.path} does not exist or is not ready",
            )
        if "websocket" in request.headers.get("upgrade", "").lower():
            return problem(501, "ERR_NOT_IMPLEMENTED", "the embedded platform has no WebSockets")
        exchange = self._begin(request, target, live)
        self._in_flight += 1
        exchange.agent.enter()
        try:
            return await self._exchange(request, target, exchange)
        finally:
            exchange.agent.leave()
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()
            self._record(exchange)

    def _begin(self, request: web.BaseRequest, target: Target, live: Live) -> Exchange:
        session, is_new = _session(request, live)
        at = routing.point(session, live.endpoint_id)
        now = self._now()
        assigned = None
        if live.affinity.enabled and not is_new:
            idle = live.affinity.idle_seconds
            assigned = self._ledger.assigned(live.endpoint_id, session, now, idle)
        label = routing.choose(live.route, assigned, at)
        place = Place(target.runtime, target.endpoint, label)
        if not live.affinity.enabled:
            beginning: int | None = self._ledger.begin_alone(live.endpoint_id, place, now)
        else:
            if label != assigned:
                moved = assigned is not None
                self._ledger.assign(live.endpoint_id, session, place, now, moved=moved)
            beginning = self._ledger.beginning(live.endpoint_id, session, label)
        return Exchange(live, place, live.agents[label], session, is_new, beginning, self._clock())

    def _record(self, exchange: Exchange) -> None:
        ended = self._clock()
        first_byte = (exchange.first_byte or ended) - exchange.began
        self._ledger.record(
            Request(
                self._now(),
                exchange.live.endpoint_id,
                exchange.place,
                exchange.session,
                exchange.status,
                exchange.cut or exchange.status >= _SERVER_ERROR,
                first_byte,
                ended - exchange.began,
                alone=not exchange.live.affinity.enabled,
                beginning=exchange.beginning,
            )
        )

    async def _exchange(
        self, request: web.BaseRequest, target: Target, exchange: Exchange
    ) -> web.StreamResponse:
        found = await _connect(exchange.agent)
        if found is None:
            exchange.status = 503
            return problem(
                503,
                "ERR_SERVICE_UNAVAILABLE",
                f"version {exchange.place.version} is not healthy; it is being started again",
                exchange,
            )
        pool, connection = found
        connection.begin(to_head=request.method == "HEAD")
        connection.write(_request_head(request, target))
        upload = Upload(request, connection) if request.can_read_body else None
        whole = False
        try:
            response = await self._relay(request, connection, exchange, upload)
            whole = upload is None or upload.whole
            if upload and upload.broken:
                # What follows on the client's connection cannot be told from the body.
                response.force_close()
        finally:
            if upload:
                upload.stop()
            pool.release(connection, whole=whole)
        return response

    async def _relay(
        self,
        request: web.BaseRequest,
        connection: Connection,
        exchange: Exchange,
        upload: Upload | None,
    ) -> web.StreamResponse:
        try:
            head = await connection.head()
        except CutError as error:
            if upload and upload.broken:
                exchange.status = _BAD_REQUEST
                return problem(400, "ERR_BAD_REQUEST", "the request's body broke off", exchange)
            exchange.status = 502
            return problem(502, "ERR_BAD_GATEWAY", f"the agent gave no answer: {error}", exchange)
        exchange.status = head.status
        # From here on the client knows its version. Where it cannot be written (a full disk), the
        # answer still goes out; the ledger keeps it in memory and tries again.
        with contextlib.suppress(sqlite3.Error):
            self._ledger.settle()
        if connection.complete:
            exchange.first_byte = self._clock()
            body = await connection.part()
            return _marked(web.Response(body=body, **_answer(head)), exchange)
        response = _marked(web.StreamResponse(**_answer(head)), exchange)
        try:
            await self._stream(request, connection, exchange, response)
        except CutError:
            if upload and upload.broken:
                exchange.status = _BAD_REQUEST
            else:
                exchange.cut = True
            # The client has to see that the answer is not whole, so there is no proper end.
            if request.transport:
                request.transport.abort()
        except ConnectionError:
            exchange.status = _CLIENT_LEFT
        return response

    async def _stream(
        self,
        request: web.BaseRequest,
        connection: Connection,
        exchange: Exchange,
        response: web.StreamResponse,
    ) -> None:
        await response.prepare(request)
        while part := await connection.part():
            exchange.first_byte = exchange.first_byte or self._clock()
            await response.write(part)
        await response.write_eof()


async def _connect(agent: Agent) -> tuple[Pool, Connection] | None:
    """A connection to the agent; waits while it is being started again."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + assumptions.RESTART_WAIT_SECONDS
    while (left := deadline - clock()) > 0:
        pool = agent.pool or await agent.reachable(left)
        if pool is None:
            return None
        try:
            return pool, await pool.acquire()
        except ConnectError:
            await asyncio.sleep(_RETRY_SECONDS)
    return None


def _request_head(request: web.BaseRequest, target: Target) -> bytes:
    dropped = _dropped(request.headers.getall("connection", ()), _NOT_FOR_AGENTS)
    lines = [f"{request.method} {target.rest} HTTP/1.1".encode("utf-8", "surrogateescape")]
    lines += [
        name + b": " + value
        for name, value in request.raw_headers
        if name.decode("latin-1").lower() not in dropped
    ]
    if request.can_read_body and "content-length" not in request.headers:
        lines.append(b"Transfer-Encoding: chunked")
    return b"\r\n".join([*lines, b"", b""])


def _dropped(connection: "list[str] | tuple[str, ...]", always: frozenset[str]) -> frozenset[str]:
    """Headers that go no further: the standard ones, and those ``Connection`` names."""
    if not connection:
        return always
    named = {token.strip().lower() for value in connection for token in value.split(",")}
    return always | (named - _END_TO_END)


class _Answer(TypedDict):
    status: int
    reason: str
    headers: CIMultiDict[str]


def _answer(head: Head) -> _Answer:
    connection = [value for name, value in head.headers if name.lower() == "connection"]
    dropped = _dropped(connection, _HOP_BY_HOP | {"content-length"})
    kept = [(name, value) for name, value in head.headers if name.lower() not in dropped]
    # Once, and not beside chunks, which overrule it (RFC 9112, section 6.3).
    if head.length is not None and not head.chunked:
        kept.append(("Content-Length", str(head.length)))
    return _Answer(status=head.status, reason=head.reason, headers=CIMultiDict(kept))


def _marked(response: AnyResponse, exchange: Exchange) -> AnyResponse:
    response.headers[assumptions.VERSION_HEADER] = exchange.place.version
    if exchange.is_new and exchange.live.affinity.enabled:
        path = f"{PREFIX}{exchange.place.runtime}/endpoints/{exchange.place.endpoint}"
        response.headers.add(
            "Set-Cookie",
            f"{assumptions.SESSION_COOKIE}={exchange.session}; Path={path}; HttpOnly; SameSite=Lax",
        )
    return response


def _session(request: web.BaseRequest, live: Live) -> tuple[str, bool]:
    """The request's session, and whether it had to be made."""
    if live.affinity.enabled:
        cookies = request.headers.getall("cookie", ())
        given = sessions.named(request.headers.get(live.affinity.header), cookies)
        if given:
            return given, False
    return secrets.token_hex(16), True


def problem(status: int, code: str, message: str, exchange: Exchange | None = None) -> web.Response:
    body = json.dumps({"code": code, "message": message, "requestId": secrets.token_hex(16)})
    response = web.Response(status=status, text=body, content_type="application/json")
    return _marked(response, exchange) if exchange else response
