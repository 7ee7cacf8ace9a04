import json
from typing import Any

import pytest

from agentramp.gates.chat import Heard
from agentramp.gates.checks import faults
from agentramp.gates.prompts import Expectation, Operator, PathRule

ORDER = {
    "total": 12.5,
    "paid": True,
    "items": [{"name": "tea"}, {"name": "cup"}],
    "note": None,
    "marks": [True, {"n": 1}],
}


def found(text: str, **expected: Any) -> list[str]:
    return list(faults(Heard(200, text, 0.2), Expectation(**expected)))


def rule(path: str, operator: Operator, operand: object) -> list[str]:
    return found(json.dumps(ORDER), json_path=(PathRule(path, operator, json.dumps(operand)),))


def test_an_answer_as_expected() -> None:
    assert found("Paris, 2 million", contains=("Paris",), not_contains=("Rome",)) == []
    assert found("Paris, 2 million", matches=(r"\d+ million", "^Paris")) == []
    assert found("any", first_byte_within=0.2) == []


def test_every_fault_is_told() -> None:
    said = found(
        "Rome",
        contains=("Paris", "Rome"),
        not_contains=("Rome",),
        matches=("^P",),
        first_byte_within=0.1,
    )
    assert said == [
        "first byte after 0.20 s and not 0.1 s",
        '"Paris" is missing from "Rome"',
        '"Rome" stands in "Rome"',
        'nothing matches "^P" in "Rome"',
    ]


def test_another_status_is_the_only_fault() -> None:
    expect = Expectation(contains=("x",))
    assert list(faults(Heard(503, "busy", 0.1), expect)) == ["status 503 and not 200"]
    assert list(faults(Heard(0, "", 9.0, "nobody is there"), expect)) == ["nobody is there"]
    refused = Expectation(status=400, contains=("policy",))
    assert list(faults(Heard(400, "against policy", 0.1), refused)) == []


def test_a_broken_stream_is_a_fault_even_where_its_text_would_do() -> None:
    assert list(faults(Heard(200, "ok", 0.1, "it stopped"), Expectation())) == ["it stopped"]


@pytest.mark.parametrize(
    ("path", "operator", "operand", "fits"),
    [
        ("$.total", Operator.EQUALS, 12.5, True),
        ("$.total", Operator.EQUALS, 12, False),
        ("$.paid", Operator.EQUALS, True, True),
        ("$.paid", Operator.EQUALS, 1, False),
        ("$.items", Operator.EQUALS, [{"name": "tea"}, {"name": "cup"}], True),
        ("$.items", Operator.EQUALS, [{"name": "tea"}], False),
        ("$.marks", Operator.EQUALS, [True, {"n": 1}], True),
        ("$.marks", Operator.EQUALS, [1, {"n": 1}], False),
        ("$.marks", Operator.EQUALS, [True, {"n": True}], False),
        ("$.marks", Operator.EQUALS, [True, {"m": 1}], False),
        ("$.note", Operator.EQUALS, None, True),
        ("$.nothing", Operator.EQUALS, None, False),
        ("$.items[*].name", Operator.EQUALS, "cup", True),
        ("$.items[?@.name == 'tea']", Operator.EQUALS, {"name": "tea"}, True),
        ("$.items[*].name", Operator.NOT_EQUALS, "cup", False),
        ("$.items[*].name", Operator.NOT_EQUALS, "pot", True),
        ("$.note", Operator.EXISTS, True, True),
        ("$.nothing", Operator.EXISTS, True, False),
        ("$.nothing", Operator.EXISTS, False, True),
        ("$.items[0].name", Operator.CONTAINS, "te", True),
        ("$.items", Operator.CONTAINS, {"name": "tea"}, True),
        ("$.total", Operator.CONTAINS, "12", False),
        ("$.items[0].name", Operator.MATCHES, "^t..$", True),
        ("$.total", Operator.MATCHES, "12", False),
        ("$.total", Operator.AT_LEAST, 12.5, True),
        ("$.total", Operator.AT_LEAST, 13, False),
        ("$.total", Operator.AT_MOST, 12, False),
        ("$.total", Operator.AT_MOST, 13, True),
        ("$.paid", Operator.AT_LEAST, 0, False),
    ],
)
def test_json_paths(path: str, operator: Operator, operand: object, *, fits: bool) -> None:
    said = rule(path, operator, operand)
    assert (said == []) is fits
    assert fits or operator.value in said[0]


def test_json_schema() -> None:
    schema = json.dumps({"type": "object", "properties": {"total": {"type": "number"}}})
    assert found(json.dumps(ORDER), json_schema=schema) == []
    (fault,) = found('{"total": "much"}', json_schema=schema)
    assert fault == "JSON schema: $.total: 'much' is not of type 'number'"


def test_a_schema_elsewhere_is_not_fetched() -> None:
    schema = json.dumps({"$ref": "http://127.0.0.1:9/other.json"})
    (fault,) = found("{}", json_schema=schema)
    assert "refers to what is not in it" in fault


@pytest.mark.parametrize("text", ["no JSON", "", "[" * 100_000])
def test_an_answer_that_should_be_json(text: str) -> None:
    (fault,) = found(text, json_schema="{}")
    assert fault.startswith("the answer is not JSON")


def test_a_pattern_that_never_ends_is_stopped() -> None:
    (fault,) = found("a" * 5000 + "!", matches=(r"^(a|a|aa)+$",))
    assert "takes longer than 1 s" in fault


def nested(depth: int) -> str:
    return '{"below": ' * depth + "1" + "}" * depth


def test_an_answer_that_is_nested_too_deeply_for_a_schema_is_a_fault() -> None:
    node = {"properties": {"below": {"$ref": "#/$defs/node"}}}
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    (fault,) = found(nested(500), json_schema=json.dumps(schema))
    assert fault == "JSON schema: the answer is nested too deeply for it"


def test_no_more_of_an_answer_is_quoted_than_a_line_has_room_for() -> None:
    (fault,) = found(nested(100), json_schema=json.dumps({"type": "string"}))
    assert len(fault) < 150
    assert fault.endswith("…")
