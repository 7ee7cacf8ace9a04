"""The ``${...}`` language of Serverless Devs, as far as a release needs it."""

import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Broken:
    """An expression nobody can resolve; ``message`` says why and what to write.

    ``quotes``: the message repeats text of the file that could be part of a secret.
    """

    message: str
    quotes: bool = False


Part: TypeAlias = str | Env | Reference | Broken

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
_KNOWN_ELSEWHERE: Final = frozenset({"config", "path", "file", "json", "yaml", "str", "env.init"})
_LONGEST: Final = 4000
FORMS: Final = (
    "write ${env('NAME')}, ${vars.name}, ${this.props.name} or ${resources.id.props.name}"
)


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


def _expression(inner: str) -> Part:
    if len(inner) > _LONGEST:
        return Broken(f"this expression is longer than {_LONGEST} characters")
    call = _ENV.fullmatch(inner)
    if call:
        default = call["default"]
        return Env(_unquoted(call["name"]), None if default is None else _unquoted(default))
    if _REFERENCE.fullmatch(inner):
        return _reference(inner)
    return _complaint(inner)


def _reference(inner: str) -> Part:
    steps = tuple(
        int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(inner)
    )
    if steps[0] == "resources" and "output" in steps[2:3]:
        return Broken(
            f"${{{inner[:60]}}} is known only after a deploy of that resource; "
            "agentramp does not support outputs yet: write the value, or pass it as ${env('NAME')}"
        )
    return Reference(steps)


def _complaint(inner: str) -> Broken:
    dotted = _ENV_DOT.fullmatch(inner)
    if dotted:
        return Broken(f"${{env.{dotted[1]}}} is not possible; write ${{env('{dotted[1]}')}}")
    call = _CALL.match(inner)
    if call and call[1] in _KNOWN_ELSEWHERE:
        return Broken(
            f"agentramp does not support ${{{call[1]}(...)}} yet; "
            "write the value, or pass it as ${env('NAME')}"
        )
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
