"""Takes requests to Function Compute and to the log service in from HTTP."""

import secrets
from dataclasses import dataclass

from aiohttp import web

from agentramp.local import auth, classic, functions, logservice, logstore
from agentramp.local.auth import Received
from agentramp.local.control import Call
from agentramp.local.execution import Executions, asked
from agentramp.local.refusal import RefusalError

_REQUEST_ID = "x-fc-request-id"


@dataclass(frozen=True)
class FrontDesk:
    functions: functions.Desk
    executions: Executions
    logs: logservice.Desk

    async def call(self, request: web.BaseRequest, received: Received) -> web.StreamResponse:
        """A call of Function Compute 3.0. Raises RefusalError."""
        wanted = asked(received.path, received.query)
        if wanted and received.method == "GET":
            self._verify_exec(received)
            return await self.executions.run(request, wanted)
        plane = self.functions.plane
        auth.verify(received, plane.keys, plane.now(), plane.store.use_nonce)
        path = request.path.removeprefix(functions.PREFIX)
        query = auth.query_of(received.query)
        answer = await self.functions.answer(Call(received.method, path, query, received.body))
        return web.Response(
            body=answer.data.text.encode(),
            status=answer.status,
            content_type="application/json",
            headers={_REQUEST_ID: secrets.token_hex(16)},
        )

    def _verify_exec(self, received: Received) -> None:
        """The vendor's own tool opens this socket with the signature of the older API."""
        plane = self.functions.plane
        if received.headers.get("authorization", "").startswith("FC "):
            classic.verify(plane, received)
        else:
            auth.verify(received, plane.keys, plane.now(), plane.store.use_nonce)

    def refused(self, refusal: RefusalError) -> web.Response:
        request_id = secrets.token_hex(16)
        return web.Response(
            body=functions.failure(refusal, request_id),
            status=refusal.status,
            content_type="application/json",
            headers={_REQUEST_ID: request_id},
        )

    async def log(self, received: Received) -> logstore.Told:
        """A call of the log service. Raises RefusalError."""
        return await logservice.answer(self.logs, received)
