"""The entries of a tar, read once from its beginning to its end.

The headers are parsed by the standard library. It may ask for a header of any length, seek anywhere
and keep all it has seen, so what it reads from stands here in between.
"""

import re
import tarfile
from collections.abc import Iterator
from typing import IO, Final, cast

from agentramp.archives.entry import Entry, Kind, Take
from agentramp.archives.errors import ArchiveError, broken, refused
from agentramp.archives.expanded import Expanded
from agentramp.archives.limits import Limits, size

_PART: Final = 64 * 1024
_PLAIN: Final = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE})
_KINDS: Final = {
    tarfile.DIRTYPE: Kind.FOLDER,
    tarfile.SYMTYPE: Kind.LINK,
    tarfile.LNKTYPE: Kind.TWIN,
    **dict.fromkeys(_PLAIN, Kind.FILE),
}
_NO_FILES: Final = {
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a file with holes",
}
_EXECUTABLE: Final = 0o100
_NUMBER: Final = re.compile(rb"\d{101}")
"""The time in which some versions of the library look through digits grows with their square."""


class _Forward:
    """A file that goes forwards alone. Between two contents only ``most`` bytes may be read."""

    def __init__(self, source: Expanded, most: int) -> None:
        self._source, self._most = source, most
        self._at = self._of_header = 0
        self._last = b""

    def tell(self) -> int:
        return self._at

    def seek(self, to: int, _whence: int = 0) -> int:
        if to < self._at:
            raise broken("an entry of it begins before the one before it ends")
        while self._at < to:
            if not self._taken(min(_PART, to - self._at)):
                raise broken("it ends in the middle of an entry")
        return self._at

    def read(self, count: int = -1) -> bytes:
        self._of_header += count
        if count < 0 or self._of_header > self._most:
            raise broken(f"what it says of one entry is longer than {size(self._most)}")
        self._last = b"".join(self.content(count, whole=False))
        if count > tarfile.BLOCKSIZE and _NUMBER.search(self._last):
            raise broken("what it says of an entry holds a number that no file has")
        return self._last

    @property
    def ended(self) -> bool:
        """Whether what was read last is the mark that every tar ends with."""
        return self._last == bytes(tarfile.BLOCKSIZE)

    def content(self, count: int, *, whole: bool = True) -> Iterator[bytes]:
        left = count
        while left:
            part = self._taken(min(_PART, left))
            if not part:
                if whole:
                    raise broken("it ends in the middle of an entry")
                return
            left -= len(part)
            yield part

    def next_header(self) -> None:
        self._of_header = 0

    def _taken(self, most: int) -> bytes:
        part = self._source.read(most)
        self._at += len(part)
        return part


def read_tar(source: Expanded, limits: Limits, take: Take) -> None:
    """Give each entry with its content to ``take``, in the archive's order; raises ArchiveError."""
    forward = _Forward(source, limits.header)
    try:
        with tarfile.TarFile(
            fileobj=cast("IO[bytes]", forward), encoding="utf-8", errors="surrogateescape"
        ) as tar:
            _each(tar, forward, take)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError, IndexError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise broken(f"it is no tar that can be read ({error})") from error
    if not forward.ended:
        raise broken("something else stands where an entry should begin, or it was cut there")
    _check_padding(forward, limits)


def _each(tar: tarfile.TarFile, forward: _Forward, take: Take) -> None:
    if forward.ended:
        return  # at once; an older library would go back now and look again
    while (member := tar.next()) is not None:
        tar.members = []  # type: ignore[attr-defined] # it would keep them all
        entry = _entry(member)
        begins = forward.tell()
        take(entry, forward.content(entry.size))
        if forward.tell() != begins + entry.size:
            forward.seek(begins + entry.size)
        forward.next_header()


def _entry(member: tarfile.TarInfo) -> Entry:
    said = member.pax_headers
    if member.issparse() or (said and any(name.startswith("GNU.sparse") for name in said)):
        raise refused(member.name, "it is a file with holes")
    kind = _KINDS.get(member.type)
    if kind is None:
        what = _NO_FILES.get(member.type, f"of an unknown type ({member.type!r})")
        raise refused(member.name, f"it is {what}")
    if kind is not Kind.FILE and member.size:
        raise refused(member.name, f"it is {kind.value} with content")
    return Entry(
        member.name,
        kind,
        member.size,
        bool(member.mode & _EXECUTABLE),
        member.linkname if kind in {Kind.LINK, Kind.TWIN} else "",
    )


def _check_padding(forward: _Forward, limits: Limits) -> None:
    """What follows the end is zeros and not much: another reader may not see more than this one."""
    for part in forward.content(limits.padding, whole=False):
        if part.strip(b"\0"):
            raise broken("something else follows its end")
    if any(True for _ in forward.content(1, whole=False)):
        raise broken(f"more than {size(limits.padding)} of nothing follow its end")
