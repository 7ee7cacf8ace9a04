"""A chat agent that fails for some sessions; ``version.txt`` is their percent.

Of the failing sessions some are refused from their first turn on, the others are cut off from the
second turn on.
"""

import json
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PERCENT = int(Path("version.txt").read_text())
TURNS: Counter[str] = Counter()


class Handler(BaseHTTPRequestHandler):
    wbufsize = 65_536  # head and body in one packet, else the kernel waits 40 ms between them
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        session = self.headers["x-agentrun-session-id"]
        TURNS[session] += 1
        kind = zlib.crc32(session.encode())
        if kind % 100 >= PERCENT:
            self.say(streamed=asked["stream"])
        elif kind % 200 < 100:
            self.answer(500, b"{}")
        elif TURNS[session] > 1:
            self.answer(200, b"{", missing=10)
        else:
            self.say(streamed=asked["stream"])

    def say(self, *, streamed: bool) -> None:
        whole = json.dumps({"choices": [{"finish_reason": "stop"}]}).encode()
        self.answer(200, b"data: " + whole + b"\n\ndata: [DONE]\n\n" if streamed else whole)

    def answer(self, status: int, body: bytes, missing: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = bool(missing)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("0.0.0.0", 9000), Handler).serve_forever()
