import json
from dataclasses import replace

import pytest

from agentramp.errors import AgentrampError, SupersededError, UsageError, WayBackFailedError
from agentramp.report.github.output_file import LONGEST, failed, outputs
from agentramp.report.result import Answer, Facts, Result
from tests.report.results import ANSWER, HOSTILE, MOVED


def parsed(text: str) -> dict[str, str]:
    """As the runner reads the file."""
    lines = iter(text.split("\n"))
    found = {}
    for line in lines:
        if not line:
            break
        name, delimiter = line.split("<<")
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        found[name] = "\n".join(value)
    return found


def test_outputs() -> None:
    found = parsed(outputs(MOVED, "mark"))
    assert found.pop("result-json").startswith('{"verb": "shift-traffic"')
    assert found == {
        "changed": "true",
        "runtime": "agent",
        "version": "2",
        "previous-version": "1",
        "url": "http://127.0.0.1:1/x",
        "weights": '{"1":90,"2":10}',
        "verdict": "",
        "reason": "production serves v1 90 %, v2 10 %",
        "artifact-path": "",
        "artifact-digest": "",
    }


def test_outputs_of_an_answer() -> None:
    found = parsed(outputs(ANSWER, "mark"))
    assert found.pop("result-json").startswith('{"verb": "verify"')
    assert found == {
        "changed": "false",
        "runtime": "agent",
        "url": "http://127.0.0.1:1/x",
        "reason": "endpoint production answers: 200",
    }


ENDPOINT = {
    "name": "production",
    "url": "http://127.0.0.1:1/x",
    "version": 1,
    "weights": {"1": 90, "2": 10},
    "ramp": {"verdict": "hold"},
}


def status(*endpoints: object) -> Answer:
    fields = (("runtime", '{"name": "agent"}'), ("endpoints", json.dumps(endpoints)))
    return Answer("status", "it stands", (), fields)


def test_a_status_of_one_endpoint_tells_how_that_one_stands() -> None:
    found = parsed(outputs(status(ENDPOINT), "mark"))
    assert json.loads(found.pop("result-json"))["endpoints"] == [ENDPOINT]
    assert found == {
        "changed": "false",
        "runtime": "agent",
        "version": "1",
        "url": "http://127.0.0.1:1/x",
        "weights": '{"1":90,"2":10}',
        "verdict": "hold",
        "reason": "it stands",
    }


def test_of_several_endpoints_none_is_meant() -> None:
    found = parsed(outputs(status(ENDPOINT, ENDPOINT), "mark"))
    assert set(found) == {"changed", "runtime", "reason", "result-json"}


def test_facts_have_outputs_too() -> None:
    facts = Facts("simulate", "400 ramps", False, (("healthy_promoted", 0.99), ("runs", 400)))  # noqa: FBT003
    found = parsed(outputs(facts, "mark"))
    assert json.loads(found.pop("result-json"))["healthy_promoted"] == 0.99
    assert found == {"changed": "false", "reason": "400 ramps"}


@pytest.mark.parametrize("message", [HOSTILE, "one\nversion<<x\n7\nx", "\u2028\x1b[31m\r"])
def test_a_value_that_tries_to_be_two_stays_one_and_one_line(message: str) -> None:
    result = Result("deploy", message)
    found = parsed(outputs(result, "unguessable"))
    assert (found["version"], len(found)) == ("", 11)
    assert found["reason"].isprintable()
    assert json.loads(found["result-json"])["message"] == message


def test_json_that_is_too_long_for_github_is_told_to_be_cut_and_stays_json() -> None:
    found = parsed(outputs(replace(MOVED, message="x" * 1_000_000), "mark"))
    assert json.loads(found["result-json"]) == {
        "verb": "shift-traffic",
        "ok": True,
        "changed": True,
        "cut": True,
    }
    assert len(found["reason"]) == LONGEST + 3


@pytest.mark.parametrize(
    ("error", "changed"),
    [
        (UsageError("no"), {"changed": "false"}),
        (SupersededError("no"), {"changed": "false", "verdict": "superseded"}),
        (WayBackFailedError("no"), {}),
    ],
)
def test_a_failure_says_unchanged_only_where_that_is_sure(
    error: AgentrampError, changed: dict[str, str]
) -> None:
    found = parsed(failed(str(error), '{"ok": false}', error.exit_code, "mark"))
    assert found == {**changed, "reason": "no", "result-json": '{"ok": false}'}
