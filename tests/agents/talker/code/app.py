"""Says how long the conversation is, and what was said last; some words make it misbehave."""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        messages = body["messages"]
        said = messages[-1]["content"]
        sys.stderr.write(f"asked: {said}\n")
        if said.startswith("fail"):
            self.send_error(500, "it fails")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        while said == "slow":
            self.piece("so ")
            time.sleep(0.02)
        given = ", ".join(filter(None, (os.environ["GIVEN"], os.environ.get("PASSED"))))
        self.piece(f"{len(messages)} ")
        self.piece("\x1b[31mred" if said == "escape" else f"{said}; given {given}")
        self.wfile.write(b"data: [DONE]\n\n")

    def piece(self, text: str) -> None:
        event = {"choices": [{"delta": {"content": text}}]}
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("0.0.0.0", 9000), Handler).serve_forever()
