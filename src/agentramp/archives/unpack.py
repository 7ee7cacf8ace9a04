"""A whole archive becomes a tree of files in a folder of its own, or nothing at all.

It is read twice: first every entry is held against the limits and the others, then it is written.
So nothing is on the disk of an archive that is refused for what it lists. Only files, folders and
links that stay inside are made; owners, times and special modes are not taken over.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from agentramp.archives.entry import Entry, Kind, Node, Take, Tree, parts_of, walked
from agentramp.archives.errors import beyond, broken
from agentramp.archives.expanded import Expanded, decompressor
from agentramp.archives.limits import Limits
from agentramp.archives.links import Steps, checked_links
from agentramp.archives.tar import read_tar
from agentramp.archives.zip import read_zip

_ZIP: Final = (b"PK\3\4", b"PK\5\6")
_START: Final = 64
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


@dataclass(frozen=True)
class _Survey:
    """What there will be; ``cut`` is how many first folders of each name are left out."""

    top: Node
    cut: int
    links: dict[Steps, Steps]


def unpack(archive: Path, into: Path, limits: Limits) -> None:
    """Make ``into``, which is not there yet, out of ``archive``; raises ArchiveError.

    One folder around everything, as GitHub makes it, is left out.
    """
    ends = time.monotonic() + limits.unpack_seconds

    def alive() -> None:
        if time.monotonic() > ends:
            raise beyond(f"unpacking it takes more than {limits.unpack_seconds:g} s")

    with archive.open("rb") as file:
        survey = _surveyed(file, limits, alive)
        into.mkdir(mode=0o700)
        writer = _Writer(into, survey, limits, alive)
        _read(file, limits, writer.take, alive)
        writer.link()


def _read(file: BinaryIO, limits: Limits, take: Take, alive: Callable[[], None]) -> None:
    file.seek(0)
    start = file.read(_START)
    file.seek(0)
    if not start:
        raise broken("it is empty")
    if start.startswith(_ZIP):
        read_zip(file, limits, take, alive)
        return
    new = decompressor(start, limits)
    if new is None and start.lstrip().startswith(b"<"):
        raise broken("it is a page for a browser, and no archive")
    read_tar(Expanded(file, new, limits, alive), limits, take)


def _surveyed(file: BinaryIO, limits: Limits, alive: Callable[[], None]) -> _Survey:
    tree = Tree(limits)
    _read(file, limits, lambda entry, _: tree.add(entry), alive)
    top, cut = tree.root, 0
    if len(top.children) == 1:
        (only,) = top.children.values()
        if only.is_folder:
            top, cut = only, 1
    if not any(node.kind is Kind.FILE for _, node in walked(top)):
        raise broken("it is empty")
    return _Survey(top, cut, checked_links(tree, top))


@dataclass(frozen=True)
class _Writer:
    into: Path
    survey: _Survey
    limits: Limits
    alive: Callable[[], None]

    def take(self, entry: Entry, content: Iterator[bytes]) -> None:
        self.alive()
        parts = parts_of(entry.name, self.limits)[self.survey.cut :]
        place = self.into.joinpath(*parts)
        match entry.kind:
            case Kind.FOLDER:
                _folder(place, self.into)
            case Kind.FILE:
                _folder(place.parent, self.into)
                _write(place, content, executable=entry.executable)
            case Kind.LINK | Kind.TWIN:
                _folder(place.parent, self.into)

    def link(self) -> None:
        """All links, now that everything else is there and none of it can be reached by one."""
        for path, node in walked(self.survey.top):
            if path not in self.survey.links:
                continue
            self.alive()
            place, target = self.into.joinpath(*path), self.survey.links[path]
            if node.kind is Kind.TWIN:
                os.link(self.into.joinpath(*target), place)
            else:
                up = [".."] * (len(path) - 1)
                place.symlink_to("/".join((*up, *target)) or ".")


def _folder(place: Path, into: Path) -> None:
    missing = []
    while place != into and not place.is_dir():
        missing.append(place)
        place = place.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700)


def _write(place: Path, content: Iterator[bytes], *, executable: bool) -> None:
    handle = os.open(place, _NEW, 0o700 if executable else 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 - a handle has no path
        file.writelines(content)
