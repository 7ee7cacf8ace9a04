"""The entries of a zip, as its directory lists them.

The directory is measured here before the standard library loads all of it, and what it says of
entries is held against where they really lie: two that share bytes are how small bombs are made.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 to 4.3.16.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from agentramp.archives.entry import Entry, Kind, Take
from agentramp.archives.errors import beyond, broken, refused
from agentramp.archives.limits import Limits, size

_PART: Final = 64 * 1024
_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_RECORD: Final = struct.Struct("<4s24x3H12x")
_LOCAL: Final = struct.Struct("<4s22x2H")
_COMMENT, _FULL16, _FULL32 = 0xFFFF, 0xFFFF, 0xFFFFFFFF
_UNIX: Final = 3
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LONGEST_LINK: Final = 4096
_MOST_PACKED: Final = _LONGEST_LINK + 64
"""Deflate makes what it cannot pack a few bytes longer."""


@dataclass(frozen=True)
class _Directory:
    count: int
    size: int
    begins: int


def read_zip(file: BinaryIO, limits: Limits, take: Take, alive: Callable[[], None]) -> None:
    """Give each entry with its content to ``take``, as the directory has them.

    Raises ArchiveError.
    """
    directory = _directory(file)
    _check_directory(file, directory, limits, alive)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            _check_places(file, infos, directory)
            _check_ratio(infos, directory, limits)
            for info in infos:
                alive()
                entry = _entry(archive, info)
                take(entry, _content(archive, info, entry, alive))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error) as error:
        raise broken(f"it is no zip that can be read ({error})") from error
    except (NotImplementedError, RuntimeError) as error:
        raise broken(f"it is a zip of an unusual kind ({error})") from error


def _directory(file: BinaryIO) -> _Directory:
    whole = file.seek(0, 2)
    file.seek(max(0, whole - _END.size - _COMMENT))
    tail = file.read(_END.size + _COMMENT)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise broken("it has no end that a zip has; it was cut")
    _, disk, first, here, count, much, begins, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        raise broken("something else follows its end")
    place = whole - len(tail) + at
    if disk or first or here != count:
        raise broken("it is one part of several")
    directory, ends = _larger(file, place, _Directory(count, much, begins))
    if directory.begins + directory.size != ends:
        raise broken("its directory is not where its end says")
    return directory


def _larger(file: BinaryIO, place: int, small: _Directory) -> tuple[_Directory, int]:
    """What the form for large zips says, where there is one; and where the directory ends.

    It may not differ from what the smaller form says.
    """
    file.seek(max(0, place - _LOCATOR.size))
    if file.read(4) != b"PK\6\7":
        return small, place
    ends = place - _LOCATOR.size
    file.seek(max(0, ends - _END64.size))
    found = file.read(_END64.size + _LOCATOR.size)
    if len(found) < _END64.size + _LOCATOR.size or not found.startswith(b"PK\6\6"):
        raise broken("its larger end is not where it has to be")
    _, _, _, _, disk, first, here, count, much, begins = _END64.unpack_from(found)
    _, other, at, disks = _LOCATOR.unpack_from(found, _END64.size)
    if disk or first or other or disks > 1 or here != count or at != ends - _END64.size:
        raise broken("its larger end contradicts itself")
    large = _Directory(count, much, begins)
    for said, meant, full in (
        (small.count, count, _FULL16),
        (small.size, much, _FULL32),
        (small.begins, begins, _FULL32),
    ):
        if said not in {meant, full}:
            raise broken("its two ends contradict each other")
    return large, ends - _END64.size


def _check_directory(
    file: BinaryIO, directory: _Directory, limits: Limits, alive: Callable[[], None]
) -> None:
    """Count what is listed, whatever the end says: the library goes by what is there."""
    if directory.count > limits.entries:
        raise beyond(f"it has more than {limits.entries} entries")
    most = 2 * limits.names
    if directory.size > most:
        raise beyond(f"its directory is larger than {size(most)}")
    file.seek(directory.begins)
    count, left = 0, directory.size
    while left:
        head = file.read(_RECORD.size)
        if len(head) < _RECORD.size or not head.startswith(b"PK\1\2"):
            raise broken("its directory cannot be read")
        _, name, extra, comment = _RECORD.unpack(head)
        rest = name + extra + comment
        if rest > limits.header:
            raise broken(f"what it says of one entry is longer than {size(limits.header)}")
        file.seek(rest, 1)
        left -= _RECORD.size + rest
        count += 1
        if left < 0 or count > directory.count:
            raise broken("its directory holds more than its end says")
        alive()
    if count != directory.count:
        raise broken("its directory holds less than its end says")
    if not count:
        raise broken("it is empty")


def _check_places(file: BinaryIO, infos: list[zipfile.ZipInfo], directory: _Directory) -> None:
    """Each entry has bytes of its own."""
    free = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < free:
            raise refused(info.orig_filename, "it overlaps another one")
        file.seek(info.header_offset)
        head = file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            raise refused(info.orig_filename, "it is not where the directory says")
        _, name, extra = _LOCAL.unpack(head)
        free = info.header_offset + _LOCAL.size + name + extra + info.compress_size
        if free > directory.begins:
            raise refused(info.orig_filename, "it overlaps the directory")


def _check_ratio(infos: list[zipfile.ZipInfo], directory: _Directory, limits: Limits) -> None:
    whole = sum(info.file_size for info in infos)
    if whole > limits.unpacked:
        raise beyond(f"unpacked it is more than {size(limits.unpacked)}")
    if whole > limits.free_of_ratio and whole > limits.ratio * directory.begins:
        raise beyond(f"it unpacks to more than {limits.ratio} times its size")


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    name = info.orig_filename
    if info.flag_bits & _ENCRYPTED:
        raise refused(name, "it is encrypted")
    if info.compress_type not in _METHODS:
        raise refused(name, "it is compressed in an unusual way; deflate is understood")
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    kind = _kind(name, mode)
    if kind is Kind.FOLDER and info.file_size:
        raise refused(name, "it is a folder with content")
    target = ""
    if kind is Kind.LINK:
        if info.file_size > _LONGEST_LINK or info.compress_size > _MOST_PACKED:
            raise refused(name, "it is a link to no path that there can be")
        with archive.open(info) as content:  # a little at a time: what it says may be a lie
            target = content.read(_LONGEST_LINK + 1).decode("utf-8", "surrogateescape")
    held = 0 if kind is Kind.LINK else info.file_size
    return Entry(name, kind, held, bool(mode & stat.S_IXUSR), target)


def _kind(name: str, mode: int) -> Kind:
    match stat.S_IFMT(mode):
        case 0:
            return Kind.FOLDER if name.endswith("/") else Kind.FILE
        case stat.S_IFREG if not name.endswith("/"):
            return Kind.FILE
        case stat.S_IFDIR if name.endswith("/"):
            return Kind.FOLDER
        case stat.S_IFLNK if not name.endswith("/"):
            return Kind.LINK
        case _:
            raise refused(name, "it is neither a file nor a folder nor a link")


def _content(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, entry: Entry, alive: Callable[[], None]
) -> Iterator[bytes]:
    if entry.kind is not Kind.FILE:
        return
    count = 0
    with archive.open(info) as content:
        while part := content.read(_PART):
            alive()
            count += len(part)
            yield part
    if count != entry.size:
        raise refused(entry.name, "it holds less than the directory says")
