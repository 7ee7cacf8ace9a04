"""Answers what it was asked; its port is hard-coded, as in the vendor's template."""

# ruff: noqa: A002, N815 - the names are http.server's.

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

VERSION = Path("version.txt").read_text()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if path == "/stream":
            self.stream(int(query.get("events", "5")), float(query.get("pause", "0.1")))
        elif path == "/cut":
            self.head(200, 1000)
            self.wfile.write(b"not all of it")
            self.close_connection = True
        elif path == "/crash":
            os._exit(3)
        elif path.startswith("/status/"):
            self.answer(int(path.rpartition("/")[2]), b"as asked")
        elif path == "/slow":
            time.sleep(float(query["pause"]))
            self.answer(200, VERSION.encode())
        elif path == "/big":
            self.answer(200, b"x" * int(query["bytes"]))
        elif path == "/write":
            Path("version.txt").write_text("overwritten")
            self.answer(200, b"")
        else:
            self.answer(200, self.described())

    do_HEAD = do_DELETE = do_GET

    def do_POST(self) -> None:
        if self.headers.get("transfer-encoding") == "chunked":
            body = b"".join(iter(self.chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.answer(201, body)

    do_PUT = do_PATCH = do_POST

    def chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def described(self) -> bytes:
        return json.dumps(
            {
                "version": VERSION,
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "env": dict(os.environ),
                "cwd": str(Path.cwd()),
                "python": sys.executable,
                "pid": os.getpid(),
                "argv": sys.argv,
            }
        ).encode()

    def stream(self, events: int, pause: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for index in range(events):
                event = f"data: {VERSION} {index} {time.time()}\n\n".encode()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
                self.wfile.flush()
                time.sleep(pause)
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            Path("left.txt").write_text("the client left")

    def answer(self, status: int, body: bytes) -> None:
        self.head(status, len(body))
        if self.command != "HEAD" and status not in {204, 304}:
            self.wfile.write(body)

    def head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(length))
        self.send_header("X-Twice", "a")
        self.send_header("X-Twice", "b")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("0.0.0.0", 9000), Handler).serve_forever()
