"""One entry of an archive, as its bytes say and as it was found to be harmless."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from agentramp.archives.errors import beyond, quoted, refused
from agentramp.archives.limits import Limits, size

_HARMLESS: Final = re.compile(r"[ -.0-\[\]-~][ -\[\]-~]*")
"""What nearly all names are: ASCII without control characters and backslashes, and not absolute."""
_DRIVE: Final = re.compile(r"[A-Za-z]:")


class Kind(Enum):
    FILE = "a file"
    FOLDER = "a folder"
    LINK = "a link"
    TWIN = "a hard link"


@dataclass(frozen=True)
class Entry:
    """``target`` is where a link leads, as the archive writes it."""

    name: str
    kind: Kind
    size: int = 0
    executable: bool = False
    target: str = ""


Take = Callable[[Entry, Iterator[bytes]], None]
"""Who is given each entry, and its content to read if it wants to."""


@dataclass
class Node:
    """A place in the tree that an archive makes. ``entry`` is None for a folder nobody named."""

    spelled: str
    kind: Kind
    entry: Entry | None = None
    children: dict[str, "Node"] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        return self.kind is Kind.FOLDER


def parts_of(name: str, limits: Limits) -> tuple[str, ...]:
    """The folders and the file that ``name`` is made of; raises ArchiveError if it leads away."""
    _check_text(name)
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if ".." in parts:
        raise refused(name, "it leads upwards with '..'")
    if parts and _DRIVE.match(parts[0]):
        raise refused(name, "it begins with a drive")
    if any(len(part.encode()) > limits.part for part in parts):
        raise refused(name, f"a part of its name is longer than {limits.part} bytes")
    if len(name.encode()) > limits.path:
        raise refused(name, f"its name is longer than {limits.path} bytes")
    if len(parts) > limits.depth:
        raise refused(name, f"it is more than {limits.depth} folders deep")
    return parts


def _check_text(name: str) -> None:
    if _HARMLESS.fullmatch(name):
        return
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise refused(name, "its name is not UTF-8")
    if "\0" in name:
        raise refused(name, "a NUL stands in its name")
    if not name:
        raise refused(name, "it has no name")
    if "\\" in name:
        raise refused(name, "a backslash stands in its name, which is a folder on some machines")
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        raise refused(name, "a control character stands in its name")
    if name.startswith("/"):
        raise refused(name, "its path is absolute")


def folded(part: str) -> str:
    """The same for two names that some file systems take for one."""
    if part.isascii():
        return part.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", part).casefold())


class Tree:
    """All that an archive would make, held against the limits while it grows."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._count = self._names = self._content = 0
        self.root = Node("", Kind.FOLDER)

    def add(self, entry: Entry) -> None:
        """Raises ArchiveError where it can do harm, or is there already."""
        self._counted(entry.name)
        parts = parts_of(entry.name, self._limits)
        if not parts:
            if entry.kind is not Kind.FOLDER:
                raise refused(entry.name, "it names the folder that everything goes to")
            return
        node = self.root
        for part in parts[:-1]:
            node = self._child(node, part, Node(part, Kind.FOLDER), entry)
        made = Node(parts[-1], entry.kind, entry)
        found = self._child(node, parts[-1], made, entry)
        if found is not made:
            if not entry.kind is found.kind is Kind.FOLDER:
                raise refused(entry.name, "it is there twice")
            found.entry = entry
        self.grow(entry.size, entry.name)

    def grow(self, by: int, name: str) -> None:
        if by < 0:
            raise refused(name, "its size is less than nothing")
        self._content += by
        if self._content > self._limits.unpacked:
            raise beyond(
                f"unpacked it is more than {size(self._limits.unpacked)} (at {quoted(name)})"
            )

    def _child(self, node: Node, part: str, made: Node, entry: Entry) -> Node:
        key = folded(part)
        found = node.children.get(key)
        if found is None:
            if made.entry is not entry:
                self._counted(part)
            node.children[key] = made
            return made
        if found.spelled != part:
            raise refused(
                entry.name, f"where case does not count it is the same as {quoted(found.spelled)}"
            )
        if made.is_folder and not found.is_folder:
            raise refused(
                entry.name, f"it goes through {quoted(part)}, which is {found.kind.value}"
            )
        return found

    def _counted(self, name: str) -> None:
        self._count += 1
        if self._count > self._limits.entries:
            raise beyond(f"it has more than {self._limits.entries} entries")
        self._names += len(name)
        if self._names > self._limits.names:
            raise beyond(f"the names in it are more than {size(self._limits.names)}")


def walked(node: Node, under: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Everything below ``node``, a folder before what is in it."""
    for child in node.children.values():
        path = (*under, child.spelled)
        yield path, child
        yield from walked(child, path)
