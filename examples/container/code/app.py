"""The agent over HTTP: an OpenAI-compatible chat, streamed or whole, and a health check."""

import json
import logging
import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from answers import NAME, answer
from version import VERSION

PORT = 9000
CHAT = "/openai/v1/chat/completions"

log = logging.getLogger(NAME)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self.send(200, {"status": "ok", "version": VERSION})
        else:
            self.refuse(404, f"There is nothing at {self.path}.")

    def do_POST(self) -> None:
        if self.path != CHAT:
            self.refuse(404, f"There is nothing at {self.path}.")
            return
        try:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = answer(str(request["messages"][-1]["content"]))
            streamed = bool(request.get("stream"))
        except (AttributeError, LookupError, TypeError, ValueError):
            self.refuse(400, "The body is no chat request.")
            return
        if streamed:
            self.stream(text)
        else:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self.send(200, {**envelope("chat.completion"), "choices": [choice]})

    def stream(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        for chunk in chunks(text):
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form: str, *values: object) -> None:
        log.debug(form, *values)

    def refuse(self, status: int, message: str) -> None:
        self.send(status, {"error": {"message": message, "type": "invalid_request_error"}})


def chunks(text: str) -> Iterator[dict[str, Any]]:
    """One for each word, and one that says it was the last."""
    whole = envelope("chat.completion.chunk")
    for word in re.findall(r"\S+\s*", text):
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        yield {**whole, "choices": [choice]}
    yield {**whole, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def envelope(kind: str) -> dict[str, Any]:
    """``system_fingerprint`` says which version answered."""
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": NAME,
        "system_fingerprint": f"{NAME}-{VERSION}",
    }


def main() -> None:
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"))
    server = ThreadingHTTPServer(("0.0.0.0", PORT), Handler)  # noqa: S104  # called from outside
    server.daemon_threads = False  # so that closing waits for answers under way
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    stop.wait()
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
