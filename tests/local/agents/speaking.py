"""A chat agent that answers as it is told to, or as ``version.txt`` says.

That is: well, whole, broken, half or mute.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MANNER = Path("version.txt").read_text().strip()
HELLO = {"choices": [{"delta": {"content": "I am the "}}]}
END = {"choices": [{"delta": {"content": "agent."}, "finish_reason": "stop"}]}
SILENCE = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
WHOLE = {"choices": [{"message": {"content": "I am whole."}, "finish_reason": "stop"}]}


def events(*documents: object) -> bytes:
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in documents)


ANSWERS = {
    "well": (200, "text/event-stream", events(HELLO, END)),
    "whole": (200, "application/json", json.dumps(WHOLE).encode()),
    "broken": (500, "text/plain", b"the model's key is missing"),
    "half": (200, "text/event-stream", events(HELLO)),
    "mute": (200, "text/event-stream", events(SILENCE)),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        manner = asked["messages"][-1]["content"]
        status, kind, body = ANSWERS[manner if manner in ANSWERS else MANNER]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", 9000), Handler).serve_forever()
