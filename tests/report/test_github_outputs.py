import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from agentramp.errors import (
    AgentrampError,
    RefusedError,
    SupersededError,
    UsageError,
    WayBackFailedError,
)
from agentramp.report.deeds import Deeds
from agentramp.report.github.output_file import LONGEST, failed, outputs, written
from agentramp.report.hiding import Hiding
from agentramp.report.result import Answer, Facts, Result
from tests.report.results import ANSWER, HOSTILE, MOVED


def parsed(pairs: Mapping[str, object], hide: Hiding | None = None) -> dict[str, str]:
    """As the runner reads the file."""
    lines = iter(written(pairs, hide or Hiding(), "unguessable").split("\n"))
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
    found = parsed(outputs(MOVED))
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
    found = parsed(outputs(ANSWER))
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
    "ramp": {"verdict": "hold", "stable": 1, "canary": 2},
}


def status(*endpoints: object) -> Answer:
    fields = (("runtime", '{"name": "agent"}'), ("endpoints", json.dumps(endpoints)))
    return Answer("status", "it stands", (), fields)


def test_a_status_of_one_endpoint_tells_how_that_one_stands() -> None:
    found = parsed(outputs(status(ENDPOINT)))
    assert json.loads(found.pop("result-json"))["endpoints"] == [ENDPOINT]
    assert found == {
        "changed": "false",
        "runtime": "agent",
        "version": "2",
        "url": "http://127.0.0.1:1/x",
        "weights": '{"1":90,"2":10}',
        "verdict": "hold",
        "reason": "it stands",
    }


def test_of_several_endpoints_none_is_meant() -> None:
    found = parsed(outputs(status(ENDPOINT, ENDPOINT)))
    assert set(found) == {"changed", "runtime", "reason", "result-json"}


def test_facts_have_outputs_too() -> None:
    facts = Facts("simulate", "400 ramps", False, (("healthy_promoted", 0.99), ("runs", 400)))  # noqa: FBT003
    found = parsed(outputs(facts))
    assert json.loads(found.pop("result-json"))["healthy_promoted"] == 0.99
    assert found == {"changed": "false", "reason": "400 ramps"}


@pytest.mark.parametrize("message", [HOSTILE, "one\nversion<<x\n7\nx", "\u2028\x1b[31m\r"])
def test_a_value_that_tries_to_be_two_stays_one_and_one_line(message: str) -> None:
    result = Result("deploy", message)
    found = parsed(outputs(result))
    assert (found["version"], len(found)) == ("", 11)
    assert found["reason"].isprintable()
    assert json.loads(found["result-json"])["message"] == message


def test_json_that_is_too_long_for_github_is_told_to_be_cut_and_stays_json() -> None:
    found = parsed(outputs(replace(MOVED, message="x" * 1_000_000)))
    assert json.loads(found["result-json"]) == {
        "verb": "shift-traffic",
        "ok": True,
        "changed": True,
        "dry_run": False,
        "cut": True,
    }
    assert len(found["reason"]) == LONGEST + 3


@pytest.mark.parametrize(
    ("error", "changed"),
    [
        (UsageError("no"), {"changed": "false", "verdict": "error"}),
        (SupersededError("no"), {"changed": "false", "verdict": "superseded"}),
        (WayBackFailedError("no"), {"verdict": "error"}),
    ],
)
def test_a_failure_says_unchanged_only_where_that_is_sure(
    error: AgentrampError, changed: dict[str, str]
) -> None:
    found = parsed(failed(str(error), '{"ok": false}', error.exit_code, Deeds()))
    assert found == {**changed, "reason": "no", "result-json": '{"ok": false}'}


@pytest.mark.parametrize("error", [RefusedError("no"), SupersededError("no"), UsageError("no")])
def test_traffic_is_where_it_was_and_something_else_may_be_done(error: AgentrampError) -> None:
    found = parsed(failed("no", '{"ok": false}', error.exit_code, Deeds(tried=True, version=7)))
    assert "changed" not in found
    assert found["version"] == "7"


def test_what_the_log_masks_is_in_no_output_and_json_stays_json() -> None:
    hide = Hiding()
    hide.add(['hunter2", "ok": 1, "x": "', "12345678"])
    said = 'key hunter2", "ok": 1, "x": " and 12345678'
    fields = (("account", "12345678"), ("of", '{"12345678": ["a12345678"], "n": null}'))
    found = parsed(outputs(Answer("verify", said, (said,), fields)), hide)
    assert found["reason"] == "key *** and ***"
    told = json.loads(found["result-json"])
    assert told["message"] == "key *** and ***"
    assert (told["account"], told["of"]) == ("***", {"***": ["a***"], "n": None})
    assert (told["ok"], told["changed"]) == (True, False)
