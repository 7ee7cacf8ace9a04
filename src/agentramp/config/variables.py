"""Located tree → the same tree with every ``${...}`` resolved, and what could not be."""

import re
from collections.abc import Mapping as Environ
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from typing_extensions import assert_never

from agentramp.config.cleartext import is_secret_name, looks_like_secret
from agentramp.config.expressions import FORMS, Broken, Env, Part, Reference, parse
from agentramp.config.paths import nearest, spell, spell_key
from agentramp.config.resources import is_foreign
from agentramp.config.tree import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    Entry,
    Mapping,
    Node,
    Origin,
    Scalar,
    Sequence,
    Step,
    Value,
)
from agentramp.diagnostics import ConfigError, Diagnostic, Position

_MOST_HINTS: Final = 50
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
# Parts that agentramp does not carry out: their variables need no value.
_NOT_OURS: Final = frozenset({"actions", "env", "extend", "flow", "template"})


@dataclass(frozen=True)
class Resolved:
    """``faults`` name what could not be resolved; such values have ``resolved`` False."""

    tree: Mapping
    faults: tuple[Diagnostic, ...]


def resolve(tree: Mapping, environ: Environ[str, str]) -> Resolved:
    """Resolve every value of the file. Text from the environment is never resolved again.

    Raises ConfigError where the file as a whole grows past its bounds.
    """
    resolver = _Resolver(tree, environ, _foreign(tree))
    entries = tuple(
        replace(entry, value=resolver.node(entry.value, (entry.key,))) for entry in tree.entries
    )
    whole = replace(tree, entries=entries)
    excess = whole.weight.excess()
    if excess:
        message = f"the file {excess}; usual cause: variables that multiply each other"
        raise ConfigError([Diagnostic(tree.position, "", message, "size")])
    return Resolved(whole, tuple(resolver.faults))


