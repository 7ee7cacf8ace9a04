import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from agentramp.exchange import Reply
from agentramp.gates.chat import Chat, heard
from agentramp.gates.prompts import Message, Prompt
from tests.gates.chat_agent import Agent

PROMPT = Prompt("greeting", (Message("user", "hello"),))
Run = Callable[[Agent], Agent]


def reply(body: str, kind: str = "text/event-stream") -> Reply:
    return Reply(200, body.encode(), kind, 0.1, 0.2)


def test_a_stream_is_put_together(chat: Chat, run_agent: Run) -> None:
    agent = run_agent(Agent(lambda asked: f"{asked} to you"))
    said = chat.ask(f"{agent.url}/", PROMPT)
    assert (said.status, said.text, said.trouble) == (200, "hello to you ", "")


def test_a_whole_answer_is_as_good(chat: Chat, run_agent: Run) -> None:
    agent = run_agent(Agent(lambda _: "hello\nto you"))
    assert chat.ask(agent.url, replace(PROMPT, stream=False)).text == "hello\nto you"


def test_the_first_byte_comes_before_the_last(chat: Chat, run_agent: Run) -> None:
    agent = run_agent(Agent(lambda _: "a b c d e f g h", pause=0.4))
    said = chat.ask(agent.url, PROMPT)
    assert 0.4 <= said.first_byte < 0.8
    assert said.text == "a b c d e f g h "


def test_each_question_has_a_session_of_its_own(chat: Chat, run_agent: Run) -> None:
    agent = run_agent(Agent(str))
    for _ in range(3):
        chat.ask(agent.url, PROMPT)
    assert agent.sessions == ["session-0", "session-1", "session-2"]


def test_an_error_keeps_its_status_and_body(chat: Chat, run_agent: Run) -> None:
    agent = run_agent(Agent(lambda _: "out of tokens", status=503))
    said = chat.ask(agent.url, PROMPT)
    assert said.status == 503
    assert "out of tokens" in said.text


def test_nobody_there_is_heard_too(chat: Chat) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        said = chat.ask(f"http://127.0.0.1:{free.getsockname()[1]}", PROMPT)
    assert said.status == 0
    assert "cannot be reached" in said.trouble


def test_an_answer_too_late(chat: Chat, run_agent: Run) -> None:
    agent = run_agent(Agent(str, pause=1.0))
    said = replace(chat, timeout=0.2).ask(agent.url, PROMPT)
    assert said.status == 0
    assert "within 0.2 s" in said.trouble


@pytest.mark.parametrize(
    ("endings", "trouble"),
    [
        ((), "stopped before its end"),
        (('{"choices":[{"delta":{},"finish_reason":"stop"}]}',), ""),
        (('{"error":{"message":"overloaded"}}', "[DONE]"), "overloaded"),
        (("nonsense", "[DONE]"), "no chat completion"),
        (('{"choices":[],"usage":{}}', "[DONE]"), ""),
    ],
)
def test_how_a_stream_ends(
    chat: Chat, run_agent: Run, endings: tuple[str, ...], trouble: str
) -> None:
    agent = run_agent(Agent(str, endings=endings))
    said = chat.ask(agent.url, PROMPT)
    assert trouble in said.trouble
    assert bool(said.trouble) == bool(trouble)
    assert said.text == "hello "


def test_events_in_all_the_forms_the_standard_allows() -> None:
    body = (
        ": a comment\r\nevent: message\r\n"
        'data:{"choices":[{"delta":\r\ndata: {"content":"a\u2028b"}}]}\r\n\r\n'
        "data: [DONE]"
    )
    assert heard(reply(body)).text == "a\u2028b"
    assert heard(reply(body)).trouble == ""


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"choices":[]}', "[" * 100_000])
def test_what_is_no_completion(body: str) -> None:
    assert heard(reply(body, "application/json")).trouble == "the answer is no chat completion"


def test_an_answer_without_text_is_one() -> None:
    said = heard(reply('{"choices":[{"message":{"content":null}}]}', "application/json"))
    assert (said.text, said.trouble) == ("", "")
