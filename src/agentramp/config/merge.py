"""One located tree laid over another, as Serverless Devs does it."""

from dataclasses import replace

from agentramp.config.tree import Entry, Mapping, Node, Sequence


def laid_over(under: Mapping, over: Mapping) -> Mapping:
    """Give both as one: mappings are merged, and of everything else ``over`` has the say.

    A list is replaced whole; a null takes the key away. Every part keeps the place where it was
    written.
    """
    entries = {entry.key: entry for entry in under.entries}
    for entry in over.entries:
        below = entries.get(entry.key)
        entries[entry.key] = entry if below is None else _joined(below, entry)
    return Mapping(over.position, tuple(entries.values()), over.repeated)


def _joined(under: Entry, over: Entry) -> Entry:
    if isinstance(under.value, Mapping) and isinstance(over.value, Mapping):
        return replace(over, value=laid_over(under.value, over.value))
    return over


def changed(tree: Mapping, path: tuple[str, ...], value: Node) -> Mapping:
    """Give the tree with another value at a path that is there."""
    key, *below = path
    entries = tuple(
        replace(
            entry,
            value=changed(entry.value, tuple(below), value)
            if below and isinstance(entry.value, Mapping)
            else value,
        )
        if entry.key == key
        else entry
        for entry in tree.entries
    )
    return replace(tree, entries=entries)


def without(tree: Mapping, path: tuple[str, ...]) -> Mapping:
    """Leave out what stands at a path, if anything does."""
    key, *below = path
    entries = []
    for entry in tree.entries:
        if entry.key != key:
            entries.append(entry)
        elif below:
            is_deeper = isinstance(entry.value, Mapping)
            kept = without(entry.value, tuple(below)) if is_deeper else entry.value  # type: ignore[arg-type]  # as just asked
            entries.append(replace(entry, value=kept))
    return replace(tree, entries=tuple(entries))


def without_repeats(node: Node) -> Node:
    """Forget repeated keys, whose faults were told where they stand."""
    if isinstance(node, Mapping):
        entries = (replace(entry, value=without_repeats(entry.value)) for entry in node.entries)
        return Mapping(node.position, tuple(entries))
    if isinstance(node, Sequence):
        return Sequence(node.position, tuple(without_repeats(item) for item in node.items))
    return node
