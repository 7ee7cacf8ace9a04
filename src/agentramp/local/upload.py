"""Sends a request's body to the agent, while the answer may already be on its way."""

import asyncio

from aiohttp import web

from agentramp.local.upstream import Connection

_LOOK_SECONDS = 0.25


class Upload:
    """At work from the moment it is made; a body that breaks ends the agent's connection."""

    def __init__(self, request: web.BaseRequest, connection: Connection) -> None:
        self._request = request
        self._connection = connection
        self._task = asyncio.create_task(_send(request, connection))
        self._task.add_done_callback(self._ended)
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    @property
    def whole(self) -> bool:
        """Whether the agent was sent all of the body."""
        return self._task.done() and not self._task.cancelled() and not self._task.exception()

    @property
    def broken(self) -> bool:
        """Whether the client sent what is no body, or not all of it."""
        return self._task.done() and not self._task.cancelled() and bool(self._task.exception())

    def stop(self) -> None:
        self._timer.cancel()
        self._task.cancel()

    def _look(self) -> None:
        # The compiled parser of aiohttp does not tell the body's reader that a chunk is invalid:
        # it queues its complaint as the next message. A message before the body's end is that.
        content = self._request.content
        if content.is_eof():
            return
        if self._request.protocol._messages:  # noqa: SLF001 there is no other sign of it
            content.set_exception(web.RequestPayloadError("the body is no HTTP"))
            return
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _ended(self, _: "asyncio.Task[None]") -> None:
        self._timer.cancel()
        if not self.broken:
            return
        self._connection.fail("the request's body broke off")
        if self._request.content.exception():
            # Nothing more is to come: aiohttp need not wait for the rest before it closes.
            self._request.content.feed_eof()


async def _send(request: web.BaseRequest, connection: Connection) -> None:
    if request.headers.get("expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    counted = "content-length" in request.headers
    async for data in request.content.iter_any():
        connection.write(data if counted else b"%x\r\n%b\r\n" % (len(data), data))
        await connection.drain()
    if not counted:
        connection.write(b"0\r\n\r\n")
