"""Wires the embedded platform together and serves it on one loopback port."""

import asyncio
import contextlib
import dataclasses
import hashlib
import logging
import os
import secrets
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from agentramp.local import (
    account,
    assumptions,
    classic,
    control,
    functions,
    gateway,
    launch,
    logservice,
    logstore,
    oss,
    ports,
    rpc,
    shown,
    sts,
)
from agentramp.local.artifacts import Artifacts
from agentramp.local.auth import Received, query_of, verify
from agentramp.local.endpoints import ENDPOINTS
from agentramp.local.evidence import EVIDENCE
from agentramp.local.execution import Executions
from agentramp.local.frontdesk import FrontDesk
from agentramp.local.grants import GRANTS
from agentramp.local.home import Home, Running
from agentramp.local.images import Images
from agentramp.local.keys import Keys
from agentramp.local.ledger import Ledger
from agentramp.local.lifecycle import Lifecycle
from agentramp.local.networks import Networks
from agentramp.local.objects import Objects
from agentramp.local.records import Identity, Workspace
from agentramp.local.refusal import RefusalError
from agentramp.local.routes import Routes
from agentramp.local.runtimes import RUNTIMES
from agentramp.local.schema import open_database
from agentramp.local.scribe import Scribe
from agentramp.local.store import Store
from agentramp.local.supervisor import Folders, Supervisor
from agentramp.local.totals import render
from agentramp.local.trust import Trust
from agentramp.local.visitors import check_visitor

_LOG = logging.getLogger(__name__)

STATUS_PATH = "/-/status"
METRICS_PATH = "/metrics"
_FLUSH_SECONDS = 0.5
_PRUNE_SECONDS = 600.0
_LAST_WORDS_SECONDS = 0.1
_LONGEST_IDLE_SECONDS = 86_400
_TABLE = {**control.WORKSPACES, **RUNTIMES, **ENDPOINTS, **EVIDENCE, **GRANTS}
_RPC = {sts.VERSION: sts.OPERATIONS, **account.OPERATIONS}


