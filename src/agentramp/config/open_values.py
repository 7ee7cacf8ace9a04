"""Values that are not known before something is deployed, and where no such value can stand."""

from collections.abc import Iterator
from typing import Final

from agentramp.config.paths import fault, spell
from agentramp.config.resources import agentrun_resources
from agentramp.config.tree import Entry, Mapping, Scalar, Step, at, walk
from agentramp.diagnostics import Diagnostic

_NEEDED: Final = (("component",), ("props", "region"), ("props", "agent", "name"))
_NOT_OURS: Final = frozenset({"actions", "extend"})


def open_values(entry: Entry) -> tuple[str, ...]:
    path: tuple[Step, ...] = ("resources", entry.key)
    return tuple(
        spell((*path, *below))
        for below, node in walk(entry.value)
        if isinstance(node, Scalar)
        and node.pending
        and below[:1] not in {(key,) for key in _NOT_OURS}
    )


def open_faults(tree: Mapping) -> Iterator[Diagnostic]:
    """Refuse an output where a plan needs the value: a plan is made before anything is deployed."""
    resources = tree.mapping("resources")
    for entry in resources.present() if resources else ():
        for below in _NEEDED:
            path = ("resources", entry.key, *below)
            yield from _unknown_to_a_plan(tree, path)
    for entry in agentrun_resources(tree):
        agent = at(tree, ("resources", entry.key, "props", "agent"))
        items = agent.items("endpoints") if isinstance(agent, Mapping) else ()
        for index in range(len(items)):
            path = ("resources", entry.key, "props", "agent", "endpoints", index, "name")
            yield from _unknown_to_a_plan(tree, path)
    for key in ("edition", "name", "access"):
        yield from _unknown_to_a_plan(tree, (key,))


def _unknown_to_a_plan(tree: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    node = at(tree, path)
    if isinstance(node, Scalar) and node.pending:
        message = "must be known before anything is deployed; write the value itself"
        yield fault(tree, path, message, "variable")
