"""An agent with the OpenAI-compatible API: streams, with a pause before its first byte.

As a program it binds the port the platform knows it by and says what ``said.json`` holds.
"""

# ruff: noqa: A002 - the names are http.server's.

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Reply = Callable[[str], str]


@dataclass
class Agent:
    """``reply`` answers the last message; ``endings`` is what its stream stops with."""

    reply: Reply
    pause: float = 0.0
    status: int = 200
    endings: tuple[str, ...] = ("[DONE]",)
    url: str = ""
    asked: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    agent: Agent
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.whole(200, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = body["messages"][-1]["content"]
        self.agent.asked.append(asked)
        self.agent.sessions.append(self.headers["x-agentrun-session-id"])
        assert self.path.endswith("/openai/v1/chat/completions"), self.path
        time.sleep(self.agent.pause)
        with contextlib.suppress(ConnectionError):
            self.answer(self.agent.reply(asked), streamed=body["stream"])

    def answer(self, text: str, *, streamed: bool) -> None:
        if self.agent.status != 200:
            self.whole(self.agent.status, {"error": {"message": text}})
        elif streamed:
            self.stream(text)
        else:
            self.whole(200, {"choices": [{"message": {"role": "assistant", "content": text}}]})

    def whole(self, status: int, document: Mapping[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in text.split(" "):
            self.event(json.dumps({"choices": [{"delta": {"content": f"{word} "}}]}))
            time.sleep(self.agent.pause / 4)
        for ending in self.agent.endings:
            self.event(ending)
        self.wfile.write(b"0\r\n\r\n")

    def event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        pass


def handler(agent: Agent) -> type[Handler]:
    return type("OwnHandler", (Handler,), {"agent": agent})


@contextlib.contextmanager
def running(agent: Agent) -> Iterator[Agent]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(agent))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    agent.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield agent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    said: dict[str, str] = json.loads(Path("said.json").read_text())
    own = Agent(lambda asked: said.get(asked, said[""]))
    ThreadingHTTPServer(("0.0.0.0", 9000), handler(own)).serve_forever()
