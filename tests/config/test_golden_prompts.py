"""Files of golden prompts: read into values, or refused with every fault and its place."""

from pathlib import Path

import pytest

from agentramp.config.golden import golden, read
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError
from agentramp.gates.prompts import Expectation, Message, Operator, PathRule, Prompt

WHOLE = """
prompts:
  - name: capital
    prompt: What is the capital of France?
    must: true
    expect:
      contains: Paris
      not-contains: [Rome, Lyon]
      matches: '(?i)paris'
      first-byte-within: 2.5
  - name: order
    stream: false
    messages:
      - {role: system, content: Answer in JSON.}
      - {role: user, content: What did I order?}
    expect:
      status: 200
      json-path:
        $.total: {at-least: 3}
        $.note: null
        $.items[0].name: {matches: ^t}
        $.items[0]: {equals: {name: tea, price: null}}
      json-schema: {type: object, properties: {note: {enum: [null]}}}
      judged: The order is repeated without a mistake.
  - name: bare
    prompt: Hello
"""


def test_a_whole_file() -> None:
    capital, order, bare = golden(WHOLE.encode(), "prompts.yaml")
    assert capital == Prompt(
        "capital",
        (Message("user", "What is the capital of France?"),),
        Expectation(
            first_byte_within=2.5,
            contains=("Paris",),
            not_contains=("Rome", "Lyon"),
            matches=("(?i)paris",),
        ),
        must=True,
    )
    assert bare == Prompt("bare", (Message("user", "Hello"),))
    assert order.messages[0] == Message("system", "Answer in JSON.")
    assert not order.stream
    assert order.expect.json_path == (
        PathRule("$.total", Operator.AT_LEAST, "3"),
        PathRule("$.note", Operator.EQUALS, "null"),
        PathRule("$.items[0].name", Operator.MATCHES, '"^t"'),
        PathRule("$.items[0]", Operator.EQUALS, '{"name": "tea", "price": null}'),
    )
    assert order.expect.json_schema == (
        '{"type": "object", "properties": {"note": {"enum": [null]}}}'
    )


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        golden(text.encode(), "p.yaml")
    return [str(fault) for fault in raised.value.diagnostics]


def test_all_faults_at_once_each_with_its_place() -> None:
    text = """\
prompts:
  - name: a
    prompt: x
    contains: y
    expect:
      matches: ['(', ok]
      first-byte-within: 0
      status: 9
  - name: a
    expect:
      json-path:
        $[: 1
        $.a: {above: 3}
        $.b: {at-least: much}
        $.c: {exists: 'yes'}
        $.d: {matches: '['}
      json-schema: {type: nonsense}
  - prompt: x
    messages: [{role: robot, content: x}]
"""
    told = faults(text)
    places = [line.split(": ")[0].removeprefix("p.yaml:") for line in told]
    assert places == [
        "4:5",
        "6:17",
        "7:7",
        "8:7",
        "9:5",
        "9:5",
        "12:9",
        "13:9",
        "14:15",
        "15:15",
        "16:15",
        "17:7",
        "18:5",
        "19:5",
        "19:17",
    ]
    assert "did you mean" in told[0] or "expect.contains" in told[0]
    assert "is no regular expression" in told[1]
    assert "is no JSON path" in told[6]
    assert "is no JSON schema" in told[11]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a file of golden prompts begins with: prompts:"),
        ("- name: a\n", "the file holds a list"),
        ("prompts: []\n", "is empty"),
        ("prompts: {}\n", "write a list under prompts:"),
        ("prompts: [1]\n", "is a number; write a mapping"),
        ("prompt: x\n", "did you mean prompts?"),
        ("prompts: [{name: a, prompt: x, prompt: y}]\n", "this key stands on line 1 already"),
        (
            "prompts: [{name: a, prompt: x, expect: {contains: 42}}]\n",
            "42 is a number; write text or a list",
        ),
        ("prompts: [\n", "p.yaml:"),
    ],
)
def test_what_is_no_file_of_prompts(text: str, message: str) -> None:
    assert any(message in line for line in faults(text))


def test_a_file_is_read_from_its_place(tmp_path: Path) -> None:
    file = tmp_path / "prompts.yaml"
    file.write_text(WHOLE)
    assert len(read(file)) == 3
    for name, why in (("none.yaml", "does not exist"), (".", "is no file")):
        with pytest.raises(UsageError, match=why):
            read(tmp_path / name)
