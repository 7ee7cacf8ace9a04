"""Between a run and the platform: passes calls on, and spoils the one that a ledger names."""

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import urlsplit

from tests.faults.faults import Fault, Ledger

OWN = "fault proxy"
_RETRY_AFTER = "20"
"""Milliseconds."""
_LEFT_OUT = frozenset({"transfer-encoding", "content-length", "connection"})
_SECRET = re.compile(rb'"(?:AccessKeySecret|SecurityToken)":\s*"([^"]+)"')
_PENDING = re.compile(rb'"status":\s*"(?:CREATING|UPDATING|DELETING)"')

Answer: TypeAlias = tuple[int, list[tuple[str, str]], bytes]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that left has seen enough."""


@dataclass
class Proxy:
    """``expire`` makes every temporary key end. ``inside`` are addresses in answers, as shown.

    ``late`` is how many seconds an answer takes that comes late.
    """

    upstream: str
    expire: Callable[[], None]
    ledger: Ledger = field(default_factory=Ledger)
    secrets: set[str] = field(default_factory=set)
    inside: dict[str, str] = field(default_factory=dict)
    late: float = 0.2

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Gives the address, until the block ends."""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                self.there = http.client.HTTPConnection(urlsplit(proxy.upstream).netloc, timeout=30)

            def do_GET(self) -> None:
                threading.current_thread().name = OWN
                proxy.relay(self, self.there)

            def finish(self) -> None:
                self.there.close()
                super().finish()

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the base class looks for these names

            def log_message(self, *_: object) -> None:
                pass

        server = _Server(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=OWN, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def relay(self, asked: BaseHTTPRequestHandler, there: http.client.HTTPConnection) -> None:
        """``there``: what the caller's connection is to the proxy, this is to the platform."""
        body = _body(asked)
        is_read = asked.command == "GET" or _is_question(asked)
        fault = self.ledger.arrived(_action(asked), asked.path, is_read=is_read)
        if fault is Fault.EXPIRED:
            self.expire()
        if fault is Fault.CUT_BEFORE:
            asked.close_connection = True
        elif fault in _REFUSALS:
            _send(asked, _REFUSALS[fault])
        elif asked.headers.get("upgrade", "").lower() == "websocket":
            _tunnel(asked, self.upstream, fault, self.late)
        else:
            self._answer(asked, fault, self._passed_on(asked, body, there))

    def _answer(self, asked: BaseHTTPRequestHandler, fault: Fault | None, answer: Answer) -> None:
        if fault is Fault.LATE:
            time.sleep(self.late)
        if fault in {Fault.CUT_AFTER, Fault.DARK}:
            asked.close_connection = True
        elif fault is Fault.BROKEN_AFTER:
            _send(asked, _BROKEN)
        else:
            _send(asked, answer)

    def _passed_on(
        self, asked: BaseHTTPRequestHandler, body: bytes, upstream: http.client.HTTPConnection
    ) -> Answer:
        upstream.putrequest(asked.command, asked.path, skip_host=True, skip_accept_encoding=True)
        for name, value in asked.headers.items():
            if name.lower() not in _LEFT_OUT:
                upstream.putheader(name, value)
        upstream.putheader("content-length", str(len(body)))
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        self.secrets.update(found.decode() for found in _SECRET.findall(content))
        for address, shown in self.inside.items():
            content = content.replace(address.encode(), shown.encode())
        if asked.command == "GET":
            self.ledger.answered(asked.path, pending=bool(_PENDING.search(content)))
        headers = [pair for pair in answer.getheaders() if pair[0].lower() not in _LEFT_OUT]
        return answer.status, headers, content


def _refusal(status: int, code: str, message: str, **headers: str) -> Answer:
    """In the words of all of the vendor's services: each looks for its own."""
    told = dict.fromkeys(("code", "Code", "errorCode", "ErrorCode"), code)
    told |= dict.fromkeys(("message", "Message", "errorMessage", "ErrorMessage"), message)
    told["requestId"] = "a-request"
    kind = ("content-type", "application/json")
    return status, [kind, *headers.items()], json.dumps(told).encode()


_THROTTLED = _refusal(429, "Throttling", "too often", **{"x-acs-retry-after": _RETRY_AFTER})
_BROKEN = _refusal(500, "InternalError", "something broke")
_REFUSALS = {
    Fault.THROTTLED: _THROTTLED,
    Fault.THROTTLED_ON: _THROTTLED,
    Fault.BROKEN_BEFORE: _BROKEN,
    Fault.BROKEN_ON: _BROKEN,
    Fault.SAID_EXPIRED: _refusal(403, "InvalidSecurityToken.Expired", "the token has expired"),
}


def _body(asked: BaseHTTPRequestHandler) -> bytes:
    if asked.headers.get("transfer-encoding", "").lower() != "chunked":
        return asked.rfile.read(int(asked.headers.get("content-length", 0)))
    parts = []
    while size := int(asked.rfile.readline().partition(b";")[0], 16):
        parts.append(asked.rfile.read(size))
        asked.rfile.readline()
    asked.rfile.readline()
    return b"".join(parts)


def _action(asked: BaseHTTPRequestHandler) -> str:
    """The operation's name; where no header says it, the path does."""
    named = asked.headers.get("x-acs-action")
    if named:
        return named
    path = asked.path.partition("?")[0]
    last = path.rpartition("/")[2]
    if asked.command == "PUT":
        return "PutObject"
    return {"tempBucketToken": "GetTempBucketToken", "exec": "Exec", "": "CreateProject"}.get(
        last, last
    )


def _is_question(asked: BaseHTTPRequestHandler) -> bool:
    """A POST that only asks."""
    rpc = asked.headers.get("x-acs-action", "").startswith(("AssumeRole", "GetCaller"))
    return rpc or asked.path.endswith(("/logs", "/completions"))


def _send(asked: BaseHTTPRequestHandler, answer: Answer) -> None:
    status, headers, content = answer
    asked.send_response_only(status)
    for name, value in headers:
        asked.send_header(name, value)
    asked.send_header("content-length", str(len(content)))
    asked.end_headers()
    asked.wfile.write(content)
    asked.wfile.flush()


def _tunnel(asked: BaseHTTPRequestHandler, upstream: str, fault: Fault | None, late: float) -> None:
    """The request as it came, and from then on bytes both ways."""
    asked.close_connection = True
    address = urlsplit(upstream)
    with socket.create_connection((address.hostname, address.port or 80), timeout=30) as there:
        lines = [asked.requestline, *(f"{name}: {value}" for name, value in asked.headers.items())]
        there.sendall("\r\n".join([*lines, "", ""]).encode())
        if fault is Fault.LATE:
            time.sleep(late)
        if fault in {Fault.CUT_AFTER, Fault.DARK, Fault.BROKEN_AFTER}:
            there.recv(65536)  # the other side has agreed, and nobody here will know
            if fault is Fault.BROKEN_AFTER:
                _send(asked, _BROKEN)
            return
        here = asked.connection
        pump = threading.Thread(target=_pump, args=(here, there), name=OWN, daemon=True)
        pump.start()
        _pump(there, here)
        pump.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for side in (source, sink):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
