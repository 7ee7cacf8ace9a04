"""What requirement lines name on this machine: wheels, folders of wheels, folders of code."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from agentramp.package.errors import reading

FIND_LINKS = re.compile(r"(?:-f|--find-links)(?:\s+|=|(?=\S))(?P<place>.+)")
EDITABLE = re.compile(r"^(?:-e|--editable)(?:\s+|=)")
NAMED = re.compile(r"[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\])?\s*@\s*")
EXTRAS = re.compile(r"\[[^\]]*\]$")
ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
WHEELS = "*.whl"
WHEEL_NAME = re.compile(r"(?P<package>[A-Za-z0-9][\w.]*)-\d.*\.whl$")
VARIABLE = "${"


@dataclass(frozen=True)
class Found:
    """Files to look into, and places whose content cannot be told."""

    files: tuple[Path, ...] = ()
    unseen: tuple[str, ...] = ()


def find(line: str, folders: tuple[Path, ...]) -> Found:
    """Find what a logical line names; installers differ in which of ``folders`` they start at."""
    links = FIND_LINKS.match(line)
    place = _plain(links["place"]) if links else _requirement_place(line)
    if place is None or _is_remote(place):
        return Found()
    if VARIABLE in place:
        return Found(unseen=(place,))
    paths = dict.fromkeys(_path(folder, place) for folder in folders)
    with reading(place):
        if not links and any(path.is_dir() for path in paths):
            return Found(unseen=(place,))
        return Found(files=tuple(file for path in paths for file in _files(path)))


def digest(file: Path) -> bytes:
    """The sum of the name, which tells a wheel's version, and of the content."""
    total = hashlib.sha256(f"{file.name}\n".encode(errors="surrogateescape"))
    with reading(str(file)), file.open("rb") as stream:
        while block := stream.read(1 << 20):
            total.update(block)
    return total.digest()


def packages(files: Iterable[Path]) -> tuple[str, ...]:
    """The names of the packages that the wheels among ``files`` are of."""
    names = {WHEEL_NAME.match(file.name) for file in files}
    return tuple(sorted({name["package"] for name in names if name}))


def _requirement_place(line: str) -> str | None:
    """None for an option, and for a requirement that the registry answers."""
    bare = EDITABLE.sub("", line)
    if bare.startswith("-"):
        return None
    named = NAMED.match(bare)
    place = EXTRAS.sub("", _plain(bare[named.end() :] if named else bare))
    is_path = named or "/" in place or os.sep in place or place.startswith((".", "file:"))
    return place if is_path or place.lower().endswith(ARCHIVES) else None


def _plain(text: str) -> str:
    """Without a condition, without options and without quotes."""
    return text.partition(";")[0].partition(" --")[0].strip().strip("'\"")


def _is_remote(place: str) -> bool:
    return "://" in place and not place.startswith("file:")


def _path(folder: Path, place: str) -> Path:
    said = url2pathname(urlsplit(place).path) if place.startswith("file:") else place
    return Path(os.path.realpath(folder / said))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(path.glob(WHEELS))
    elif path.is_file():
        yield path
