"""In which order the resources of a file can be deployed: each after those it refers to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from agentramp.config.expressions import Call, Part, Reference, parse
from agentramp.config.paths import fault, spell_key
from agentramp.config.resources import agentrun_resources
from agentramp.config.tree import Entry, Mapping, Node, Scalar, walk
from agentramp.diagnostics import Diagnostic

_Needs: TypeAlias = dict[str, tuple[str, ...]]
_PROPS: Final = "props"


@dataclass(frozen=True)
class Order:
    """``ids`` in the order of deployment; ``needs`` of each, by its id, in the file's order."""

    ids: tuple[str, ...]
    needs: _Needs
    faults: tuple[Diagnostic, ...] = ()


def in_order(written: Mapping, resolved: Mapping) -> Order:
    """Order by outputs, which must be there first, and by props as far as that is possible.

    ``written`` still has its expressions; ``resolved`` says whose outputs take part in a value.
    """
    entries = list(agentrun_resources(resolved))
    ids = [entry.key for entry in entries]
    hard = {entry.key: _outputs(entry, ids) for entry in entries}
    soft = {entry.key: _told(written, entry.key, ids, hard[entry.key]) for entry in entries}
    ordered, _ = _sorted(ids, soft)
    if len(ordered) == len(ids):
        return Order(tuple(ordered), soft)
    # Two resources may well read each other's props: those are known before anything is deployed.
    ordered, circle = _sorted(ids, hard)
    faults = (_circular(resolved, circle),) if circle else ()
    return Order((*ordered, *(key for key in ids if key not in ordered)), soft, faults)


def _outputs(entry: Entry, ids: list[str]) -> tuple[str, ...]:
    needed = {
        name
        for _, node in walk(entry.value)
        if isinstance(node, Scalar)
        for name in node.origin.needs
    }
    return tuple(name for name in ids if name in needed)


def _told(written: Mapping, own: str, ids: list[str], hard: tuple[str, ...]) -> tuple[str, ...]:
    resources = written.mapping("resources")
    resource = resources.mapping(own) if resources else None
    props = resource.get(_PROPS) if resource else None
    named = set(_named(props)) if props is not None else set()
    return tuple(name for name in ids if name in hard or (name in named and name != own))


def _named(props: Node) -> Iterator[str]:
    for _, node in walk(props):
        if isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.value:
            for part in parse(node.value):
                yield from _in_part(part)


def _in_part(part: Part) -> Iterator[str]:
    while isinstance(part, Call):
        part = part.argument
    if isinstance(part, Reference) and part.steps[0] == "resources":
        yield str(part.steps[1])


def _sorted(ids: list[str], needs: _Needs) -> tuple[list[str], list[str]]:
    """Give the order, and one circle where there is one."""
    ordered: list[str] = []
    left = list(ids)
    while left:
        free = next((key for key in left if set(needs[key]) <= set(ordered)), None)
        if free is None:
            return ordered, _circle(left, needs)
        left.remove(free)
        ordered.append(free)
    return ordered, []


def _circle(left: list[str], needs: _Needs) -> list[str]:
    """Walk from need to need among those that wait: what comes back to itself is a circle."""
    path = [left[0]]
    while True:
        following = next(name for name in needs[path[-1]] if name in left)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)


def _circular(tree: Mapping, circle: list[str]) -> Diagnostic:
    told = " → ".join(spell_key(name) for name in circle)
    message = f"these need each other's outputs, so none can be deployed first: {told}"
    return fault(tree, ("resources", circle[0]), message, "cycle")
