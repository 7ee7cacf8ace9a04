"""The records of a zip file (PKWARE's APPNOTE 6.3), with nothing in them that varies.

Every date is 1980-01-01 00:00, the earliest a zip can say; every mode is 0644 or 0755. Sizes and
places past 4 GB, and more than 65,534 files, are written as zip64.
"""

import stat
import struct
from dataclasses import dataclass

LIMIT = 0xFFFF_FFFF
MANY = 0xFFFF
DATE = 1 << 5 | 1
TIME = 0
UNIX = 3
PLAIN, WITH_ZIP64 = 20, 45
SIZES_FOLLOW = 0x08
UTF8_NAME = 0x800
ZIP64_EXTRA = 1
DATA_MODE, PROGRAM_MODE = 0o644, 0o755
GROWTH = 1 << 20
"""More than deflate can add to a 4 GB file that does not shrink."""


@dataclass(frozen=True)
class Listed:
    """A written file, as the directory at the end lists it. ``streamed``: sizes follow the data."""

    name: str
    executable: bool
    method: int
    streamed: bool
    crc32: int
    packed: int
    size: int
    place: int

    @property
    def flags(self) -> int:
        return _flags(self.name, streamed=self.streamed)


def needs_zip64(size: int) -> bool:
    """Whether a file of ``size`` bytes, not compressed yet, must be announced as zip64."""
    return size >= LIMIT - GROWTH


def local_header(file: Listed) -> bytes:
    """What stands before the data; the sums of a streamed file are not known yet and are 0."""
    name = file.name.encode()
    extra = b""
    packed, size, version = file.packed, file.size, PLAIN
    if file.streamed:
        packed, crc32 = 0, 0
        large = needs_zip64(file.size)
        extra = struct.pack("<HHQQ", ZIP64_EXTRA, 16, 0, 0) if large else b""
        packed = size = LIMIT if large else 0
        version = WITH_ZIP64 if large else PLAIN
    else:
        crc32 = file.crc32
    numbers = (version, file.flags, file.method, TIME, DATE, crc32, packed, size)
    return struct.pack("<4s5H3L2H", b"PK\3\4", *numbers, len(name), len(extra)) + name + extra


def data_descriptor(file: Listed) -> bytes:
    """What follows the data of a streamed file."""
    layout = "<4sLQQ" if needs_zip64(file.size) else "<4sLLL"
    return struct.pack(layout, b"PK\7\x08", file.crc32, file.packed, file.size)


def directory_entry(file: Listed) -> bytes:
    name = file.name.encode()
    numbers = (file.size, file.packed, file.place)
    large = [number for number in numbers if number >= LIMIT]
    extra = struct.pack(f"<HH{len(large)}Q", ZIP64_EXTRA, 8 * len(large), *large) if large else b""
    size, packed, place = (min(number, LIMIT) for number in numbers)
    version = WITH_ZIP64 if large or (file.streamed and needs_zip64(file.size)) else PLAIN
    mode = stat.S_IFREG | (PROGRAM_MODE if file.executable else DATA_MODE)
    return (
        struct.pack("<4s4B4H3L", b"PK\1\2", version, UNIX, version, 0, file.flags, file.method,
                    TIME, DATE, file.crc32, packed, size)
        + struct.pack("<5H2L", len(name), len(extra), 0, 0, 0, mode << 16, place)
        + name
        + extra
    )  # fmt: skip


def end_of_directory(count: int, length: int, place: int) -> bytes:
    """The last record, with the zip64 ones before it where a number does not fit."""
    tail = b""
    if count >= MANY or length >= LIMIT or place >= LIMIT:
        tail = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, WITH_ZIP64 | UNIX << 8, WITH_ZIP64, 0, 0,
                           count, count, length, place)  # fmt: skip
        tail += struct.pack("<4sLQL", b"PK\6\7", 0, place + length, 1)
    entries = min(count, MANY)
    return tail + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries,
                              min(length, LIMIT), min(place, LIMIT), 0)  # fmt: skip


def _flags(name: str, *, streamed: bool) -> int:
    return (SIZES_FOLLOW if streamed else 0) | (0 if name.isascii() else UTF8_NAME)
