"""One fault found by the schema → the sentences a person reads, each with its rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from agentramp.config.cleartext import looks_like_secret
from agentramp.config.paths import nearest, spell_key
from agentramp.config.scalars import read_number
from agentramp.config.show import may_be_secret, show, show_value
from agentramp.config.tree import Mapping, Node, Scalar, Sequence, Step, Value


@dataclass(frozen=True)
class Fault:
    """``keyword`` of the schema was broken at ``path``; ``limit`` is what it demands there."""

    path: tuple[Step, ...]
    keyword: str
    limit: Any
    schema: dict[str, Any]
    node: Node | None

    @property
    def shown(self) -> str:
        return show(self.node, self.path)

    @property
    def value(self) -> Value:
        return self.node.value if isinstance(self.node, Scalar) else None


@dataclass(frozen=True)
class Sentence:
    path: tuple[Step, ...]
    message: str
    rule: str


_FEW: Final = 12
_PERCENT: Final = 100
_MOST_HINTS: Final = 50
_PREFIXES: Final = ("x-", ".")  # the schema's patternProperties
_KINDS: Final = {
    "string": "text",
    "number": "a number",
    "integer": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_SCALAR_KINDS: Final = {
    type(None): "an empty item",
    bool: "a boolean",
    str: "text",
    int: "a number",
    float: "a number",
}
_RULES: Final = {
    "type": "type",
    "minimum": "range",
    "maximum": "range",
    "exclusiveMinimum": "range",
    "exclusiveMaximum": "range",
    "enum": "enum",
    "pattern": "pattern",
}
_SPOKEN_BOOLEANS: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def sentences(fault: Fault) -> Iterator[Sentence]:
    match fault.keyword:
        case "required":
            yield from _missing(fault)
        case "additionalProperties":
            yield from _unknown(fault)
        case _:
            message, rule = _one(fault)
            yield Sentence(fault.path, message, rule)


def _one(fault: Fault) -> tuple[str, str]:
    rule = _RULES.get(fault.keyword, "length")
    match fault.keyword:
        case "type":
            message = _type(fault)
        case "minimum":
            message = f"{fault.shown} is below {fault.limit}"
        case "maximum":
            message = f"{fault.shown} is above {fault.limit}{_as_share(fault)}"
        case "exclusiveMinimum" | "exclusiveMaximum":
            message = _between(fault)
        case "enum":
            message = _choice(fault)
        case "pattern":
            message = f"{fault.shown} {fault.schema['x-says']}"
            rule = fault.schema.get("x-rule", rule)
        case "maxLength":
            message = f"{len(str(fault.value))} characters are more than {fault.limit}"
        case _:  # minLength, minItems, minProperties: all of them 1
            message = "is empty; give it a value or remove it"
    return message, rule


def _missing(fault: Fault) -> Iterator[Sentence]:
    if not isinstance(fault.node, Mapping):
        return
    present = {entry.key for entry in fault.node.present()}
    for key in fault.limit:
        if key not in present:
            example = fault.schema["properties"].get(key, {}).get("examples", [""])[0]
            hint = f"; write, for example, {key}: {example}" if example else ""
            yield Sentence((*fault.path, key), f"is required{hint}", "required")


def _unknown(fault: Fault) -> Iterator[Sentence]:
    known = list(fault.schema["properties"])
    if not isinstance(fault.node, Mapping):
        return
    allowed = tuple(_PREFIXES if "patternProperties" in fault.schema else ())
    keys = (entry.key for entry in fault.node.present())
    unknown = [key for key in keys if key not in known and not key.startswith(allowed)]
    for count, key in enumerate(unknown):
        is_worth_a_search = count < _MOST_HINTS
        elsewhere = fault.schema.get("x-elsewhere", {})
        hint = _hint_for(key, known, elsewhere) if is_worth_a_search else ""
        message = f"{spell_key(key)} is not a field here{hint}"
        yield Sentence((*fault.path, key), message, "unknown-key")


def _hint_for(key: str, known: list[str], elsewhere: dict[str, str]) -> str:
    if key in elsewhere:
        return f"; {elsewhere[key]}"
    if looks_like_secret(key):
        return ""
    folded = {name.lower(): name for name in known}
    near = nearest(key.lower(), folded)
    if near:
        return f"; did you mean {folded[near]}?"
    return f"; fields here are {', '.join(known)}" if len(known) <= _FEW else ""


def _type(fault: Fault) -> str:
    wanted = [fault.limit] if isinstance(fault.limit, str) else list(fault.limit)
    said = " or ".join(_KINDS[kind] for kind in wanted)
    if isinstance(fault.node, Scalar) and fault.node.origin.from_env and wanted != ["string"]:
        return (
            "this value is text, as every environment variable is; "
            f"write {said} here, or under vars and use ${{vars.name}}"
        )
    if isinstance(fault.value, float) and wanted == ["integer"]:
        return f"{fault.shown} is a number with a fraction; write a whole number"
    hint = fault.schema.get("x-hint") or f"write {said}{_better(fault, wanted)}"
    has_value = isinstance(fault.node, Scalar) and fault.value is not None
    return f"{fault.shown if has_value else 'this'} is {_kind(fault)}; {hint}"


def _kind(fault: Fault) -> str:
    if isinstance(fault.node, Mapping):
        return "a mapping"
    if isinstance(fault.node, Sequence):
        return "a list"
    return _SCALAR_KINDS[type(fault.value)]


def _better(fault: Fault, wanted: list[str]) -> str:
    """Write the value as it should stand, where that is plain and no secret is shown."""
    value = fault.value
    if not isinstance(fault.node, Scalar) or value is None:
        return ""
    is_shown = not may_be_secret(fault.node, fault.path)
    if wanted == ["string"]:
        return f", in quotes: {show_value(str(show_value(value)))}" if is_shown else ", in quotes"
    if not is_shown or not isinstance(value, str):
        return ""
    if wanted == ["boolean"]:
        meant = _SPOKEN_BOOLEANS.get(value.lower(), value.lower())
        return f": {meant}" if meant in {"true", "false"} else ""
    number = read_number(value) if wanted in (["number"], ["integer"]) else None
    return "" if number is None else f": {show_value(number)}"


def _between(fault: Fault) -> str:
    """Speak of a range with open ends."""
    low, high = fault.schema["exclusiveMinimum"], fault.schema.get("exclusiveMaximum")
    message = f"{fault.shown} is not above {low}"
    if high is not None:
        message = f"{fault.shown} is not between {low} and {high}"
    hint = fault.schema.get("x-ends")
    otherwise = f"; {hint}" if hint else ""
    return f"{message}{_as_share(fault) or otherwise}"


def _as_share(fault: Fault) -> str:
    """Write a share of one as it should be, where it was written in percent by mistake."""
    value = fault.value
    if fault.limit > 1 or not isinstance(value, int | float):
        return ""
    is_shown = isinstance(fault.node, Scalar) and not may_be_secret(fault.node, fault.path)
    if not is_shown or not 1 < value < _PERCENT:
        return ""
    return f"; {show_value(value)} percent is {show_value(value / _PERCENT)}"


def _choice(fault: Fault) -> str:
    choices = [str(choice) for choice in fault.limit]
    listed = " or ".join(choices) if len(choices) <= 2 else f"one of {', '.join(choices)}"  # noqa: PLR2004 - a pair
    message = f"{fault.shown} is not {listed}"
    near = nearest(str(fault.value), choices) if isinstance(fault.value, str) else ""
    if near and len(choices) > 1:
        message += f"; did you mean {near}?"
    hint = fault.schema.get("x-hint")
    return f"{message}; {hint}" if hint else message
