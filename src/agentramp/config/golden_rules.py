"""What no schema can say of a file of golden prompts."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeAlias

from agentramp.config.paths import fault
from agentramp.config.tree import Mapping, Node, Scalar, Sequence, Step, scalar
from agentramp.diagnostics import Diagnostic
from agentramp.gates import patterns
from agentramp.gates.prompts import Operator

OPERATORS: Final = {operator.value: operator for operator in Operator}
_Path: TypeAlias = tuple[Step, ...]


def rule_faults(tree: Mapping) -> Iterator[Diagnostic]:
    names: set[str] = set()
    for index, prompt in enumerate(tree.items("prompts")):
        if not isinstance(prompt, Mapping):
            continue
        path: _Path = ("prompts", index)
        name = prompt.text("name")
        if name is not None and name in names:
            message = "this name stands above already; reports would mix the two up"
            yield fault(tree, (*path, "name"), message, "duplicate-name")
        names.add(name or "")
        yield from _asked(tree, prompt, path)
        expect = prompt.mapping("expect")
        if expect is not None:
            yield from _expected(tree, expect, (*path, "expect"))


def _asked(tree: Mapping, prompt: Mapping, path: _Path) -> Iterator[Diagnostic]:
    has_prompt, has_messages = (prompt.get(key) is not None for key in ("prompt", "messages"))
    if has_prompt and has_messages:
        message = "stands beside prompt; keep one of the two"
        yield fault(tree, (*path, "messages"), message, "exclusive")
    elif not has_prompt and not has_messages:
        message = "prompt is required (or messages): nothing says what to ask"
        yield fault(tree, path, message, "required")


def _expected(tree: Mapping, expect: Mapping, path: _Path) -> Iterator[Diagnostic]:
    for place, pattern in _patterns(expect):
        yield from _tried(tree, (*path, *place), partial(patterns.check_regex, pattern))
    schema = expect.mapping("json-schema")
    if schema is not None:
        text = json.dumps(kept(schema))
        yield from _tried(tree, (*path, "json-schema"), partial(patterns.check_schema, text))
    paths = expect.mapping("json-path")
    for entry in paths.entries if paths else ():
        place = (*path, "json-path", entry.key)
        yield from _tried(tree, place, partial(patterns.check_path, entry.key))
        yield from _compared(tree, place, entry.value)


def _patterns(expect: Mapping) -> Iterator[tuple[_Path, str]]:
    single = expect.text("matches")
    if single is not None:
        yield ("matches",), single
    for index, item in enumerate(expect.items("matches")):
        value = scalar(item)
        if isinstance(value, str):
            yield ("matches", index), value


def _tried(tree: Mapping, path: _Path, check: Callable[[], None]) -> Iterator[Diagnostic]:
    try:
        check()
    except patterns.PatternError as error:
        yield fault(tree, path, str(error), "pattern")


def _compared(tree: Mapping, path: _Path, value: Node) -> Iterator[Diagnostic]:
    """A comparison is a mapping with one known key; any other value is to be equalled."""
    if not isinstance(value, Mapping):
        return
    keys = [entry.key for entry in value.entries]
    if len(keys) != 1 or keys[0] not in OPERATORS:
        message = (
            f"compare with one of {', '.join(OPERATORS)}; "
            "an object to be equalled stands under equals"
        )
        yield fault(tree, path, message, "comparison")
        return
    operand = value.entries[0].value
    wanted = _unfit(OPERATORS[keys[0]], scalar(operand))
    if wanted:
        yield fault(tree, (*path, keys[0]), f"needs {wanted}", "type")
    elif keys[0] == Operator.MATCHES.value:
        pattern = str(scalar(operand))
        yield from _tried(tree, (*path, keys[0]), partial(patterns.check_regex, pattern))


def _unfit(operator: Operator, value: object) -> str:
    """What kind of value ``operator`` needs, where this is none; or nothing."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match operator:
        case Operator.EXISTS:
            return "" if isinstance(value, bool) else "true or false"
        case Operator.MATCHES:
            return "" if isinstance(value, str) else "a regular expression"
        case Operator.AT_LEAST | Operator.AT_MOST:
            return "" if is_number else "a number"
        case _:
            return ""


def kept(node: Node) -> object:
    """The tree as JSON values, nulls too: here null is a value like others."""
    match node:
        case Mapping():
            return {entry.key: kept(entry.value) for entry in node.entries}
        case Sequence():
            return [kept(item) for item in node.items]
        case Scalar():
            return node.value
