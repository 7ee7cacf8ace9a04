"""Git's own HTTP backend on loopback, with two logins: one may write, one may only read."""

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from tests.journal.gits import Place

WRITER, READER = "writer", "reader"
PASSWORD = "p@ss w0rd/never-seen"  # has to be quoted in an address
QUOTED = "p%40ss%20w0rd%2Fnever-seen"


@dataclass
class Host:
    place: Place
    port: int = 0
    logins: list[str] = field(default_factory=list)
    seen_arguments: list[str] = field(default_factory=list)

    def url(self, login: str = "") -> str:
        return f"http://{login}{'@' if login else ''}127.0.0.1:{self.port}/bare.git"

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        url = urlsplit(target)
        environ = {
            **self.place.environ,
            "GIT_PROJECT_ROOT": str(self.place.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": method,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "HTTP_GIT_PROTOCOL": headers.get("git-protocol", ""),
            "REMOTE_USER": WRITER,
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environ, capture_output=True, check=True
        )
        return done.stdout

    def login(self, header: str) -> str:
        told = base64.b64decode(header.removeprefix("Basic ")).decode()
        name, _, password = told.partition(":")
        return name if password == PASSWORD else ""

    def look_at_arguments(self) -> None:
        self.seen_arguments.extend(map(_arguments, Path("/proc").glob("[0-9]*/cmdline")))


def _arguments(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:  # it has ended
        return ""


class _Handler(BaseHTTPRequestHandler):
    host: Host

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.host.look_at_arguments()
        login = self.host.login(self.headers.get("authorization", ""))
        self.host.logins.append(login)
        if not login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
        elif login == READER and "receive-pack" in self.path:
            self.send_response(403)
            self.end_headers()
        else:
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        head, _, content = self.host.answer(self.command, self.path, headers, body).partition(
            b"\r\n\r\n"
        )
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def serving(place: Place) -> Iterator[Host]:
    place.git("config", "http.receivepack", "true")
    host = Host(place)
    handler = type("Handler", (_Handler,), {"host": host})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        host.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
