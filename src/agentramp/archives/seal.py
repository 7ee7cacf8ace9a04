"""Whether a copy still is as it was made: the names, kinds, sizes, modes and times in it.

A copy is looked at before every run, so contents are read again only where that was asked for: as
``content``, which tells what changes a file's bytes and not its time (a failing disk).
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PART = 1024 * 1024


@dataclass(frozen=True)
class Seal:
    """``content`` is empty where it was not asked for."""

    digest: str
    files: int
    size: int
    content: str = ""


def sealed(folder: Path, *, thorough: bool) -> Seal:
    """The seal of what is in ``folder`` now; raises OSError."""
    digest, content, files, size = hashlib.sha256(), hashlib.sha256(), 0, 0
    for name, found in _found(folder, ""):
        kind = stat.S_IFMT(found.st_mode)
        words = [name, str(found.st_mode)]
        if kind == stat.S_IFREG:
            files, size = files + 1, size + found.st_size
            words += [str(found.st_size), str(found.st_mtime_ns)]
            if thorough:
                content.update(_of(folder / name))
        elif kind == stat.S_IFLNK:
            words.append(str((folder / name).readlink()))
        digest.update("\0".join((*words, "\n")).encode("utf-8", "surrogateescape"))
    return Seal(digest.hexdigest(), files, size, content.hexdigest() if thorough else "")


def _of(file: Path) -> bytes:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while part := opened.read(_PART):
            digest.update(part)
    return digest.digest()


def _found(folder: Path, under: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder / under) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for entry in listed:
        name = f"{under}{entry.name}"
        yield name, entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            yield from _found(folder, f"{name}/")
