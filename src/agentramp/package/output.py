"""Putting the package and its manifest in place, whoever else builds and whoever is killed.

A new package is written under a name of its own in the same folder and then renamed. Its writer
holds a lock on it, so the next build can tell what a killed one left behind, and removes it.
Windows has no such locks: unique names and the manifest's sums still keep builds apart there.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agentramp.package.errors import BuildError
from agentramp.package.manifest import Manifest, manifest_path, to_json

if sys.platform != "win32":
    import fcntl

ENDING = ".part"
READABLE = 0o644
PACKING = "packing"
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Part:
    """A package in the making."""

    path: Path
    file: BinaryIO


def packing(files: int, size: int) -> str:
    """What is told before ``files`` of ``size`` bytes are packed."""
    told = f"{size / _MEGABYTE:.1f} MB" if size >= _MEGABYTE else f"{size / 1000:.1f} kB"
    return f"{PACKING} {files} files, {told}"


def part_prefix(output: Path) -> str:
    """How the names of unfinished packages and manifests of ``output`` begin."""
    return f".{output.name}."


@contextmanager
def new_part(output: Path) -> Iterator[Part]:
    """A file to write the package to; it is gone afterwards unless it was published."""
    with _writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        with _folder_lock(output.parent):
            _remove_leftovers(output)
            part = _create(output)
    try:
        with _writing(output), part.file:  # to close a file on a full disk fails once more
            yield part
    finally:
        part.path.unlink(missing_ok=True)


def publish(part: Part, output: Path, manifest: Manifest) -> None:
    """Rename package and manifest into place; two builds of one output never mix theirs."""
    part.file.flush()
    with _folder_lock(output.parent):
        part.path.replace(output)
        _replace_manifest(output, manifest)


def refresh_manifest(output: Path, manifest: Manifest) -> None:
    with _writing(output), _folder_lock(output.parent):
        _replace_manifest(output, manifest)


def _replace_manifest(output: Path, manifest: Manifest) -> None:
    part = _create(output)
    with part.file:
        part.file.write(to_json(manifest).encode())
    part.path.replace(manifest_path(output))


def _create(output: Path) -> Part:
    handle, name = tempfile.mkstemp(ENDING, part_prefix(output), output.parent)
    file = os.fdopen(handle, "wb")
    _try_lock(file.fileno())
    path = Path(name)
    path.chmod(READABLE)
    return Part(path, file)


def _remove_leftovers(output: Path) -> None:
    for path in output.parent.iterdir():
        if path.name.startswith(part_prefix(output)) and path.name.endswith(ENDING):
            with suppress(FileNotFoundError):  # another build has just ended, and took it away
                with path.open("rb") as file:
                    abandoned = _try_lock(file.fileno())
                if abandoned:
                    path.unlink()


def _try_lock(handle: int) -> bool:
    """Lock an open file until it is closed; False where another process holds it."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BuildError(
            f"{output} cannot be written: {error.strerror or error}",
            advice="check the space on the disk and the folder's mode, or name another output",
        ) from error