@dataclass(frozen=True)
class Site:
    """Answers every request that comes to the port."""

    plane: control.Plane
    gateway: gateway.Gateway
    front: FrontDesk

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        if path.startswith(gateway.PREFIX):
            return await self.gateway.handle(request)
        try:
            check_visitor(request.headers)
        except RefusalError as no:
            return gateway.problem(no.status, no.code, no.message)
        return await self._serve(request, path)

    async def _serve(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """What is not an agent's own."""
        if path.startswith(logstore.PREFIX) or logservice.MARK in request.headers:
            return await self._log_service(request)
        if path.startswith(functions.PREFIX + "/"):
            return await _guarded(self._functions(request), self.front.refused)
        if oss.is_meant(request):
            return await _guarded(
                oss.answer(self.plane, request), lambda no: oss.refused(no, request.path)
            )
        if path.partition("?")[0] == rpc.PATH:
            return await self._rpc(request)
        if path.startswith(classic.PREFIX + "/"):
            return await _guarded(self._classic(request), classic.refused)
        if path.startswith(control.PREFIX + "/"):
            return await self._control(request)
        if path == METRICS_PATH and request.method == "GET":
            return web.Response(text=render(self.plane.ledger.totals))
        if path == STATUS_PATH and request.method == "GET":
            identity = self.plane.identity
            whole = launch.SHIM.exists()
            return web.json_response({"id": identity.id, "pid": os.getpid(), "whole": whole})
        return gateway.problem(404, "ERR_NOT_FOUND", f"{request.path} does not exist")

    async def _control(self, request: web.BaseRequest) -> web.Response:
        request_id = secrets.token_hex(16).upper()
        try:
            answer = await self._answer(request)
            body, status = shown.success(answer.data, request_id), answer.status
        except RefusalError as refusal:
            body = shown.failure(refusal.code, refusal.message, request_id)
            status = refusal.status
        except Exception:  # noqa: BLE001 the last boundary: a client gets JSON whatever happens
            _LOG.exception("request %s failed", request_id)
            body = shown.failure("ERR_INTERNAL_SERVER_ERROR", "see the server's log", request_id)
            status = 500
        return web.Response(
            body=body,
            status=status,
            content_type="application/json",
            charset="utf-8",
            headers={"x-acs-request-id": request_id},
        )

    async def _rpc(self, request: web.BaseRequest) -> web.StreamResponse:
        request_id = secrets.token_hex(16).upper()

        async def work() -> web.Response:
            data = rpc.answer(self.plane, await _receive(request), _RPC)
            return web.json_response({"RequestId": request_id, **data})

        return await _guarded(work(), lambda no: rpc.refused(no, request_id, request.host))

    async def _classic(self, request: web.BaseRequest) -> web.Response:
        told = classic.temporary_bucket(self.plane, await _receive(request))
        return web.json_response(told, headers=classic.request_id())

    async def _functions(self, request: web.BaseRequest) -> web.StreamResponse:
        return await self.front.call(request, await _receive(request))

    async def _log_service(self, request: web.BaseRequest) -> web.Response:
        try:
            received = await _receive(request)
            told = await self.front.log(received)
        except RefusalError as refusal:
            told = logstore.refused(refusal)
        except Exception:  # noqa: BLE001 the last boundary: a client gets JSON whatever happens
            _LOG.exception("a query of the log failed")
            told = logstore.refused(
                RefusalError(500, "InternalServerError", "see the server's log")
            )
        return web.Response(
            body=told.body,
            status=told.status,
            content_type="application/json",
            headers=told.headers,
        )

    async def _answer(self, request: web.BaseRequest) -> control.Answer:
        received = await _receive(request)
        plane = self.plane
        holder = verify(received, plane.keys, plane.now(), plane.store.use_nonce)
        path = request.path.removeprefix(control.PREFIX)
        if (received.method, path) in GRANTS and holder.is_temporary:
            raise RefusalError(403, "NoPermission", "only the account's own key may do this")
        call = control.Call(received.method, path, query_of(received.query), received.body)
        return await control.answer(plane, call, _TABLE)


async def _guarded(
    work: Awaitable[web.StreamResponse], refused: Callable[[RefusalError], web.Response]
) -> web.StreamResponse:
    """Each service has its own way to say no."""
    try:
        return await work
    except RefusalError as refusal:
        return refused(refusal)
    except Exception:  # noqa: BLE001 the last boundary: a client gets an answer whatever happens
        _LOG.exception("a request failed")
        return refused(RefusalError(500, "InternalError", "see the server's log"))


async def _receive(request: web.BaseRequest) -> Received:
    if request.headers.get("expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body, digest = bytearray(), hashlib.sha256()
    async for data in request.content.iter_any():
        body += data
        digest.update(data)
        if len(body) > assumptions.MAX_BODY_BYTES:
            raise RefusalError(
                413,
                "ERR_REQUEST_TOO_LARGE",
                f"the body is larger than {assumptions.MAX_BODY_BYTES} bytes",
            )
    path, _, query = request.raw_path.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Received(request.method, path, query, headers, bytes(body), digest.hexdigest())


async def serve(home: Home, search_path: str) -> None:
    """Serve until SIGTERM, SIGINT or the end of the folder; then let streams end and stop all."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with _running(home, search_path, stopping):
        await stopping.wait()


@asynccontextmanager
async def _running(home: Home, search_path: str, stopping: asyncio.Event) -> AsyncIterator[None]:
    database = open_database(home.database)
    store, ledger, routes = Store(database), Ledger(database), Routes()
    identity, listener = _listen(home)
    machine = launch.Machine(launch.make_programs(home.programs), search_path, identity.id)
    scribe = Scribe(home.lines)
    images = Images(home.images)
    folders = Folders(home.artifacts, home.run, home.logs, images)
    supervisor = Supervisor(folders, machine, store, scribe)
    lifecycle = Lifecycle(store, supervisor, routes)
    artifacts = Artifacts(home.artifacts)
    await supervisor.clean_up(store)
    await scribe.start()
    artifacts.prune(store.artifacts())
    _add_default_workspace(store)
    plane = control.Plane(
        identity,
        store,
        ledger,
        lifecycle,
        routes,
        artifacts,
        images,
        data_url=f"http://{ports.LOOPBACK}:{identity.port}",
        database=home.database,
        keys=Keys(identity, database),
        objects=Objects(home.objects, database),
        trust=Trust(database),
        networks=Networks(database),
    )
    site = _site(plane, supervisor, scribe, database)
    lifecycle.resume()
    protocols = _protocols(site)
    server = await asyncio.get_running_loop().create_server(protocols, sock=listener)
    chores = asyncio.create_task(_chores(plane, home, stopping))
    home.write_running(Running(identity.port))
    try:
        yield
    finally:
        server.close()
        home.forget_running()
        await site.gateway.drained(assumptions.STOP_GRACE_SECONDS)
        chores.cancel()
        await lifecycle.stop()
        await protocols.shutdown(_LAST_WORDS_SECONDS)
        await supervisor.stop_all()
        await scribe.stop()
        with contextlib.suppress(sqlite3.Error):
            ledger.flush()
        store.close()


def _site(
    plane: control.Plane, supervisor: Supervisor, scribe: Scribe, database: sqlite3.Connection
) -> Site:
    desk = functions.Desk(plane, supervisor, database)
    front = FrontDesk(desk, Executions(desk), logservice.Desk(plane, scribe, database))
    return Site(plane, gateway.Gateway(plane.routes, plane.ledger), front)


def _protocols(site: Site) -> web.Server:
    return web.Server(
        site.handle, access_log=None, auto_decompress=False, handler_cancellation=True
    )


def _listen(home: Home) -> tuple[Identity, socket.socket]:
    """The kept port if it is free, so that URLs stay valid, else another, which is then kept."""
    identity = home.identity()
    port = identity.port if identity.port and ports.is_free(identity.port) else ports.choose()
    listener = socket.create_server((ports.LOOPBACK, port), backlog=1024)
    if port != identity.port:
        identity = dataclasses.replace(identity, port=port)
        home.write_identity(identity)
    return identity, listener


def _add_default_workspace(store: Store) -> None:
    if not store.workspaces():
        name = f"ws-{secrets.token_hex(8)}"
        store.add_workspace(Workspace(name, "default", "", is_default=True, created_at=time.time()))


async def _chores(plane: control.Plane, home: Home, stopping: asyncio.Event) -> None:
    pruned = -_PRUNE_SECONDS
    while not stopping.is_set():
        await asyncio.sleep(_FLUSH_SECONDS)
        if not home.database.exists():
            _LOG.error("the folder of this platform was removed: stopping")
            stopping.set()
            return
        try:
            plane.ledger.flush()
            if time.monotonic() - pruned >= _PRUNE_SECONDS:
                pruned = time.monotonic()
                plane.objects.prune(plane.now())
                if plane.ledger.prune(plane.now(), _LONGEST_IDLE_SECONDS):
                    pruned -= _PRUNE_SECONDS
        except (OSError, sqlite3.Error):
            # A full disk, say: what was recorded is kept in memory and tried again.
            _LOG.exception("records could not be written")
