"""Which endpoint a ``weight`` takes its sessions from, and what makes a split impossible.

A weight stands on an endpoint beside the main one: ``production``, or the only endpoint without a
weight. The main endpoint then sends that share of its sessions to the weighted endpoint's version.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentramp.config.paths import fault, spell_key
from agentramp.config.show import show
from agentramp.config.tree import Mapping, Node, Scalar, Step, at
from agentramp.diagnostics import Diagnostic

PERCENT: Final = 100
MAIN: Final = "production"
_NEAR_ENOUGH: Final = 1e-9
"""0.29 * 100 is 28.999999999999996: what a person wrote is what counts."""


@dataclass(frozen=True)
class _Endpoint:
    node: Mapping
    path: tuple[Step, ...]

    @property
    def name(self) -> str | None:
        return self.node.text("name")

    @property
    def is_weighted(self) -> bool:
        return self.node.get("weight") is not None

    @property
    def version(self) -> str:
        """What a split tells apart; nothing said is the head."""
        return str(_plain(self.node.get("version")) or "LATEST")

    @property
    def is_open(self) -> bool:
        """Tell a version that is a fault already, or not known yet."""
        version = self.node.get("version")
        return version is not None and _plain(version) is None


def _plain(node: Node | None) -> str | int | None:
    is_known = isinstance(node, Scalar) and node.resolved
    value = node.value if is_known else None  # type: ignore[union-attr]  # as just asked
    return value if isinstance(value, str | int) else None


def endpoint_faults(tree: Mapping, agent: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    endpoints = [
        _Endpoint(node, (*path, index))
        for index, node in enumerate(agent.items("endpoints"))
        if isinstance(node, Mapping)
    ]
    yield from _names(tree, endpoints)
    weighted = [endpoint for endpoint in endpoints if endpoint.is_weighted]
    for endpoint in weighted:
        yield from _whole(tree, endpoint)
    if weighted:
        yield from _split(tree, endpoints, weighted)


def _names(tree: Mapping, endpoints: list[_Endpoint]) -> Iterator[Diagnostic]:
    names: dict[str, Step] = {}
    for endpoint in endpoints:
        name, place = endpoint.name, (*endpoint.path, "name")
        if name is not None and name in names:
            message = f"{show(at(tree, place), place)} is the name of endpoints[{names[name]}] too"
            yield fault(tree, place, message, "unique")
        elif name is not None:
            names[name] = endpoint.path[-1]


def _whole(tree: Mapping, endpoint: _Endpoint) -> Iterator[Diagnostic]:
    weight = endpoint.node.number("weight")
    if weight is None or not 0 < weight < 1:
        return
    percent = weight * PERCENT
    if abs(percent - round(percent)) > _NEAR_ENOUGH or not 0 < round(percent) < PERCENT:
        path = (*endpoint.path, "weight")
        shown = show(at(tree, path), path)
        message = f"{shown} is {percent:g} percent; weights are whole percents: 0.01 to 0.99"
        yield fault(tree, path, message, "range")


def _split(
    tree: Mapping, endpoints: list[_Endpoint], weighted: list[_Endpoint]
) -> Iterator[Diagnostic]:
    plain = [endpoint for endpoint in endpoints if not endpoint.is_weighted]
    named = [endpoint for endpoint in plain if endpoint.name == MAIN]
    main = next(iter(named or (plain if len(plain) == 1 else ())), None)
    if main is None:
        yield from _no_main(tree, plain, weighted)
        return
    for endpoint in weighted:
        yield from _version(tree, endpoint, main)
    yield from _sum(tree, weighted, main)


def _no_main(
    tree: Mapping, plain: list[_Endpoint], weighted: list[_Endpoint]
) -> Iterator[Diagnostic]:
    for endpoint in weighted:
        if endpoint.name == MAIN:
            message = (
                "production is the endpoint that gives sessions away; write the weight on the "
                "endpoint beside it that names the other version"
            )
        elif plain:
            names = " and ".join(spell_key(found.name or "") for found in plain[:4])
            message = (
                f"{names} could each give it these sessions; name the one that does production"
            )
        else:
            message = (
                "no endpoint is left to give it these sessions; add one named production, without "
                "a weight"
            )
        yield fault(tree, (*endpoint.path, "weight"), message, "endpoints")


def _version(tree: Mapping, endpoint: _Endpoint, main: _Endpoint) -> Iterator[Diagnostic]:
    if endpoint.node.get("version") is None:
        message = "needs version beside it: which version gets this share of the sessions"
        yield fault(tree, (*endpoint.path, "weight"), message, "requires")
        return
    is_known = not endpoint.is_open and not main.is_open
    if is_known and endpoint.version == main.version:
        name = spell_key(main.name or "")
        message = f"endpoint {name} serves it already, and a version cannot share with itself"
        yield fault(tree, (*endpoint.path, "version"), message, "endpoints")


def _sum(tree: Mapping, weighted: list[_Endpoint], main: _Endpoint) -> Iterator[Diagnostic]:
    weights = [endpoint.node.number("weight") or 0.0 for endpoint in weighted]
    total = sum(round(weight * PERCENT) for weight in weights if 0 < weight < 1)
    if total >= PERCENT and len(weighted) > 1:
        name = spell_key(main.name or "")
        message = f"the weights come to {total} percent, and {name} needs a share of its own"
        yield fault(tree, (*weighted[-1].path, "weight"), message, "range")
