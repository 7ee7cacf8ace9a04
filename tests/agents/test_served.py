"""An agent behind HTTP: its pieces are heard while it still speaks, in one session."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from typing import Any

import pytest

from agentramp.agents.port import Agent, AgentError
from agentramp.agents.served import ServedAgent
from tests.agents.agent_suite import AgentSuite, said


@dataclass
class Server:
    """Says again what it is told, word by word; ``goes_on`` holds it after the first of two."""

    url: str
    goes_on: Event = field(default_factory=Event)
    sessions: list[str] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)


def event(**delta: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.asked.append(body["messages"])
            found.sessions.append(self.headers["x-agentrun-session-id"])
            self.speak(body["messages"][-1]["content"])

        def speak(self, text: str) -> None:
            self.send_response(500 if text == "fail" else 200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            if text == "fail":
                self.wfile.write(b"it fails\ndata: no answer")
                return
            for word in text.split("|"):
                sent = event(content=word)
                self.wfile.write(sent[:20])
                self.wfile.flush()
                self.wfile.write(sent[20:])
                self.wfile.flush()
                if "|" in text:
                    found.goes_on.wait(30)
            if text != "cut":
                self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Server(f"http://127.0.0.1:{http.server_port}")
    thread = Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.goes_on.set()
    http.shutdown()
    thread.join()
    http.server_close()


class TestServed(AgentSuite):
    @pytest.fixture
    def agent(self, server: Server) -> Agent:
        names = map(str, count())
        return ServedAgent(server.url, lambda: next(names), timeout=30)

    def test_a_piece_is_heard_before_the_next_is_made(self, agent: Agent, server: Server) -> None:
        heard: list[str] = []

        def hear(piece: str) -> None:
            heard.append(piece)
            server.goes_on.set()  # it says the second word only once the first was heard

        assert agent.answer(said("one|two"), hear) == "onetwo"
        assert heard == ["one", "two"]

    def test_a_conversation_is_one_session(self, agent: Agent, server: Server) -> None:
        for texts in (("a",), ("a", "a", "b")):
            agent.answer(said(*texts), lambda _: None)
        agent.anew().answer(said("c"), lambda _: None)
        assert server.sessions == ["0", "0", "1"]
        assert [one["role"] for one in server.asked[1]] == ["user", "assistant", "user"]

    def test_half_an_answer_is_none(self, agent: Agent) -> None:
        with pytest.raises(AgentError, match="stopped before its end"):
            agent.answer(said("cut"), lambda _: None)
