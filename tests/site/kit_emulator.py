"""A site with Discuss Kit, as the vendor's publisher knows it, and pictures by a TUS server.

Faults are put in a queue: each spoils the next request that it is for.
"""

import http.client
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DISCUSS = "z8ia1WEiBZ7hxURf6LwH21Wpg99vophFwSJdu"
MEDIA = "z8ia1mAXo8ZE7ytGF36L5uBf9kD2kenhqFGp9"
TOKEN = "token-of-the-site"
ME = "z1me"


@dataclass(frozen=True)
class Fault:
    """``lost``: it is done, and no answer comes. ``cut``: only so many bytes of it arrive."""

    method: str
    path: str
    status: int = 0
    lost: bool = False
    cut: int = -1
    body: bytes = b'{"error":"spoiled"}'
    headers: dict[str, str] = field(default_factory=dict)


def _at_once(_: int) -> None:
    """Nobody waits."""


@dataclass
class Emulator:
    upstream: str = ""
    """Host and port of the TUS server; empty for a site without Media Kit."""
    boards: list[dict[str, Any]] = field(default_factory=list)
    docs: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and bytes of content of each request."""
    keeps_meta: bool = True
    arrived: Callable[[int], None] = _at_once
    """Returns when that much of a picture is kept: an honest line breaks at no better moment."""
    url: str = ""

    def changes(self) -> list[str]:
        return [
            f"{method} {path}" for method, path, _ in self.asked if method not in {"GET", "HEAD"}
        ]

    def sent(self) -> list[int]:
        return [size for method, _, size in self.asked if method == "PATCH"]

    def fault(self, method: str, path: str) -> Fault | None:
        """The first of the queue that is for this request; later ones may be for others."""
        for fault in self.faults:
            if fault.method == method and fault.path in path:
                self.faults.remove(fault)
                return fault
        return None

    def answer(self, method: str, path: str, content: bytes) -> tuple[int, Any]:
        said = json.loads(content) if content else {}
        if path.startswith("/__blocklet__.js"):
            points = [{"did": DISCUSS, "mountPoint": "/talk"}]
            points += [{"did": MEDIA, "mountPoint": "/media"}] if self.upstream else []
            return 200, {"appUrl": self.url, "componentMountPoints": points}
        if path == "/.well-known/service/api/did/session":
            return 200, {"user": {"did": ME}}
        if path == "/talk/api/boards":
            return (200, {"boards": self.boards}) if method == "GET" else self.make(said)
        if path.startswith("/talk/api/boards/") and method == "PUT":
            return self.change(path.rpartition("/")[2], said)
        if path == "/talk/api/docs/create-docs-collection":
            return self.put(said)
        return 404, {"error": "no such place"}

    def make(self, said: dict[str, Any]) -> tuple[int, Any]:
        board = {"id": f"b{len(self.boards) + 1}", **said, "createdBy": ME}
        self.boards.append(board)
        return 200, board

    def change(self, board_id: str, said: dict[str, Any]) -> tuple[int, Any]:
        for board in self.boards:
            if board["id"] == board_id:
                board.update(said)
                if not self.keeps_meta:
                    board.pop("meta", None)
                return 200, board
        return 404, {"error": "no such board"}

    def put(self, said: dict[str, Any]) -> tuple[int, Any]:
        if said["boardId"] not in {board["id"] for board in self.boards}:
            return 400, {"error": "no such board"}
        there = self.docs.setdefault(said["boardId"], {})
        self._keep(there, said["docs"])
        return 200, {"docs": []}

    def _keep(self, there: dict[str, Any], docs: list[dict[str, Any]]) -> None:
        for doc in docs:
            there[doc["slug"]] = doc
            self._keep(there, doc.get("children", []))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Emulator

    def log_message(self, *_: object) -> None:
        pass

    def handle_any(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        fault = self.site.fault(self.command, self.path)
        if path.startswith("/media/"):
            self._pass_on(content, fault)
            return
        if fault and fault.status:
            self.site.asked.append((self.command, path, len(content)))
            self._say(fault.status, fault.body, fault.headers)
            return
        if self._is_private(path) and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._say(401, b"{}")
            return
        self.site.asked.append((self.command, path, len(content)))
        status, tree = self.site.answer(self.command, self.path, content)
        if fault and fault.lost:
            self._hang_up()
            return
        self._say(status, json.dumps(tree).encode())

    def _is_private(self, path: str) -> bool:
        return not path.startswith("/__blocklet__")

    def _say(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (
            {"Content-Type": "application/json"} if headers is None else headers
        ).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, content: bytes, fault: Fault | None) -> None:
        """To the TUS server, which only sees what an honest line would bring."""
        public = self.path.startswith("/media/uploads/")
        if not public and self.headers.get("Cookie") != f"login_token={TOKEN}":
            self._say(401, b"{}")
            return
        if fault and fault.status:
            self.site.asked.append((self.command, self.path, 0))
            self._say(fault.status, fault.body, fault.headers)
            return
        arrives = content if fault is None or fault.cut < 0 else content[: fault.cut]
        self.site.asked.append((self.command, self.path, len(arrives)))
        line = http.client.HTTPConnection(self.site.upstream, timeout=30)
        kept = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        line.putrequest(self.command, self.path.removeprefix("/media"), skip_accept_encoding=True)
        for name, value in kept.items():
            line.putheader(name, value)
        line.endheaders(arrives)
        if len(arrives) < len(content):
            self.site.arrived(len(arrives))
            line.close()
            self._hang_up()
            return
        reply = line.getresponse()
        body = reply.read()
        line.close()
        if fault and fault.lost:
            self._hang_up()
            return
        dropped = {"content-length", "connection", "transfer-encoding", "date", "keep-alive"}
        told = {name: value for name, value in reply.getheaders() if name.lower() not in dropped}
        self._say(reply.status, body, told)

    do_GET = do_POST = do_PUT = do_HEAD = do_PATCH = handle_any  # noqa: N815 - http.server's names


@contextmanager
def running(upstream: Callable[[str], str] | None = None) -> Iterator[Emulator]:
    """``upstream`` starts a TUS server for the address of Media Kit and gives its host and port."""
    site = Emulator()
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    if upstream is not None:
        site.upstream = upstream(f"{site.url}/media")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
