"""A server on loopback that answers as a script says, for what a healthy platform never does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from tests.served import served


@dataclass(frozen=True)
class Say:
    """An answer; ``status`` 0 closes the connection without one, after the request was read.

    ``raw`` takes the place of ``body``, and ``short`` bytes of it are promised and never sent.
    """

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    short: int = 0


@dataclass
class Asked:
    method: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


Script: TypeAlias = Callable[[Asked], Say]


@contextmanager
def scripted(script: Script) -> Iterator[tuple[str, list[Asked]]]:
    """The server's URL, and the requests it has seen so far."""
    seen: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece: no half of it waits for a receipt

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(self.rfile.read(length) or b"{}")
            asked = Asked(self.command, self.path, body, headers)
            seen.append(asked)
            said = script(asked)
            if said.status == 0:
                self.close_connection = True
                return
            data = json.dumps(said.body).encode() if said.raw is None else said.raw
            self.send_response(said.status)
            for name, value in {
                **said.headers,
                "content-length": str(len(data) + said.short),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = self.close_connection or said.short > 0

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None: ...

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url, seen
