"""The agents of the smaller examples. Their server is one, so one of them stands for all."""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.conftest import CHAT, Agent, running_agent, said

EXAMPLES = Path(__file__).parents[2] / "examples"
CONVERTER = EXAMPLES / "scheduled-canary" / "code"
RESULT = "5 miles are 8.05 km."
START = "app.PORT = {port}; app.main()"


@pytest.fixture(scope="module")
def converter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    log = tmp_path_factory.mktemp("converter") / "agent.log"
    with running_agent(log, {}, CONVERTER, START) as agent:
        yield agent


def test_it_answers_whole_and_streamed(converter: Agent) -> None:
    assert converter.send("GET", "/health") == (200, {"status": "ok", "version": "1"})
    status, answer = converter.ask("5 miles in km")
    assert (status, answer["object"]) == (200, "chat.completion")
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": RESULT}
    assert answer["system_fingerprint"] == "converter-1"
    *chunks, end = converter.stream("5 miles in km")
    assert (said(chunks), end) == (RESULT, "[DONE]")
    assert len(chunks) == len(RESULT.split()) + 1
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"5", b"{}", b'{"messages": []}', b'{"messages": ["hello"]}', b"\xff"],
)
def test_what_is_no_chat_is_refused(converter: Agent, body: bytes) -> None:
    status, answer = converter.send("POST", CHAT, body)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")


def test_there_is_nothing_elsewhere(converter: Agent) -> None:
    assert converter.send("GET", "/")[0] == 404
    assert converter.send("POST", "/chat", b"{}")[0] == 404


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", True), ("INFO", False)])
def test_told_to_stop_it_ends_and_it_logs_what_was_asked_for(
    tmp_path: Path, level: str, *, lines: bool
) -> None:
    with running_agent(tmp_path / "log", {"LOG_LEVEL": level}, CONVERTER, START) as agent:
        assert agent.stop() == 0
        log = agent.log.read_text()
    assert "Traceback" not in log
    assert ('"GET /health' in log) is lines


@pytest.mark.parametrize(
    ("folder", "question", "expected"),
    [
        ("staging-and-production", "When are you open?", "9 to 18"),
        ("staging-and-production", "Can you sing?", "I know about"),
        ("scheduled-canary", "2.5 OUNCES in grams?", "2.5 ounces are 70.87 grams."),
        ("scheduled-canary", "3 apples in pears", "I cannot convert apples to pears."),
        ("scheduled-canary", "hello", "5 miles in km"),
        ("monorepo/agents/orders", "Where is order #18?", "Order 18 is being packed."),
        ("monorepo/agents/orders", "Where is it?", "Which order"),
        ("monorepo/agents/returns", "after 30 days?", "Yes, you have 0 days left."),
        ("monorepo/agents/returns", "after 31 days?", "No, 31 days are more than 30."),
        ("monorepo/agents/returns", "after a while?", "How long ago"),
    ],
)
def test_answers(
    monkeypatch: pytest.MonkeyPatch, folder: str, question: str, expected: str
) -> None:
    code = EXAMPLES / folder / "code"
    monkeypatch.syspath_prepend(str(code))
    monkeypatch.delitem(sys.modules, "units", raising=False)
    answer = runpy.run_path(str(code / "answers.py"))["answer"]
    assert expected in answer(question)
