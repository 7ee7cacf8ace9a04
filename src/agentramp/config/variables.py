"""Located tree → the same tree with every ``${...}`` resolved, and what could not be."""

import re
from collections.abc import Mapping as Environ
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from typing_extensions import assert_never

from agentramp.config.calls import as_text, called
from agentramp.config.cleartext import is_secret_name, looks_like_secret
from agentramp.config.expressions import FORMS, Broken, Call, Env, Function, Part, Reference, parse
from agentramp.config.outputs import is_output, output
from agentramp.config.outside import Outside, Unresolvable
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
)
from agentramp.diagnostics import ConfigError, Diagnostic, Position

_MOST_HINTS: Final = 50
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
_MOST_READ: Final = 32 * 1024 * 1024
_NOTHING_OUTSIDE: Final = Outside()
# Parts that agentramp does not carry out: their variables need no value.
_NOT_OURS: Final = frozenset({"actions", "env", "extend", "flow", "template"})


@dataclass(frozen=True)
class Resolved:
    """``faults`` name what could not be resolved; such values have ``resolved`` False."""

    tree: Mapping
    faults: tuple[Diagnostic, ...]


def resolve(
    tree: Mapping, environ: Environ[str, str], outside: Outside = _NOTHING_OUTSIDE
) -> Resolved:
    """Resolve every value of the file. Text from outside of it is never resolved again.

    Raises ConfigError where the file as a whole grows past its bounds.
    """
    resolver = _Resolver(tree, environ, outside, _foreign(tree))
    entries = tuple(
        replace(entry, value=resolver.node(entry.value, (entry.key,))) for entry in tree.entries
    )
    whole = replace(tree, entries=entries)
    excess = whole.weight.excess()
    if excess:
        message = f"the file {excess}; usual cause: variables that multiply each other"
        raise ConfigError([Diagnostic(tree.position, "", message, "size")])
    return Resolved(whole, tuple(resolver.faults))


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
    outside: Outside
    foreign: frozenset[tuple[Step, ...]]
    faults: list[Diagnostic] = field(default_factory=list)
    _open: list[tuple[Step, ...]] = field(default_factory=list)
    _done: dict[tuple[Step, ...], Node] = field(default_factory=dict)
    _read: int = 0

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
        unresolved = [part for part in found if isinstance(part, Scalar) and not part.resolved]
        if unresolved:
            return _unresolved(unresolved, place)
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
            needs=_needs(parts),
        )
        return Scalar(place.position, "".join(as_text(part.value) for part in parts), origin)

    def _part(self, part: Part, place: _Place, *, is_secret: bool) -> Node:
        try:
            match part:
                case str():
                    return Scalar(place.position, part)
                case Env():
                    return self._env(part, place)
                case Reference():
                    return self._reference(part, place)
                case Call():
                    return self._call(part, place)
                case Broken():
                    hides = part.quotes and is_secret
                    message = f"this is no expression; {FORMS}" if hides else part.message
                    return self.refuse(place, message)
                case _:
                    assert_never(part)
        except Unresolvable as stop:
            self.faults += stop.diagnostics
            return self.refuse(place, stop.message)

    def _env(self, env: Env, place: _Place) -> Scalar:
        name = spell_key(env.name)
        value = self.environ.get(env.name, "") or env.default
        if value is None:
            state = "is not set"
            if env.name in self.environ:
                state = "is empty (on GitHub, a secret that does not exist reads as empty)"
            raise Unresolvable(
                f"environment variable {name} {state}; set it in .env or in the step's env, "
                f"or give a default: ${{env('{name}','...')}}"
            )
        if _NO_TEXT.search(value):
            raise Unresolvable(f"environment variable {name} holds bytes that are no text")
        defaults = () if env.default is None else (env.default,)
        return Scalar(place.position, value, Origin(hidden=True, from_env=True, defaults=defaults))

    def _reference(self, reference: Reference, place: _Place) -> Node:
        steps = reference.steps
        if steps[0] == "this":
            if place.resource is None:
                raise Unresolvable("'this' means the resource around it, and there is none here")
            if steps == ("this", "name"):
                return Scalar(place.position, place.resource)
            steps = ("resources", place.resource, *steps[1:])
        if is_output(steps):
            return self._output(steps, place)
        found = self._found(reference, steps)
        if not isinstance(found, Scalar):
            return found
        if not found.resolved and not found.pending:
            raise Unresolvable
        hidden = found.origin.hidden or is_secret_name(str(steps[-1]))
        return replace(found, origin=replace(found.origin, hidden=hidden))

    def _output(self, steps: tuple[Step, ...], place: _Place) -> Node:
        resources = self.tree.mapping("resources") or Mapping(place.position)
        if resources.mapping(str(steps[1])) is None:
            near = _near(resources, steps[1]) if len(self.faults) < _MOST_HINTS else ""
            raise Unresolvable(f"there is no resource {spell_key(str(steps[1]))}{near}")
        return output(self.outside.outputs, steps, place.position)

    def _call(self, call: Call, place: _Place) -> Node:
        """Any expression can be the argument of a function; one that has no value has none here."""
        argument = (
            Scalar(place.position, call.argument)
            if isinstance(call.argument, str)
            else self._part(call.argument, place, is_secret=place.is_secret)
        )
        if not isinstance(argument, Scalar):
            raise Unresolvable(f"{call.function.value}() takes a text, and this is more than one")
        if not argument.resolved:
            return argument
        # A name of a file is shown in messages, but where a secret belongs nothing is.
        hides = place.is_secret and call.function in {Function.FILE, Function.PATH}
        hidden = argument.origin.hidden or hides
        origin = replace(argument.origin, hidden=hidden)
        argument = replace(argument, position=place.position, origin=origin)
        if self._read > _MOST_READ:
            limit = f"{_MOST_READ // 1024**2} MiB"
            raise Unresolvable(f"the texts that are read above come to more than {limit}")
        result = called(call, argument, self.outside, self._folder(place))
        self._read += argument.weight.characters + result.weight.characters
        return result

    def _folder(self, place: _Place) -> Path | None:
        """Where a path starts that is written there: a file's own folder, for each file."""
        if self.outside.root is None or place.position.file == self.tree.position.file:
            return self.outside.root
        return Path(place.position.file).parent

    def _found(self, reference: Reference, steps: tuple[Step, ...]) -> Node:
        """Look in the file as written; past a value that is a variable itself, in what it gives."""
        node: Node = self.tree
        for done, step in enumerate(steps):
            if isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.value:
                return self._beyond(reference, node, steps, done)
            node = self._below(reference, node, step)
        self._refuse_circle(steps)
        return self.node(node, steps)

    def _beyond(
        self, reference: Reference, node: Scalar, steps: tuple[Step, ...], done: int
    ) -> Node:
        self._refuse_circle(steps[:done])
        found = self.node(node, steps[:done])
        for step in steps[done:]:
            if isinstance(found, Scalar) and not found.resolved:
                return found
            found = self._below(reference, found, step)
        return found

    def _below(self, reference: Reference, node: Node, step: Step) -> Node:
        below = _below(node, step)
        if below is not None:
            return below
        if isinstance(node, Mapping) and node.entry(str(step)) is not None:
            raise Unresolvable(f"{reference} has no value")
        near = _near(node, step) if len(self.faults) < _MOST_HINTS else ""
        raise Unresolvable(f"{reference} is not in this file{near}")

    def _refuse_circle(self, steps: tuple[Step, ...]) -> None:
        if steps not in self._open:
            return
        chain = [*self._open[self._open.index(steps) :], steps]
        # A mapping is open while its values are: only the innermost of those names a step.
        told = [spell(outer) for outer, inner in pairwise(chain) if inner[: len(outer)] != outer]
        circle = " → ".join([*told, spell(steps)])
        raise Unresolvable(f"this refers to itself and has no end: {circle}")


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


def _needs(parts: list[Scalar]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.origin.needs))


def _unresolved(parts: list[Scalar], place: _Place) -> Scalar:
    """Stay pending where all that has no value is."""
    is_pending = all(part.pending for part in parts)
    origin = Origin(needs=_needs(parts))
    return Scalar(place.position, None, origin, resolved=False, pending=is_pending)
