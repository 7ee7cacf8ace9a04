"""What is wrong with an answer: pure but for the patterns' own time limit."""

import json
from collections.abc import Iterator
from typing import Final

from typing_extensions import assert_never

from agentramp.gates import patterns
from agentramp.gates.chat import Heard
from agentramp.gates.prompts import Expectation, Operator, PathRule

_QUOTED: Final = 120


def faults(heard: Heard, expect: Expectation) -> Iterator[str]:
    """Each thing that is not as expected; the criterion for a model is not looked at here."""
    if heard.status != expect.status:
        yield heard.trouble or f"status {heard.status} and not {expect.status}"
        return
    if heard.trouble:
        yield heard.trouble
    if expect.first_byte_within is not None and heard.first_byte > expect.first_byte_within:
        yield f"first byte after {heard.first_byte:.2f} s and not {expect.first_byte_within:g} s"
    yield from _of_text(heard.text, expect)
    if expect.json_path or expect.json_schema is not None:
        yield from _of_json(heard.text, expect)


def _of_text(text: str, expect: Expectation) -> Iterator[str]:
    for part in expect.contains:
        if part not in text:
            yield f"{_shown(part)} is missing from {_shown(text)}"
    for part in expect.not_contains:
        if part in text:
            yield f"{_shown(part)} stands in {_shown(text)}"
    for pattern in expect.matches:
        yield from _of_pattern(pattern, text)


def _of_pattern(pattern: str, text: str) -> Iterator[str]:
    try:
        if not patterns.is_found(pattern, text):
            yield f"nothing matches {_shown(pattern)} in {_shown(text)}"
    except patterns.PatternError as error:
        yield f"{_shown(pattern)}: {error}"


def _of_json(text: str, expect: Expectation) -> Iterator[str]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield f"the answer is not JSON: {_shown(text)}"
        return
    for rule in expect.json_path:
        yield from _of_path(rule, document)
    if expect.json_schema is not None:
        try:
            fault = patterns.schema_fault(expect.json_schema, document)
        except patterns.PatternError as error:
            fault = str(error)
        if fault:
            yield f"JSON schema: {_clipped(fault)}"


def _of_path(rule: PathRule, document: object) -> Iterator[str]:
    operand = json.loads(rule.operand)
    try:
        values = patterns.values_at(rule.path, document)
        fits = _fits(rule.operator, values, operand)
    except patterns.PatternError as error:
        yield f"{rule.path}: {error}"
        return
    if not fits:
        found = ", ".join(map(_shown, values[:3])) or "nothing"
        yield f"{rule.path}: {found}, not {rule.operator.value} {_shown(operand)}"


def _fits(operator: Operator, values: tuple[object, ...], operand: object) -> bool:
    match operator:
        case Operator.EQUALS:
            return any(_same(value, operand) for value in values)
        case Operator.NOT_EQUALS:
            return not any(_same(value, operand) for value in values)
        case Operator.EXISTS:
            return bool(values) is operand
        case Operator.CONTAINS:
            return any(_contains(value, operand) for value in values)
        case Operator.MATCHES:
            texts = (value for value in values if isinstance(value, str))
            return any(patterns.is_found(str(operand), text) for text in texts)
        case Operator.AT_LEAST | Operator.AT_MOST:
            return any(_bounded(operator, value, operand) for value in values)
        case _:
            assert_never(operator)


def _same(value: object, other: object) -> bool:
    """JSON's equality: true is not 1, however deep the two stand."""
    match value, other:
        case dict(), dict():
            return value.keys() == other.keys() and all(_same(value[k], other[k]) for k in value)
        case list(), list():
            return len(value) == len(other) and all(map(_same, value, other))
        case _:
            return value == other and isinstance(value, bool) == isinstance(other, bool)


def _contains(value: object, part: object) -> bool:
    if isinstance(value, str):
        return isinstance(part, str) and part in value
    return isinstance(value, list) and any(_same(item, part) for item in value)


def _bounded(operator: Operator, value: object, bound: object) -> bool:
    numbers = [x for x in (value, bound) if isinstance(x, int | float) and not isinstance(x, bool)]
    if len(numbers) < 2:  # noqa: PLR2004 - both of them
        return False
    low, high = numbers if operator is Operator.AT_MOST else reversed(numbers)
    return low <= high


def _shown(value: object) -> str:
    return _clipped(json.dumps(value, ensure_ascii=False))


def _clipped(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
