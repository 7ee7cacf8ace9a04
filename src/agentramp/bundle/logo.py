"""A picture for a component that has none: servers show one for each."""

import struct
import zlib
from typing import Final

_SIDE: Final = 256
_BAR: Final = 48
_GAP: Final = 20
_PALETTE: Final = bytes.fromhex("0f766ef8fafc")
_NOT_COMPRESSED: Final = 0
"""How well a zlib compresses depends on the zlib; so the picture is the same everywhere."""


def logo() -> bytes:
    """A PNG of two colours: three bars that rise to the right."""
    rows = b"".join(b"\0" + _row(line) for line in range(_SIDE))
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 1, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", _PALETTE),
        (b"IDAT", zlib.compress(rows, _NOT_COMPRESSED)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _row(line: int) -> bytes:
    """One bit a pixel; the bars stand on the same ground, each higher than the one before."""
    start = (_SIDE - 3 * _BAR - 2 * _GAP) // 2
    bits = 0
    for bar in range(3):
        top = 148 - 42 * bar
        if top <= line < _SIDE - start:
            left = start + bar * (_BAR + _GAP)
            bits |= ((1 << _BAR) - 1) << (_SIDE - left - _BAR)
    return bits.to_bytes(_SIDE // 8, "big")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
