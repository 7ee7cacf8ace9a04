"""``${resources.id.output...}``: what a deployed resource puts out, or that it is not known yet."""

from collections.abc import Mapping as Outs
from dataclasses import fields
from typing import Final

from agentramp.config.outside import Unresolvable
from agentramp.config.paths import nearest, spell_key
from agentramp.config.settings import EndpointOutputs, Outputs
from agentramp.config.tree import Entry, Mapping, Node, Origin, Scalar, Sequence, Step
from agentramp.diagnostics import Position

OUTPUT: Final = "output"
_SHAPE: Final = Outputs("", "", "", "", "", "", (EndpointOutputs("", "", "", "", "", ""),))


def is_output(steps: tuple[Step, ...]) -> bool:
    return steps[0] == "resources" and steps[2:3] == (OUTPUT,)


def output(known: Outs[str, Outputs], steps: tuple[Step, ...], position: Position) -> Node:
    """Give the value, pending where the resource is not deployed yet.

    Raises Unresolvable where no resource puts such a thing out.
    """
    resource, path = str(steps[1]), steps[3:]
    found = known.get(resource)
    if found is None:
        shape = tuple(0 if isinstance(step, int) else step for step in path)
        if isinstance(_at(_tree(_SHAPE, position, ()), shape, path), Scalar):
            return Scalar(position, None, Origin(needs=(resource,)), resolved=False, pending=True)
    else:
        value = _at(_tree(found, position, (resource,)), path, path)
        if isinstance(value, Scalar):
            return value
    raise Unresolvable(f"{_told(path)} is no single value; {_names(path)}")


def _at(node: Node, steps: tuple[Step, ...], told: tuple[Step, ...]) -> Node:
    for done, step in enumerate(steps):
        below: Node | None = None
        if isinstance(node, Mapping):
            below = node.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            below = node.items[step]
        if below is None:
            raise Unresolvable(f"{_told(told[: done + 1])} is not put out{_hint(node, step)}")
        node = below
    return node


def _hint(node: Node, step: Step) -> str:
    if isinstance(node, Sequence) and not isinstance(step, int):
        return "; it is a list: [0] is the first"
    if isinstance(node, Sequence):
        count = len(node.items)
        return f": there {'is' if count == 1 else 'are'} {count}, counted from 0"
    keys = [entry.key for entry in node.entries] if isinstance(node, Mapping) else []
    near = nearest(str(step), keys)
    if near:
        return f"; did you mean {near}?"
    return f"; there is {', '.join(keys)}" if keys else ""


def _names(path: tuple[Step, ...]) -> str:
    return "name one of it: output.agent.id" if len(path) < 2 else "name one, such as url"  # noqa: PLR2004 - agent and a name


def _told(path: tuple[Step, ...]) -> str:
    return OUTPUT + "".join(
        f"[{step}]" if isinstance(step, int) else f".{spell_key(step)}" for step in path
    )


def _tree(outputs: Outputs, position: Position, needs: tuple[str, ...]) -> Mapping:
    origin = Origin(needs=needs)

    def entry(key: str, value: Node) -> Entry:
        return Entry(key, position, value)

    def texts(holder: Outputs | EndpointOutputs) -> tuple[Entry, ...]:
        named = ((spec.name, getattr(holder, spec.name)) for spec in fields(holder))
        return tuple(
            entry(_spelled(name), Scalar(position, value, origin))
            for name, value in named
            if isinstance(value, str)
        )

    endpoints = tuple(Mapping(position, texts(endpoint)) for endpoint in outputs.endpoints)
    agent = Mapping(position, (*texts(outputs), entry("endpoints", Sequence(position, endpoints))))
    region = entry("region", Scalar(position, outputs.region, origin))
    return Mapping(position, (entry("agent", agent), region))


def _spelled(name: str) -> str:
    return "workspaceId" if name == "workspace" else name
