"""The ``${...}`` language of Serverless Devs."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from agentramp.config.tree import Step


@dataclass(frozen=True)
class Env:
    name: str
    default: str | None


@dataclass(frozen=True)
class Reference:
    """``vars.a.b``, ``this.props.x`` or ``resources.r.props.x``, as its steps."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        first, *rest = self.steps
        return str(first) + "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest
        )


class Function(Enum):
    CONFIG = "config"
    PATH = "path"
    FILE = "file"
    JSON = "json"
    YAML = "yaml"
    STR = "str"


@dataclass(frozen=True)
class Call:
    """A function of one argument: a text, or what another expression gives."""

    function: Function
    argument: "str | Env | Reference | Call"


@dataclass(frozen=True)
class Broken:
    """An expression nobody can resolve; ``message`` says why and what to write.

    ``quotes``: the message repeats text of the file that could be part of a secret.
    """

    message: str
    quotes: bool = False


Part: TypeAlias = str | Env | Reference | Call | Broken

_STRING: Final = r"'[^']*'|\"[^\"]*\""
# Each alternative begins with another character, so a match takes linear time.
_EXPRESSION: Final = re.compile(rf"\$\{{((?:{_STRING}|[^'\"}}])*)\}}")
_ENV: Final = re.compile(
    rf"env\s*\(\s*(?P<name>{_STRING}|[^'\",()\s]+)\s*"
    rf"(?:,\s*(?P<default>{_STRING}|[^'\",()\s]*)\s*)?\)"
)
_REFERENCE: Final = re.compile(r"(?:vars|this|resources)(?:\.[\w-]+|\[\d+\])+")
_STEP: Final = re.compile(r"[\w-]+|\[\d+\]")
_CALL: Final = re.compile(r"([A-Za-z_][\w.]{0,30})\s*\(")
_ENV_DOT: Final = re.compile(r"(?:process\.)?env\.([A-Za-z_]\w{0,60})")
_NAME: Final = re.compile(r"[A-Za-z_]\w{0,60}")
_FUNCTION: Final = re.compile(r"(config|path|file|json|yaml|str|env\.init)\s*\(", re.ASCII)
_ALONE: Final = re.compile(_STRING)
_WORD: Final = re.compile(r"\w{1,60}")
_LONGEST: Final = 4000
_DEEPEST: Final = 8
FORMS: Final = (
    "write ${env('NAME')}, ${vars.name}, ${this.props.name} or ${resources.id.props.name}"
)
_EXAMPLES: Final = {
    "config": "${config('AccountID')}",
    "path": "${path('./file')}",
    "file": "${file('./file')}",
    "json": "${json(file('./file.json'))}",
    "yaml": "${yaml(file('./file.yaml'))}",
    "str": "${str(vars.name)}",
    "env.init": "${env.init('vars.name')}",
}


def parse(text: str) -> tuple[Part, ...]:
    """Split a text into what stands as it is and what is to be resolved."""
    parts: list[Part] = []
    start = 0
    while (begin := text.find("${", start)) >= 0:
        if begin > start:
            parts.append(text[start:begin])
        found = _EXPRESSION.match(text, begin)
        if found is None:
            return (*parts, Broken("${ is not closed by }, or a quote inside it is not closed"))
        if begin > 0 and text[begin - 1] == "$":
            parts.append(Broken("$${ is no escape: there is none; for a shell, write $NAME"))
        else:
            parts.append(_expression(found.group(1).strip()))
        start = found.end()
    return (*parts, text[start:]) if start < len(text) else tuple(parts)


def _expression(inner: str, depth: int = 0) -> Part:
    if len(inner) > _LONGEST:
        return Broken(f"this expression is longer than {_LONGEST} characters")
    call = _ENV.fullmatch(inner)
    if call:
        default = call["default"]
        return Env(_unquoted(call["name"]), None if default is None else _unquoted(default))
    if _REFERENCE.fullmatch(inner):
        return _reference(inner)
    named = _FUNCTION.match(inner)
    if named and inner.endswith(")"):
        return _call(named[1], inner[named.end() : -1].strip(), depth)
    return _complaint(inner)


def _reference(inner: str) -> Reference:
    return Reference(
        tuple(int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(inner))
    )


def _call(name: str, inner: str, depth: int) -> Part:
    if depth >= _DEEPEST:
        return Broken(f"more than {_DEEPEST} functions stand inside each other")
    if name == "env.init":
        text = _unquoted(inner) if _ALONE.fullmatch(inner) else ""
        return _reference(text) if _REFERENCE.fullmatch(text) else _misused(name)
    argument = _argument(name, inner, depth)
    if argument is None:
        return _misused(name)
    return argument if isinstance(argument, Broken) else Call(Function(name), argument)


def _argument(name: str, inner: str, depth: int) -> Part | None:
    if _ALONE.fullmatch(inner):
        return _unquoted(inner)
    if name == "config":
        return inner if _WORD.fullmatch(inner) else None
    is_expression = _ENV.fullmatch(inner) or _REFERENCE.fullmatch(inner) or _FUNCTION.match(inner)
    return _expression(inner, depth + 1) if is_expression else None


def _misused(name: str) -> Broken:
    return Broken(f"{name}() takes one argument, a text in quotes: {_EXAMPLES[name]}")


def _complaint(inner: str) -> Broken:
    dotted = _ENV_DOT.fullmatch(inner)
    if dotted:
        return Broken(f"${{env.{dotted[1]}}} is not possible; write ${{env('{dotted[1]}')}}")
    call = _CALL.match(inner)
    if call and call[1] in _EXAMPLES:
        return _misused(call[1])
    if call and call[1] == "env":
        return Broken("env() takes a name and perhaps a default: ${env('NAME')}, ${env('NAME','')}")
    if call:
        return Broken(f"there is no function {call[1]}(); {FORMS}", quotes=True)
    if _NAME.fullmatch(inner):
        hint = f"write ${{env('{inner}')}} or ${{vars.{inner}}}; for a shell, write ${inner}"
        return Broken(f"${{{inner}}} names nothing; {hint}", quotes=True)
    return Broken(f"this is no expression; {FORMS}")


def _unquoted(text: str) -> str:
    return text[1:-1] if text[:1] in {"'", '"'} else text
