"""A file of golden prompts → frozen values, or every Diagnostic at once."""

import json
from pathlib import Path
from typing import Final

from agentramp.config.disk import Unreadable, bytes_of
from agentramp.config.golden_rules import OPERATORS, kept, rule_faults
from agentramp.config.load import Form, load
from agentramp.config.rules import repeated_keys
from agentramp.config.schema import schema_faults
from agentramp.config.tree import Mapping, Node
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError
from agentramp.gates.prompts import Expectation, Message, Operator, PathRule, Prompt

PROMPTS_YAML: Final = Form("a file of golden prompts", "prompts:")
SCHEMA: Final = "prompts-schema.json"


def read(path: Path) -> tuple[Prompt, ...]:
    """Raise ConfigError with every fault, UsageError where there is no file to read."""
    try:
        data = bytes_of(path)
    except Unreadable as error:
        raise UsageError(
            f"{path} {error.what}", advice="name the file of golden prompts"
        ) from error
    return golden(data, str(path))


def golden(data: bytes, file: str) -> tuple[Prompt, ...]:
    """Raise ConfigError with every fault."""
    tree = load(data, file, PROMPTS_YAML)
    faults = [*repeated_keys(tree), *schema_faults(tree, SCHEMA), *rule_faults(tree)]
    if faults:
        raise ConfigError(faults)
    return tuple(_prompt(one) for one in tree.items("prompts") if isinstance(one, Mapping))


def _prompt(prompt: Mapping) -> Prompt:
    said = prompt.text("prompt")
    messages = (
        tuple(
            Message(one.text("role") or "", one.text("content") or "")
            for one in prompt.items("messages")
            if isinstance(one, Mapping)
        )
        if said is None
        else (Message("user", said),)
    )
    expect = prompt.mapping("expect")
    return Prompt(
        prompt.text("name") or "",
        messages,
        Expectation() if expect is None else _expectation(expect),
        stream=prompt.flag("stream") is not False,
        must=prompt.flag("must") is True,
    )


def _expectation(expect: Mapping) -> Expectation:
    schema, paths = expect.mapping("json-schema"), expect.mapping("json-path")
    return Expectation(
        expect.whole("status") or Expectation().status,
        expect.number("first-byte-within"),
        _texts(expect, "contains"),
        _texts(expect, "not-contains"),
        _texts(expect, "matches"),
        tuple(_path_rule(entry.key, entry.value) for entry in paths.entries) if paths else (),
        None if schema is None else _json(schema),
        expect.text("judged"),
    )


def _texts(expect: Mapping, key: str) -> tuple[str, ...]:
    single = expect.text(key)
    return expect.texts(key) if single is None else (single,)


def _path_rule(path: str, value: Node) -> PathRule:
    if isinstance(value, Mapping):
        (entry,) = value.entries
        return PathRule(path, OPERATORS[entry.key], _json(entry.value))
    return PathRule(path, Operator.EQUALS, _json(value))


def _json(node: Node) -> str:
    return json.dumps(kept(node))
