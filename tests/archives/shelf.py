"""A server on this machine that gives archives away and counts who asked."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PART = 1 << 20


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Given:
    """``half_way`` is called when the first half of the content was sent."""

    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1
    """Of the content as it is told: -1 for the true one, None for none."""
    half_way: Callable[[], None] = lambda: None


Answer = Callable[[Asked], Given]


@dataclass
class Shelf:
    answer: Answer
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/agent.tgz", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever went away in the middle is what some tests are about."""


@contextmanager
def shelf(answer: Answer) -> Iterator[Shelf]:
    made = Shelf(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()})
            made.asked.append(asked)
            given = made.answer(asked)
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            if given.length is not None:
                whole = len(given.content) if given.length == -1 else given.length
                self.send_header("Content-Length", str(whole))
            self.end_headers()
            middle = len(given.content) // 2
            self.wfile.write(given.content[:middle])
            self.wfile.flush()
            given.half_way()
            self.wfile.write(given.content[middle:])

        def log_message(self, *args: object) -> None: ...

    server = _Server(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tagged(content: bytes, etag: str) -> Answer:
    """As a server that keeps an ETag."""

    def answer(asked: Asked) -> Given:
        if asked.headers.get("if-none-match") == etag:
            return Given(status=304, length=None)
        return Given(content, headers={"ETag": etag})

    return answer
