"""What a compressed file holds, a little at a time, and never more than was allowed.

The sums and lengths at the end of each format are checked by the decompressors themselves.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Final, Protocol

from agentramp.archives.errors import beyond, broken
from agentramp.archives.limits import Limits, size

_PART: Final = 64 * 1024
_START: Final = 6
_GZIP: Final = 31  # zlib's word for: with a gzip header and its sums
_MOST_MEMBERS: Final = 100_000


class Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gzip:
    """zlib's, with what it could not take yet kept inside, as the others keep it."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, most: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, most)


def decompressor(start: bytes, limits: Limits) -> Callable[[], Decompressor] | None:
    """By the first bytes; None where they are of nothing compressed."""
    if start.startswith(b"\x1f\x8b"):
        return _Gzip
    if start.startswith(b"BZh"):
        return bz2.BZ2Decompressor
    if start.startswith(b"\xfd7zXZ\x00"):
        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=limits.dictionary)
    return None


class Expanded:
    """``read`` gives up to so many bytes, and none at the end. ``alive`` raises when it is late."""

    def __init__(
        self,
        file: BinaryIO,
        new: Callable[[], Decompressor] | None,
        limits: Limits,
        alive: Callable[[], None],
    ) -> None:
        self._file, self._limits, self._alive = file, limits, alive
        self._plain, self._inner = new is None, new() if new else None
        self._held, self._at = b"", 0
        self._taken = self._given = 0
        self._members = 1

    def read(self, most: int) -> bytes:
        if self._at == len(self._held):
            self._held, self._at = self._part(), 0
        part = self._held[self._at : self._at + most]
        self._at += len(part)
        return part

    def _part(self) -> bytes:
        self._alive()
        part = self._file.read(_PART) if self._plain else self._more()
        self._given += len(part)
        free, ratio = self._limits.free_of_ratio, self._limits.ratio
        if self._given > free and self._given > ratio * self._taken and not self._plain:
            raise beyond(f"it unpacks to more than {ratio} times its size")
        most = 2 * self._limits.unpacked + free
        if self._given > most:
            raise beyond(f"with all that it says of its entries it is more than {size(most)}")
        return part

    def _more(self) -> bytes:
        data = b""
        try:
            while self._inner is not None:
                if self._inner.eof:
                    data = self._next_member(self._inner)
                elif part := self._inner.decompress(data, _PART):
                    return part
                elif not self._inner.eof:
                    data = self._fresh()
        except (zlib.error, OSError, lzma.LZMAError, ValueError, EOFError) as error:
            raise broken(f"its compressed data cannot be read ({error})") from error
        return b""

    def _fresh(self) -> bytes:
        self._alive()
        data = self._file.read(_PART)
        self._taken += len(data)
        if not data:
            raise broken("its compressed data ends too early")
        return data

    def _next_member(self, ended: Decompressor) -> bytes:
        """What follows a compressed stream: another one, padding, or nothing."""
        rest = ended.unused_data
        while not rest.strip(b"\0"):
            rest = self._file.read(_PART)
            self._taken += len(rest)
            self._alive()
            if not rest:
                self._inner = None
                return b""
        self._members += 1
        rest += self._file.read(_START - len(rest)) if len(rest) < _START else b""
        again = decompressor(rest, self._limits)
        if self._members > _MOST_MEMBERS or again is None:
            raise broken("something else follows its compressed data")
        self._inner = again()
        return rest
