"""The zip64 records, checked by the standard library's reader and against the APPNOTE's layout."""

import io
import struct
import zipfile

import pytest

from agentramp.package.zipformat import (
    Listed,
    data_descriptor,
    directory_entry,
    end_of_directory,
    local_header,
)

GB = 1 << 30


def listed(size: int, packed: int, place: int = 0, *, streamed: bool = True) -> Listed:
    return Listed("big.bin", False, 8, streamed, 0x12345678, packed, size, place)  # noqa: FBT003 - a table


@pytest.mark.parametrize(
    ("size", "packed", "place"),
    [
        (10, 5, 0),
        (0xFFFF_FFFE, 0xFFFF_FFFE, 0xFFFF_FFFE),
        (0xFFFF_FFFF, 5, 0),
        (5 * GB, 2 * GB, 7),
        (5 * GB, 5 * GB, 6 * GB),
        (10, 5, 6 * GB),
    ],
)
def test_a_reader_finds_the_numbers_whatever_their_size(size: int, packed: int, place: int) -> None:
    entry = directory_entry(listed(size, packed, place))
    info = read_directory(entry)

    assert (info.file_size, info.compress_size, info.header_offset) == (size, packed, place)
    assert info.CRC == 0x12345678


def read_directory(entry: bytes) -> zipfile.ZipInfo:
    # The reader takes bytes missing in front for a longer file before the zip, and adds them.
    with zipfile.ZipFile(io.BytesIO(entry + end_of_directory(1, len(entry), 0))) as archive:
        return archive.infolist()[0]


@pytest.mark.parametrize(
    ("count", "length", "place", "zip64"),
    [
        (1, 46, 100, False),
        (65_534, 46, 100, False),
        (65_535, 46, 100, True),
        (1, 46, 0xFFFF_FFFF, True),
        (1, 0xFFFF_FFFF, 100, True),
    ],
)
def test_the_end_is_zip64_exactly_when_a_number_does_not_fit(
    count: int, length: int, place: int, *, zip64: bool
) -> None:
    tail = end_of_directory(count, length, place)

    assert (tail[:4] == b"PK\6\6") is zip64
    assert tail[-22:-18] == b"PK\5\6"
    if zip64:
        assert struct.unpack("<3Q", tail[32:56]) == (count, length, place)
        assert struct.unpack("<4sLQL", tail[56:76]) == (b"PK\6\7", 0, place + length, 1)


def test_a_streamed_file_past_4_gb_is_announced_and_closed_as_zip64() -> None:
    header = local_header(listed(5 * GB, 0))
    name_length, extra_length = struct.unpack("<2H", header[26:30])

    assert struct.unpack("<H", header[4:6]) == (45,)
    assert struct.unpack("<2L", header[18:26]) == (0xFFFF_FFFF, 0xFFFF_FFFF)
    assert header[30 + name_length :] == struct.pack("<HHQQ", 1, 16, 0, 0)
    assert extra_length == 20
    end = struct.pack("<4sLQQ", b"PK\7\x08", 0x12345678, 4 * GB, 5 * GB)
    assert data_descriptor(listed(5 * GB, 4 * GB)) == end


def test_a_small_streamed_file_is_not() -> None:
    header = local_header(listed(2_000_000, 0))

    assert header[26:30] == struct.pack("<2H", 7, 0)
    assert header[14:26] == bytes(12)
    assert len(data_descriptor(listed(2_000_000, 1_000_000))) == 16


@pytest.mark.parametrize(("name", "flag"), [("plain.txt", 0), ("ü.txt", 0x800)])
def test_only_names_that_need_it_are_marked_as_utf8(name: str, flag: int) -> None:
    file = Listed(name, False, 8, False, 0, 5, 10, 0)  # noqa: FBT003 - a table

    assert struct.unpack("<H", local_header(file)[6:8]) == (flag,)
