import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CODE = Path(__file__).parents[2] / "examples" / "quickstart" / "code"
CHAT = "/openai/v1/chat/completions"


@dataclass
class Agent:
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=20)

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        connection = self.connect()
        connection.request(method, path, body)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    def ask(self, text: str, **options: Any) -> tuple[int, Any]:
        return self.send("POST", CHAT, question(text, **options))

    def open_stream(self, text: str, **options: Any) -> tuple[HTTPConnection, HTTPResponse]:
        connection = self.connect()
        connection.request("POST", CHAT, question(text, stream=True, **options))
        return connection, connection.getresponse()

    def stream(self, text: str, **options: Any) -> list[Any]:
        connection, response = self.open_stream(text, **options)
        assert response.status == 200
        assert response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        found = events(response)
        connection.close()
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def question(text: str, **options: Any) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text}], **options}).encode()


def events(response: HTTPResponse) -> list[Any]:
    """The stream's events; the last is the text ``[DONE]`` where the stream is whole."""
    lines = response.read().decode().split("\n\n")
    assert lines.pop() == ""
    data = [line.removeprefix("data: ") for line in lines]
    return [text if text == "[DONE]" else json.loads(text) for text in data]


def events_after_the_first(data: bytes) -> list[Any]:
    texts = [text.removeprefix("data: ") for text in data.decode().strip().split("\n\n")]
    return [text if text == "[DONE]" else json.loads(text) for text in texts]


def said(chunks: list[Any]) -> str:
    choices = [choice for chunk in chunks if chunk != "[DONE]" for choice in chunk["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_up(agent: Agent) -> None:
    deadline = time.monotonic() + 20
    while not is_up(agent):
        assert agent.process.poll() is None, agent.log.read_text()
        assert time.monotonic() < deadline, "the agent did not start"
        time.sleep(0.02)


def is_up(agent: Agent) -> bool:
    try:
        return agent.send("GET", "/health")[0] == 200
    except ConnectionError:
        return False


@contextmanager
def running_agent(
    log: Path, environment: dict[str, str], code: Path = CODE, starts: str = "app.main({port})"
) -> Iterator[Agent]:
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", f"import app; {starts.format(port=port)}"],
            cwd=code,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stderr=output,
        )
        try:
            agent = Agent(port, process, log)
            wait_until_up(agent)
            yield agent
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Agent]]:
    """Starts agents with the given environment; they end with the test."""
    with ExitStack() as stack:

        def start_one(**environment: str) -> Agent:
            return stack.enter_context(running_agent(tmp_path / "agent.log", environment))

        yield start_one


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    log = tmp_path_factory.mktemp("agent") / "agent.log"
    with running_agent(log, {}) as running:
        yield running


@dataclass
class FakeModel:
    """An OpenAI-compatible endpoint: gives the prepared answers in turn, keeps what it was asked.

    An answer is a status and either one object, or a list of pieces to stream.
    """

    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""
    go_on: threading.Event = field(default_factory=threading.Event)


WAIT = "wait until the test says go on"


def fake_handler(fake: FakeModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            fake.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            fake.keys.append(self.headers["Authorization"])
            status, answer = fake.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            for piece in answer if isinstance(answer, list) else [answer]:
                self.write(piece, streamed=isinstance(answer, list))

        def write(self, piece: Any, *, streamed: bool) -> None:
            if piece == WAIT:
                assert fake.go_on.wait(20)
                return
            text = piece if isinstance(piece, str) else json.dumps(piece)
            self.wfile.write(f"data: {text}\n\n".encode() if streamed else text.encode())

        def log_message(self, *args: Any) -> None: ...

    return Handler


@pytest.fixture
def fake_model() -> Iterator[FakeModel]:
    fake = FakeModel()
    with ThreadingHTTPServer(("127.0.0.1", 0), fake_handler(fake)) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield fake
        fake.go_on.set()
        server.shutdown()
