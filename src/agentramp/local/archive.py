"""Zip archives of agent code: checked before anything is written, unpacked without surprises."""

import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from agentramp.errors import RefusedError
from agentramp.local import assumptions

_CHUNK = 1024 * 1024
_LINK_MAX = 4096
_HOPS_MAX = 40
"""Links that one path may go through; as many as Linux follows."""


@dataclass(frozen=True)
class Limits:
    """How many files an archive may hold and how many bytes they may be together."""

    files: int = assumptions.MAX_UNPACKED_FILES
    size: int = assumptions.MAX_UNPACKED_BYTES


LIMITS = Limits()


class ArchiveError(RefusedError):
    """The archive is broken or asks for something unsafe."""


def check(content: BinaryIO, limits: Limits = LIMITS) -> None:
    """Raise ArchiveError unless ``content`` is a zip that ``unpack`` would accept."""
    try:
        with zipfile.ZipFile(content) as archive:
            _check_entries(archive, limits)
    except ArchiveError:
        raise
    except Exception as error:  # each decompressor has errors of its own
        raise ArchiveError(f"the code is no zip archive: {error}") from error


def unpack(source: Path, target: Path, limits: Limits = LIMITS) -> None:
    """Unpack ``source`` into the new folder ``target``."""
    target.mkdir(mode=0o700, parents=True)
    try:
        with zipfile.ZipFile(source) as archive:
            _check_entries(archive, limits)
            budget = limits.size
            for entry in archive.infolist():
                budget -= _unpack_entry(archive, entry, target, budget)
    except ArchiveError:
        raise
    except Exception as error:  # each decompressor has errors of its own
        raise ArchiveError(f"the code cannot be unpacked: {error}") from error


def _check_entries(archive: zipfile.ZipFile, limits: Limits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.files:
        raise ArchiveError(f"the archive has {len(entries)} files, more than {limits.files}")
    size = sum(entry.file_size for entry in entries)
    if size > limits.size:
        raise ArchiveError(f"the archive would unpack to {size} bytes")
    links = {_place(entry) for entry in entries if _is_link(entry)}
    for entry in entries:
        _check_place(entry, links)
    goals = {_place(entry): _goal(archive, entry) for entry in entries if _is_link(entry)}
    for place in goals:
        _check_link(place, goals)


def _place(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(entry.filename)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _check_place(entry: zipfile.ZipInfo, links: set[PurePosixPath]) -> None:
    place = _place(entry)
    if entry.flag_bits & 0x1:
        raise ArchiveError(f"{entry.filename!r} is encrypted")
    if place.is_absolute() or ".." in place.parts or "\\" in entry.filename:
        raise ArchiveError(f"{entry.filename!r} points out of the archive")
    if not links.isdisjoint(place.parents):
        raise ArchiveError(f"{entry.filename!r} lies behind a link")


def _goal(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> PurePosixPath:
    if entry.file_size > _LINK_MAX:
        raise ArchiveError(f"the link {entry.filename!r} is too long")
    return PurePosixPath(archive.read(entry).decode("utf-8", "surrogateescape"))


def _check_link(link: PurePosixPath, goals: Mapping[PurePosixPath, PurePosixPath]) -> None:
    """Walk from the link as the kernel would, through every link on the way."""
    at, ahead, hops = PurePosixPath(), [*reversed(link.parts)], 0
    while ahead:
        part = ahead.pop()
        goal = goals.get(at / part)
        if (part == ".." and not at.parts) or (goal is not None and goal.is_absolute()):
            raise ArchiveError(f"the link {str(link)!r} points out of the archive")
        if goal is None:
            at = at.parent if part == ".." else at / part
            continue
        hops += 1
        if hops > _HOPS_MAX:
            raise ArchiveError(f"the link {str(link)!r} goes through too many links")
        ahead.extend(reversed(goal.parts))


def _unpack_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, budget: int
) -> int:
    path = target / _place(entry)
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    if _is_link(entry):
        path.symlink_to(archive.read(entry).decode("utf-8", "surrogateescape"))
        return 0
    written = _write(archive, entry, path, budget)
    # Owner may always read and write; of the rest only the executable bit means something.
    path.chmod(0o700 if (entry.external_attr >> 16) & 0o111 else 0o600)
    return written


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, budget: int) -> int:
    written = 0
    # "x": two entries of one name would otherwise write through a link made by the first.
    with archive.open(entry) as source, path.open("xb") as sink:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > budget:
                raise ArchiveError("the archive unpacks to more than it declares")
            sink.write(chunk)
    return written
