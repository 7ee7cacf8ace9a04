"""The located tree: what a YAML file says, each part with its place.

Parts may be shared (a YAML alias, a variable used twice), so a small file can stand for a huge
tree. Each part therefore carries the weight of what it expands to, summed up while it is built.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from agentramp.diagnostics import Position

Value: TypeAlias = str | int | float | bool | None

MAX_DEPTH: Final = 64
MAX_NODES: Final = 20_000
MAX_CHARACTERS: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Weight:
    """What a part comes to when every shared piece is counted each time it is used."""

    nodes: int = 1
    characters: int = 0
    depth: int = 1

    def excess(self) -> str:
        """Say which bound is broken, or nothing."""
        if self.depth > MAX_DEPTH:
            return f"is nested more than {MAX_DEPTH} levels deep"
        if self.nodes > MAX_NODES:
            return f"expands to more than {MAX_NODES} values"
        if self.characters > MAX_CHARACTERS:
            return f"expands to more than {MAX_CHARACTERS // 1024**2} MiB of text"
        return ""


@dataclass(frozen=True)
class Origin:
    """How a value came to be. ``hidden``: it may hold a secret, so no message may show it.

    ``from_env``: an environment variable takes part. ``defaults``: what the file offers for one.
    ``needs`` are the resources whose outputs take part.
    """

    hidden: bool = False
    from_env: bool = False
    defaults: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


LITERAL: Final = Origin()


@dataclass(frozen=True)
class Scalar:
    """``resolved`` is False where a variable could not be resolved; that fault is told already.

    ``pending`` is what has no value yet, and is no fault: it is not resolved either.
    """

    position: Position
    value: Value
    origin: Origin = LITERAL
    resolved: bool = True
    pending: bool = False

    @property
    def weight(self) -> Weight:
        return Weight(1, len(self.value) if isinstance(self.value, str) else 0, 1)


@dataclass(frozen=True)
class Entry:
    key: str
    position: Position
    value: "Node"


@dataclass(frozen=True)
class Mapping:
    """``repeated`` holds the entries whose key stood here before; the first one counts."""

    position: Position
    entries: tuple[Entry, ...] = ()
    repeated: tuple[Entry, ...] = ()
    weight: Weight = field(init=False, compare=False, repr=False)
    _by_key: dict[str, Entry] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        total = _sum([entry.value.weight for entry in self.entries])
        keys = sum(len(entry.key) for entry in self.entries)
        whole = Weight(total.nodes, total.characters + keys, total.depth)
        object.__setattr__(self, "weight", whole)
        object.__setattr__(self, "_by_key", {entry.key: entry for entry in self.entries})

    def entry(self, key: str) -> Entry | None:
        """Find an entry; one with a null value counts, as the file has a line for it."""
        return self._by_key.get(key)

    def get(self, key: str) -> "Node | None":
        """Find a value; null is no value, as Serverless Devs drops such keys."""
        found = self.entry(key)
        return None if found is None or is_null(found.value) else found.value

    def present(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if not is_null(entry.value))

    def mapping(self, key: str) -> "Mapping | None":
        value = self.get(key)
        return value if isinstance(value, Mapping) else None

    def items(self, key: str) -> "tuple[Node, ...]":
        value = self.get(key)
        return value.items if isinstance(value, Sequence) else ()

    def text(self, key: str) -> str | None:
        value = scalar(self.get(key))
        return value if isinstance(value, str) else None

    def flag(self, key: str) -> bool | None:
        value = scalar(self.get(key))
        return value if isinstance(value, bool) else None

    def number(self, key: str) -> float | None:
        value = scalar(self.get(key))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    def whole(self, key: str) -> int | None:
        value = self.number(key)
        return int(value) if value is not None and value.is_integer() else None

    def texts(self, key: str) -> tuple[str, ...]:
        values = (scalar(item) for item in self.items(key))
        return tuple(value for value in values if isinstance(value, str))


@dataclass(frozen=True)
class Sequence:
    position: Position
    items: "tuple[Node, ...]" = ()
    weight: Weight = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", _sum([item.weight for item in self.items]))


Node: TypeAlias = Scalar | Mapping | Sequence

Step: TypeAlias = str | int
"""A key of a mapping or an index of a list."""


def _sum(parts: list[Weight]) -> Weight:
    return Weight(
        1 + sum(part.nodes for part in parts),
        sum(part.characters for part in parts),
        1 + max((part.depth for part in parts), default=0),
    )


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.resolved and node.value is None


def scalar(node: Node | None) -> Value:
    return node.value if isinstance(node, Scalar) else None


def plain(node: Node) -> object:
    """Give the tree as the dicts and lists a JSON schema library reads, null keys dropped."""
    if isinstance(node, Mapping):
        return {entry.key: plain(entry.value) for entry in node.present()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value


def at(node: Node, path: tuple[Step, ...]) -> Node | None:
    """Follow keys and indexes downwards; None where the path ends early."""
    for step in path:
        below: Node | None = None
        if isinstance(node, Mapping) and isinstance(step, str):
            below = node.get(step)
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            below = node.items[step]
        if below is None:
            return None
        node = below
    return node


def position_of(root: Mapping, path: tuple[Step, ...]) -> Position:
    """Find where a person looks: a value's key, an item of a list, what holds a missing key."""
    if not path:
        return root.position
    holder = at(root, path[:-1])
    if isinstance(holder, Mapping) and isinstance(path[-1], str):
        entry = holder.entry(path[-1])
        return position_of(root, path[:-1]) if entry is None else entry.position
    found = at(root, path)
    return position_of(root, path[:-1]) if found is None else found.position


def walk(node: Node, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Node]]:
    """Every part with its path, outermost first."""
    yield path, node
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from walk(entry.value, (*path, entry.key))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from walk(item, (*path, index))
