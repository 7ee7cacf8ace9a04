from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from agentramp.config.schema import schema


def parts(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for below in node.values():
            yield from parts(below)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_every_pattern_is_said_in_words() -> None:
    patterns = [part for part in parts(schema()) if isinstance(part.get("pattern"), str)]
    spoken = [part for part in patterns if "x-says" in part]
    asked_only = [part for part in patterns if part not in spoken]
    assert len(spoken) > 10
    assert [part["pattern"] for part in asked_only] == ["^(agentrun(@|$)|[./~])"]


def test_every_pattern_refuses_a_trailing_line_end() -> None:
    patterns = [part["pattern"] for part in parts(schema()) if "x-says" in part]
    assert all(pattern.endswith("(?!\\n)") for pattern in patterns)


def test_what_is_ours_allows_no_unknown_field() -> None:
    open_ended = [
        part
        for part in parts(schema())
        if part.get("properties") and "additionalProperties" not in part and "type" in part
    ]
    assert [part["required"] for part in open_ended if "pattern" not in part] == []
