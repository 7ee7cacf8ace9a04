from collections.abc import Callable
from typing import Any

import pytest

from tests.examples.conftest import WAIT, Agent, FakeModel, events_after_the_first, said

Start = Callable[..., Agent]
KEY = "key-that-nobody-may-see"


def external(start: Start, fake: FakeModel) -> Agent:
    return start(MODEL_BASE_URL=fake.url, MODEL_NAME="large", MODEL_API_KEY=KEY, LOG_LEVEL="DEBUG")


def model_says(text: str | None, *calls: Any) -> tuple[int, Any]:
    message = {"role": "assistant", "content": text, "tool_calls": list(calls)}
    choice = {"message": message, "finish_reason": "tool_calls" if calls else "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    return 200, {"choices": [choice], "usage": usage}


def tool_call(name: str, arguments: str) -> Any:
    return {
        "id": "call_1",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def delta(reason: str | None = None, **fields: Any) -> Any:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {}}}


def test_external_model_uses_the_agents_tool(start: Start, fake_model: FakeModel) -> None:
    fake_model.answers = [
        model_says(None, tool_call("calculate", '{"expression": "6*7"}')),
        model_says("It is 42."),
    ]
    status, answer = external(start, fake_model).ask(
        "six times seven", temperature=0.5, tool_choice="required"
    )
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "It is 42.")
    assert answer["usage"] == {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24}
    assert answer["system_fingerprint"] == "quickstart-1"
    first, second = fake_model.asked
    assert (first["model"], first["temperature"], first["stream"]) == ("large", 0.5, False)
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert [tool["function"]["name"] for tool in first["tools"]] == ["calculate", "clock"]
    assert first["tool_choice"] == "required"
    assert "tool_choice" not in second
    assert second["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": "6*7 = 42",
    }
    assert fake_model.keys == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("nothing", "{}", "There is no tool named nothing."),
        ("clock", '{"utc_offset_hours": 99}', "That does not work: utc_offset_hours lies"),
        ("clock", '{"zone": 1}', "clock was called with arguments that do not fit"),
        ("calculate", "[1]", "calculate was called with arguments that do not fit"),
        ("calculate", "{", "calculate was called with arguments that do not fit"),
        ("calculate", '{"expression": 5}', "calculate was called with arguments that do not fit"),
        ("calculate", '{"expression": "exit()"}', "That does not work: only numbers and"),
    ],
)
def test_external_model_is_told_what_was_wrong_with_its_call(
    start: Start, fake_model: FakeModel, name: str, arguments: str, told: str
) -> None:
    fake_model.answers = [model_says(None, tool_call(name, arguments)), model_says("Sorry.")]
    assert external(start, fake_model).ask("go")[0] == 200
    assert fake_model.asked[1]["messages"][-1]["content"].startswith(told)


def test_external_stream_passes_through_as_it_comes(start: Start, fake_model: FakeModel) -> None:
    pieces = [
        {"index": 0, "id": "call_1", "function": {"name": "calculate", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"expression":'}},
        {"index": 0, "function": {"arguments": ' "6*7"}'}},
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    fake_model.answers = [
        (200, [*(delta(tool_calls=[piece]) for piece in pieces), delta("tool_calls"), "[DONE]"]),
        (200, [delta(content="It is"), WAIT, delta(content=" 42."), delta("stop")]),
    ]
    fake_model.answers[1][1].extend([{"choices": [], "usage": usage}, "[DONE]"])
    agent = external(start, fake_model)
    options = {"stream_options": {"include_usage": True}}
    connection, response = agent.open_stream("six times seven", **options)
    early = [response.readline() for _ in range(4)]
    assert b'"It is"' in early[2]
    fake_model.go_on.set()
    chunks = events_after_the_first(response.read())
    assert said(chunks) == " 42."
    assert chunks[-1] == "[DONE]"
    assert chunks[-2]["usage"] == usage
    assert fake_model.asked[1]["messages"][-1]["content"] == "6*7 = 42"
    assert fake_model.asked[0]["stream_options"] == {"include_usage": True}
    connection.close()


def test_the_callers_own_tools_go_out_to_the_caller(start: Start, fake_model: FakeModel) -> None:
    fake_model.answers = [model_says("Wait.", tool_call("weather", "{}"))]
    _, answer = external(start, fake_model).ask("rain?", tools=[WEATHER])
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"] == [tool_call("weather", "{}")]
    assert [tool["function"]["name"] for tool in fake_model.asked[0]["tools"]] == [
        "calculate",
        "clock",
        "weather",
    ]


def test_the_callers_own_tools_go_out_in_a_stream(start: Start, fake_model: FakeModel) -> None:
    call = {"index": 0, **tool_call("weather", "{}")}
    fake_model.answers = [(200, [delta(tool_calls=[call]), delta("tool_calls"), "[DONE]"])]
    chunks = external(start, fake_model).stream("rain?", tools=[WEATHER])
    assert chunks[1]["choices"][0]["delta"] == {"tool_calls": [call]}
    assert chunks[2]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((401, {"error": {"message": f"wrong key {KEY}"}}), "answered 401: wrong key ***"),
        ((500, "<html>\n oops"), "answered 500: <html> oops"),
        ((302, ""), "answered 302: "),
        ((200, "not json"), "gave an unreadable answer."),
        ((200, {"choices": []}), "gave an unreadable answer."),
    ],
)
def test_a_model_that_fails_is_a_502(
    start: Start, fake_model: FakeModel, answer: Any, message: str
) -> None:
    fake_model.answers = [answer, answer]
    agent = external(start, fake_model)
    for stream in (False, True):
        status, found = agent.ask("hello", stream=stream)
        assert status == 502
        assert found["error"]["type"] == "model_error"
        if answer[0] != 200:
            assert found["error"]["message"].endswith(message)
    assert message in agent.log.read_text()
    assert KEY not in agent.log.read_text()


def test_a_model_that_never_answers_is_a_502(start: Start, fake_model: FakeModel) -> None:
    fake_model.answers = [model_says(None, tool_call("clock", "{}"))] * 5
    status, found = external(start, fake_model).ask("hello")
    assert (status, "5 times in a row" in found["error"]["message"]) == (502, True)


def test_a_model_that_is_not_there_is_a_502(start: Start) -> None:
    agent = start(MODEL_BASE_URL="http://127.0.0.1:9/v1", MODEL_NAME="large")
    status, found = agent.ask("hello")
    assert status == 502
    assert "Check MODEL_BASE_URL." in found["error"]["message"]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ([], "the stream ended before the answer did"),
        ([{"error": {"message": f"overloaded {KEY}"}}], "overloaded ***"),
    ],
)
def test_a_stream_that_breaks_off_says_so_and_is_not_done(
    start: Start, fake_model: FakeModel, end: list[Any], message: str
) -> None:
    fake_model.answers = [(200, [delta(content="It"), *end])]
    chunks = external(start, fake_model).stream("hello")
    assert message in chunks[-1]["error"]["message"]
    assert KEY not in str(chunks)
