"""Which links of an archive may be made: those that stay inside and lead to what is no link.

A link is made only after everything else, so nothing is ever written through one. Who follows the
links that are left (a packager, a copy) never goes round in circles and never meets one on the way
to another.
"""

from collections import Counter

from agentramp.archives.entry import Kind, Node, Tree, folded, walked
from agentramp.archives.errors import refused

Steps = tuple[str, ...]
"""The way from the top folder, folder by folder."""
_LONGEST = 4096
_TWINS = 1000
"""Hard links to one file: each file system has a number that is too many, NTFS the smallest."""


def checked_links(tree: Tree, top: Node) -> dict[Steps, Steps]:
    """Where each link leads, both from ``top``; raises ArchiveError where one may not be."""
    found = {path: node for path, node in walked(top) if node.kind in {Kind.LINK, Kind.TWIN}}
    holding: set[int] = set()
    _mark(top, holding)
    targets: dict[Steps, Steps] = {}
    twins = Counter[Steps]()
    for path, node in found.items():
        target = _lexical(path, node, tree, top)
        reached = _reached(node, top, target)
        if reached.is_folder:
            if path[: len(target)] == target:
                raise refused(_name(node), "it is a link to a folder that it is in")
            if id(reached) in holding:
                raise refused(_name(node), "it is a link to a folder with links in it")
        elif reached.entry is not None:
            tree.grow(reached.entry.size, node.spelled)
            twins[target] += node.kind is Kind.TWIN
            if twins[target] > _TWINS:
                raise refused(_name(node), f"its file has more than {_TWINS} hard links")
        targets[path] = target
    return targets


def _lexical(path: Steps, node: Node, tree: Tree, top: Node) -> Steps:
    """A link's target counts from its own folder, a hard link's from where the archive begins."""
    target, name = _text(node), _name(node)
    if target.startswith("/") or "\\" in target or target[1:2] == ":":
        raise refused(name, "it is a link to an absolute path")
    parts = [] if node.kind is Kind.TWIN else list(path[:-1])
    words = [part for part in target.split("/") if part not in {"", "."}]
    if node.kind is Kind.TWIN and top is not tree.root and words[:1] == [top.spelled]:
        del words[0]
    for part in words:
        if part == "..":
            if not parts:
                raise refused(name, "it is a link that leaves the archive")
            parts.pop()
        else:
            parts.append(part)
    return tuple(parts)


def _reached(node: Node, top: Node, target: Steps) -> Node:
    here = top
    for part in target:
        if here.kind in {Kind.LINK, Kind.TWIN}:
            raise refused(_name(node), "it is a link through another link")
        below = here.children.get(folded(part))
        if below is None or below.spelled != part:
            raise refused(_name(node), "it is a link to what is not in the archive")
        here = below
    if here.kind in {Kind.LINK, Kind.TWIN}:
        raise refused(_name(node), "it is a link to another link")
    if node.kind is Kind.TWIN and here.kind is not Kind.FILE:
        raise refused(_name(node), "it is a hard link to what is no file")
    return here


def _mark(node: Node, holding: set[int]) -> bool:
    """Whether there is a link at ``node`` or below it; the folders where there is go to the set."""
    if node.kind is Kind.LINK:
        return True
    if any([_mark(child, holding) for child in node.children.values()]):  # noqa: C419 - all of them
        holding.add(id(node))
        return True
    return False


def _text(node: Node) -> str:
    target = node.entry.target if node.entry else ""
    if not target or len(target) > _LONGEST or not target.isprintable():
        raise refused(_name(node), "it is a link to no path that there can be")
    return target


def _name(node: Node) -> str:
    return node.entry.name if node.entry else node.spelled