class _Unresolvable(Exception):  # noqa: N818 - a way out, caught in this module
    """``message`` is empty where the fault was told elsewhere."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class _Place:
    path: tuple[Step, ...]
    position: Position

    @property
    def resource(self) -> str | None:
        return str(self.path[1]) if len(self.path) > 1 and self.path[0] == "resources" else None

    @property
    def is_secret(self) -> bool:
        return any(isinstance(step, str) and is_secret_name(step) for step in self.path)


@dataclass
class _Resolver:
    """Resolves each place of the file once; ``_open`` are the places now being resolved."""

    tree: Mapping
    environ: Environ[str, str]
    foreign: frozenset[tuple[Step, ...]]
    faults: list[Diagnostic] = field(default_factory=list)
    _open: list[tuple[Step, ...]] = field(default_factory=list)
    _done: dict[tuple[Step, ...], Node] = field(default_factory=dict)

    def node(self, node: Node, path: tuple[Step, ...]) -> Node:
        if path in self._done or self._is_passed_over(path):
            return self._done.get(path, node)
        if len(self._open) > MAX_DEPTH:
            message = f"variables refer to each other through more than {MAX_DEPTH} steps"
            return self.refuse(_Place(path, node.position), message)
        self._open.append(path)
        result = self._resolved(node, path)
        self._open.pop()
        excess = result.weight.excess()
        if excess:
            message = f"this {excess}; usual cause: variables that multiply each other"
            result = self.refuse(_Place(path, node.position), message, "size")
        self._done[path] = result
        return result

    def refuse(self, place: _Place, message: str, rule: str = "variable") -> Scalar:
        if message:
            self.faults.append(Diagnostic(place.position, spell(place.path), message, rule))
        return Scalar(place.position, None, resolved=False)

    def _is_passed_over(self, path: tuple[Step, ...]) -> bool:
        """Tell parts nobody will carry out: other components are refused whole."""
        return (
            path[0] in _NOT_OURS
            or path[:2] in self.foreign
            or (path[0] == "resources" and len(path) > 2 and path[2] in _NOT_OURS)  # noqa: PLR2004 - resources, id, part
        )

    def _resolved(self, node: Node, path: tuple[Step, ...]) -> Node:
        if isinstance(node, Mapping):
            entries = (
                Entry(entry.key, entry.position, self.node(entry.value, (*path, entry.key)))
                for entry in node.entries
            )
            return replace(node, entries=tuple(entries))
        if isinstance(node, Sequence):
            items = (self.node(item, (*path, index)) for index, item in enumerate(node.items))
            return replace(node, items=tuple(items))
        if isinstance(node.value, str) and "${" in node.value:
            return self._text(node.value, _Place(path, node.position))
        return node

    def _text(self, text: str, place: _Place) -> Node:
        is_secret = place.is_secret or looks_like_secret(text)
        found = [self._part(part, place, is_secret=is_secret) for part in parse(text)]
        if any(isinstance(part, Scalar) and not part.resolved for part in found):
            return Scalar(place.position, None, resolved=False)
        if len(found) == 1:  # one expression and nothing else keeps its type
            return replace(found[0], position=place.position)
        return self._joined(found, place)

    def _joined(self, found: list[Node], place: _Place) -> Scalar:
        parts = [part for part in found if isinstance(part, Scalar)]
        if len(parts) != len(found):
            return self.refuse(place, "a list or mapping cannot stand inside a text; use it alone")
        if sum(part.weight.characters for part in parts) > MAX_CHARACTERS:
            message = "this grows past every bound; usual cause: variables that multiply each other"
            return self.refuse(place, message, "size")
        origin = Origin(
            hidden=any(part.origin.hidden for part in parts),
            from_env=any(part.origin.from_env for part in parts),
            defaults=tuple(text for part in parts for text in part.origin.defaults),
        )
        return Scalar(place.position, "".join(_as_text(part.value) for part in parts), origin)

    def _part(self, part: Part, place: _Place, *, is_secret: bool) -> Node:
        try:
            match part:
                case str():
                    return Scalar(place.position, part)
                case Env():
                    return self._env(part, place)
                case Reference():
                    return self._reference(part, place)
                case Broken():
                    hides = part.quotes and is_secret
                    message = f"this is no expression; {FORMS}" if hides else part.message
                    return self.refuse(place, message)
                case _:
                    assert_never(part)
        except _Unresolvable as stop:
            return self.refuse(place, stop.message)

    def _env(self, env: Env, place: _Place) -> Scalar:
        name = spell_key(env.name)
        value = self.environ.get(env.name, "") or env.default
        if value is None:
            state = "is not set"
            if env.name in self.environ:
                state = "is empty (on GitHub, a secret that does not exist reads as empty)"
            raise _Unresolvable(
                f"environment variable {name} {state}; set it in .env or in the step's env, "
                f"or give a default: ${{env('{name}','...')}}"
            )
        if _NO_TEXT.search(value):
            raise _Unresolvable(f"environment variable {name} holds bytes that are no text")
        defaults = () if env.default is None else (env.default,)
        return Scalar(place.position, value, Origin(hidden=True, from_env=True, defaults=defaults))

    def _reference(self, reference: Reference, place: _Place) -> Node:
        steps = reference.steps
        if steps[0] == "this":
            if place.resource is None:
                raise _Unresolvable("'this' means the resource around it, and there is none here")
            if steps == ("this", "name"):
                return Scalar(place.position, place.resource)
            steps = ("resources", place.resource, *steps[1:])
        self._refuse_circle(steps)
        found = self.node(self._lookup(reference, steps), steps)
        if not isinstance(found, Scalar):
            return found
        if not found.resolved:
            raise _Unresolvable
        hidden = found.origin.hidden or is_secret_name(str(steps[-1]))
        return replace(found, origin=replace(found.origin, hidden=hidden))

    def _lookup(self, reference: Reference, steps: tuple[Step, ...]) -> Node:
        node: Node = self.tree
        for step in steps:
            below = _below(node, step)
            if below is None:
                is_empty = isinstance(node, Mapping) and node.entry(str(step)) is not None
                if is_empty:
                    raise _Unresolvable(f"{reference} has no value")
                near = _near(node, step) if len(self.faults) < _MOST_HINTS else ""
                raise _Unresolvable(f"{reference} is not in this file{near}")
            node = below
        return node

    def _refuse_circle(self, steps: tuple[Step, ...]) -> None:
        if steps not in self._open:
            return
        chain = [*self._open[self._open.index(steps) :], steps]
        # A mapping is open while its values are: only the innermost of those names a step.
        told = [spell(outer) for outer, inner in pairwise(chain) if inner[: len(outer)] != outer]
        circle = " → ".join([*told, spell(steps)])
        raise _Unresolvable(f"this refers to itself and has no end: {circle}")


def _foreign(tree: Mapping) -> frozenset[tuple[Step, ...]]:
    resources = tree.mapping("resources")
    return frozenset(
        ("resources", entry.key)
        for entry in (resources.entries if resources else ())
        if isinstance(entry.value, Mapping) and is_foreign(entry.value)
    )


def _below(node: Node, step: Step) -> Node | None:
    if isinstance(node, Mapping):
        return node.get(str(step))
    if isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def _near(node: Node, step: Step) -> str:
    keys = [entry.key for entry in node.entries] if isinstance(node, Mapping) else []
    near = nearest(str(step), keys[:200])
    return f"; did you mean {spell_key(near)}?" if near else ""


def _as_text(value: Value) -> str:
    """Write a value as JavaScript does, since Serverless Devs joins texts with it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
