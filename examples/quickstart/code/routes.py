"""The agent over HTTP, as the platform's own SDK serves it: chat, models, health."""

import itertools
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

import agent
import wire
from chat import Event, Model, ModelError
from persona import NAME, VERSION
from server import DrainingServer

LONGEST_BODY = 4 * 1024 * 1024
IDLE_SECONDS = 120

log = logging.getLogger("quickstart")


class UnreadableBodyError(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    model: Model
    server: DrainingServer
    protocol_version = "HTTP/1.1"
    server_version = NAME
    disable_nagle_algorithm = True  # else a small answer waits for the client's acknowledgement
    wbufsize = -1  # headers and body leave together
    timeout = IDLE_SECONDS
    started = int(time.time())

    def route(self) -> None:
        with self.server.busy(self.connection):
            self._dispatch()
            self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = route  # noqa: N815  # the base class looks for these names

    def _dispatch(self) -> None:
        path = self.path.partition("?")[0]
        routes: dict[str, tuple[str, Callable[[bytes], None]]] = {
            "/health": ("GET", self._health),
            "/openai/v1/models": ("GET", self._models),
            "/openai/v1/chat/completions": ("POST", self._chat),
        }
        try:
            body = self._read_body()
        except UnreadableBodyError as error:
            self.close_connection = True  # what is left of the body would be read as a request
            self._send_error(error.status, str(error))
            return
        if path not in routes:
            self._send_error(HTTPStatus.NOT_FOUND, f"There is nothing at {path}.")
            return
        method, answer = routes[path]
        if method == self.command:
            answer(body)
        else:
            message = f"{path} takes {method}, not {self.command}."
            self._send_error(HTTPStatus.METHOD_NOT_ALLOWED, message, Allow=method)

    def _health(self, _: bytes) -> None:
        self._send_json(HTTPStatus.OK, {"status": "ok", "version": VERSION})

    def _models(self, _: bytes) -> None:
        self._send_json(HTTPStatus.OK, wire.models(self.started))

    def _chat(self, body: bytes) -> None:
        try:
            request = wire.parse_request(body)
            with closing(agent.answer(self.model, request)) as events:
                if request.stream:
                    # The first event is awaited, so that a model's refusal is a 502 and no 200.
                    first = next(events)
                    whole = itertools.chain([first], events)
                    self._stream(whole, include_usage=request.include_usage)
                else:
                    self._send_json(HTTPStatus.OK, wire.completion(events))
        except wire.BadRequestError as error:
            self._send_error(HTTPStatus.BAD_REQUEST, str(error), param=error.param)
        except ModelError as error:
            log.error("%s", error)  # noqa: TRY400  # the message says it all; no traceback
            self._send_error(HTTPStatus.BAD_GATEWAY, str(error))

    def _stream(self, events: Iterator[Event], *, include_usage: bool) -> None:
        chunked = self.request_version != "HTTP/1.0"
        self._start(HTTPStatus.OK, "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.close_connection = True
        self.end_headers()
        try:
            for chunk in wire.chunks(events, include_usage=include_usage):
                self._send_event(json.dumps(chunk), chunked=chunked)
            self._send_event("[DONE]", chunked=chunked)
        except ModelError as error:
            log.error("%s", error)  # noqa: TRY400  # the message says it all; no traceback
            self._send_event(json.dumps(wire.error(str(error), "model_error")), chunked=chunked)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _send_event(self, data: str, *, chunked: bool) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event) if chunked else event)
        self.wfile.flush()

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._read_chunks())
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if length < 0:
            raise UnreadableBodyError(HTTPStatus.BAD_REQUEST, "Content-Length is not a number.")
        return self._read_exactly(length, length)

    def _read_chunks(self) -> Iterator[bytes]:
        total = 0
        while True:
            try:
                size = int(self.rfile.readline(64).partition(b";")[0], 16)
            except ValueError:
                size = -1
            if size < 0:
                raise UnreadableBodyError(HTTPStatus.BAD_REQUEST, "The chunks are broken.")
            if size == 0:
                break
            total += size
            yield self._read_exactly(size, total)
            self.rfile.readline(64)
        while self.rfile.readline(65536).strip():
            pass  # trailers, up to the empty line that ends them

    def _read_exactly(self, size: int, total: int) -> bytes:
        if total > LONGEST_BODY:
            message = f"The body is longer than {LONGEST_BODY} bytes."
            raise UnreadableBodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        data = self.rfile.read(size)
        if len(data) < size:
            raise UnreadableBodyError(HTTPStatus.BAD_REQUEST, "The body ends too early.")
        return data

    def _send_error(
        self, status: HTTPStatus, message: str, *, param: str | None = None, **headers: str
    ) -> None:
        kind = (
            "model_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
        )
        self._send_json(status, wire.error(message, kind, param=param), **headers)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses itself (an unreadable request line) has our shape too."""
        self.close_connection = True
        self.request_version = "HTTP/1.1"
        status = HTTPStatus(code)
        self._send_error(status, explain or message or status.phrase)

    def _send_json(self, status: HTTPStatus, answer: dict[str, Any], **headers: str) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self._start(status, "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _start(self, status: HTTPStatus, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if self.close_connection or self.server.draining:
            self.close_connection = True
            self.send_header("Connection", "close")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del size
        log.debug("%s %s", self.requestline, int(code))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401  # the base class's own names and types
        log.info(format, *args)
