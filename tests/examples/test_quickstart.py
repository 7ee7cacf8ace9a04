import json
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.examples.conftest import (
    CHAT,
    CODE,
    Agent,
    events,
    events_after_the_first,
    question,
    said,
)

Start = Callable[..., Agent]
GREETING = "Hello from quickstart version 1."


def test_health_names_the_version(agent: Agent) -> None:
    assert agent.send("GET", "/health") == (200, {"status": "ok", "version": "1"})


def test_models_lists_the_agent(agent: Agent) -> None:
    status, answer = agent.send("GET", "/openai/v1/models?limit=5")
    assert (status, answer["object"]) == (200, "list")
    assert [entry["id"] for entry in answer["data"]] == ["quickstart"]


def test_plain_answer(agent: Agent) -> None:
    status, answer = agent.ask("hello")
    assert status == 200
    assert answer["object"] == "chat.completion"
    assert answer["system_fingerprint"] == "quickstart-1"
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"].startswith(GREETING)
    usage = answer["usage"]
    assert usage["completion_tokens"] == len(choice["message"]["content"].split())
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_streamed_answer(agent: Agent) -> None:
    chunks = agent.stream("what is 6 * 7?")
    assert chunks.pop() == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [
        *[None] * (len(chunks) - 1),
        "stop",
    ]
    assert said(chunks) == f"{GREETING} 6 * 7 = 42"


def test_usage_comes_in_a_chunk_of_its_own_when_asked_for(agent: Agent) -> None:
    chunks = agent.stream("hello", stream_options={"include_usage": True})
    assert chunks[-2]["choices"] == []
    assert chunks[-2]["usage"]["completion_tokens"] == len(said(chunks).split())
    assert all(chunk["usage"] is None for chunk in chunks[:-2])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is (2+3)*4?", "(2+3)*4 = 20"),
        ("帮我计算 7.5/2", "7.5/2 = 3.75"),
        ("Well. 2 plus 2.", "2 + 2 = 4"),
        ("the sum (see 2+2) please", "2+2 = 4"),
        ("2 to the power of 10", "2 ** 10 = 1024"),
        ("what is -3 * -4", "-3 * -4 = 12"),
        ("8 divided by 3", "8 / 3 = 2.66666666667"),
        ("what is 1/0?", "That does not work: 1/0: division by zero."),
        ("9**9**9", "That does not work: exponents go up to 64."),
        ("((10**64)**64)**64", "That does not work: the number is too large."),
        ("(-8)**0.5", "That does not work: the result is not a real number."),
        ("2 */ 3", "That does not work: '2 */ 3' is not arithmetic."),
    ],
)
def test_calculator(agent: Agent, text: str, answer: str) -> None:
    _, found = agent.ask(text)
    assert found["choices"][0]["message"]["content"] == f"{GREETING} {answer}"


def test_clock(agent: Agent) -> None:
    _, found = agent.ask("通过代码查询现在是几点? UTC+8")
    answer = found["choices"][0]["message"]["content"]
    assert re.search(r"It is \d\d:\d\d:\d\d on \d{4}-\d\d-\d\d \(UTC\+08:00\)\.$", answer)


@pytest.mark.alone
def test_a_text_made_to_slow_the_search_is_answered_at_once(agent: Agent) -> None:
    started = time.monotonic()
    assert agent.ask("1" * 1000 + "+" * 1000000)[0] == 200
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b"\xff", None),
        (b"", None),
        (b"[" * 100_000, None),
        (b"[]", None),
        (b"{}", "messages"),
        (b'{"messages": []}', "messages"),
        (b'{"messages": ["hello"]}', "messages"),
        (b'{"messages": [{"role": "user", "content": 5}]}', "messages"),
        (question("hello", n=2), "n"),
        (question("hello", tools=[{"type": "function"}]), "tools"),
    ],
)
def test_bad_requests(agent: Agent, body: bytes, param: str | None) -> None:
    status, answer = agent.send("POST", CHAT, body)
    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["param"] == param
    assert answer["error"]["message"]


def test_unknown_path_and_wrong_method(agent: Agent) -> None:
    assert agent.send("GET", "/nowhere")[0] == 404
    status, answer = agent.send("GET", CHAT)
    assert (status, answer["error"]["message"]) == (405, f"{CHAT} takes POST, not GET.")
    assert agent.send("HEAD", "/health") == (405, None)


