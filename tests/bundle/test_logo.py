import hashlib
import struct
import zlib

from agentramp.bundle.logo import logo


def test_the_picture_is_a_whole_png_with_something_on_it() -> None:
    picture = logo()
    place, chunks = 8, {}
    while place < len(picture):
        (size,) = struct.unpack(">I", picture[place : place + 4])
        kind, body = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + size]
        (crc,) = struct.unpack(">I", picture[place + 8 + size : place + 12 + size])
        assert crc == zlib.crc32(kind + body)
        chunks[kind] = body
        place += 12 + size

    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    rows = zlib.decompress(chunks[b"IDAT"])
    assert len(rows) == height * (1 + width * depth // 8)
    assert 0.1 < sum(byte.bit_count() for byte in rows) / (width * height) < 0.5


def test_the_picture_never_changes() -> None:
    # It is part of every bundle, so another one is another content for each component.
    known = "8c5d06b25cff6d038c7aaa4a7471baa0a65b7cdf9cefccbfd1d28976e01d73c5"
    assert hashlib.sha256(logo()).hexdigest() == known