def raw(agent: Agent, request: bytes) -> bytes:
    """What comes back until the agent hangs up."""
    with socket.create_connection(("127.0.0.1", agent.port), timeout=20) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"BREW /health HTTP/1.1\r\n\r\n", b"501"),
        (b"POST /health HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"POST /health HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /health HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9999999\r\n", b"413"),
    ],
)
def test_broken_http_gets_an_error_of_the_same_shape(
    agent: Agent, head: bytes, status: bytes
) -> None:
    answer = raw(agent, head)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"]


def test_a_chunked_request_body_is_read(agent: Agent) -> None:
    body = question("what is 1+1?")
    connection = agent.connect()
    connection.request("POST", CHAT, iter([body[:5], body[5:]]), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["choices"]
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_an_old_client_gets_its_stream_unchunked(agent: Agent) -> None:
    body = question("what is 1+1?", stream=True)
    head = f"POST {CHAT} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answer = raw(agent, head + body)
    assert b"Transfer-Encoding" not in answer
    assert answer.endswith(b"data: [DONE]\n\n")


@pytest.mark.alone
def test_many_kept_connections_stream_at_once(start: Start) -> None:
    slow = start(WORD_DELAY_MS="50")
    answers: list[str] = []

    def two_on_one_connection(number: int) -> None:
        connection = slow.connect()
        for _ in range(2):
            connection.request("POST", CHAT, question(f"what is {number}+1?", stream=True))
            answers.append(said(events(connection.getresponse())))
        connection.close()

    threads = [threading.Thread(target=two_on_one_connection, args=(n,)) for n in range(32)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [f"{GREETING} {n}+1 = {n + 1}" for n in range(32)]
    assert sorted(answers) == sorted(expected * 2)
    # One after another the 64 answers of 8 words would take 25 seconds.
    assert time.monotonic() - started < 10


@pytest.mark.alone
def test_words_arrive_one_by_one(start: Start) -> None:
    connection, response = start(WORD_DELAY_MS="300").open_stream("hello")
    started = time.monotonic()
    first = [response.readline() for _ in range(4)][2]
    assert b"Hello " in first
    assert time.monotonic() - started < 1
    connection.close()


def test_sigterm_lets_a_stream_finish_and_takes_no_new_connection(start: Start) -> None:
    agent = start(WORD_DELAY_MS="150")
    idle = agent.connect()
    idle.request("GET", "/health")
    idle.getresponse().read()
    connection, response = agent.open_stream("what is 20+1?")
    response.readline()
    agent.process.terminate()
    time.sleep(0.5)
    assert agent.process.poll() is None
    with pytest.raises(ConnectionError):
        agent.send("GET", "/health")
    chunks = events_after_the_first(response.read())
    assert chunks[-1] == "[DONE]"
    assert said(chunks).endswith("20+1 = 21")
    connection.close()
    assert agent.process.wait(5) == 0
    idle.close()


@pytest.mark.alone
def test_sigterm_ends_a_resting_agent_at_once(start: Start) -> None:
    agent = start()
    idle = agent.connect()
    idle.request("GET", "/health")
    idle.getresponse().read()
    started = time.monotonic()
    assert agent.stop() == 0
    assert time.monotonic() - started < 3
    idle.close()


def test_a_client_that_leaves_does_no_harm(start: Start) -> None:
    agent = start(WORD_DELAY_MS="50")
    connection, response = agent.open_stream("hello")
    response.readline()
    response.close()
    connection.close()
    assert agent.send("GET", "/health")[0] == 200
    assert agent.stop() == 0
    assert "Traceback" not in agent.log.read_text()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"MODEL_BASE_URL": "http://127.0.0.1/v1"}, "MODEL_NAME is not set"),
        ({"MODEL_NAME": "large"}, "MODEL_BASE_URL is not set"),
        ({"MODEL_NAME": "large", "MODEL_BASE_URL": "host"}, "must begin with http"),
        ({"WORD_DELAY_MS": "slow"}, "WORD_DELAY_MS is not a number"),
    ],
)
def test_a_setting_that_makes_no_sense_stops_the_start(
    start: Start, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        start(**environment)


def test_the_version_is_one_line_of_one_file() -> None:
    lines = (CODE / "persona.py").read_text().splitlines()
    assert lines.count('VERSION = "1"') == 1


def test_s_yaml_says_what_the_code_does() -> None:
    text = (CODE.parent / "s.yaml").read_text()
    agent = yaml.safe_load(text)["resources"]["quickstart"]["props"]["agent"]
    assert agent["port"] == 9000
    assert "PORT = 9000" in (CODE / "app.py").read_text()
    assert agent["environmentVariables"]["PYTHONPATH"] == "/code/python"
    assert agent["healthCheckConfiguration"]["httpGetUrl"] == "/health"
    assert Path(CODE.parent / agent["code"]["src"] / agent["code"]["command"][1]).is_file()
