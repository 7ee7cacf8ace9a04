"""CRC-64/XZ (ECMA-182, reflected), which the platform calls the checksum of a package.

Python has no CRC-64 of its own, but its ``lzma`` module stands on liblzma, whose ``lzma_crc64`` is
this very sum at memory speed. Where that function cannot be found (an interpreter linked
statically), the sum is folded with Python's big integers, at about a hundred megabytes a second.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

Update: TypeAlias = Callable[[bytes, int], int]
"""Gives the sum of all data so far, from the next data and the sum before it; it starts at 0."""

POLYNOMIAL = 0x42F0E1EBA9EA3693
REVERSED_POLYNOMIAL = 0xC96C5795D7870F42
MASK = (1 << 64) - 1
CHECK_INPUT, CHECK_SUM = b"123456789", 0x995DC9BBDF1939FA
LONGEST_FOLD, SHORTEST_FOLD = 22, 8
CANDIDATES = 2048
BLOCK = 1 << 20


def fastest() -> Update:
    return library_update() or folded_update


@cache
def library_update() -> Update | None:
    """Liblzma's own function, or None where it is not to be had or does not keep its word."""
    try:
        import _lzma  # noqa: PLC0415 - absent where Python was built without it

        function = ctypes.CDLL(getattr(_lzma, "__file__", None)).lzma_crc64
    except (ImportError, OSError, AttributeError):
        return None
    function.restype = ctypes.c_uint64
    function.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)

    def update(data: bytes, value: int) -> int:
        return int(function(data, len(data), value))

    return update if update(CHECK_INPUT, 0) == CHECK_SUM else None


def folded_update(data: bytes, value: int) -> int:
    """The same sum by long division of polynomials over GF(2), halved again and again."""
    for start in range(0, len(data), BLOCK):
        value = _fold_block(data[start : start + BLOCK], value)
    return value


def _fold_block(data: bytes, value: int) -> int:
    # The first bit of the data is the highest power and stands lowest in the integer. The sum so
    # far meets the first 64 bits, and 64 zero bits follow the data.
    message = int.from_bytes(data, "little") ^ value ^ MASK
    size = len(data) * 8 + 64
    for front, powers in _folds():
        while size >= 2 * front + 64:
            # x^(front + 63) leaves the same remainder as the sum of these powers, so the front may
            # be cut off when each of them is added to what follows.
            high, message = message & ((1 << front) - 1), message >> front
            for power in powers:
                message ^= high << (63 - power)
            size -= front
    for _ in range(size - 64):
        message = (message >> 1) ^ (REVERSED_POLYNOMIAL if message & 1 else 0)
    return message ^ MASK


@cache
def _folds() -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Lengths to cut off, long ones first, each with the powers in x^(length + 63) mod P.

    Every power costs a shift and a xor, so of many lengths near 2^n the one with fewest is taken.
    """
    folds = []
    for exponent in range(LONGEST_FOLD, SHORTEST_FOLD - 1, -1):
        first = (1 << exponent) - min(CANDIDATES, 1 << (exponent - 1))
        remainder, best = _power(first + 63), (65, 0, 0)
        for length in range(first, 1 << exponent):
            best = min(best, (remainder.bit_count(), length, remainder))
            remainder = _reduce(remainder << 1)
        powers = tuple(power for power in range(64) if best[2] >> power & 1)
        folds.append((best[1], powers))
    return tuple(folds)


def _power(exponent: int) -> int:
    """x^exponent mod P, by squaring."""
    remainder = 1
    for bit in f"{exponent:b}":
        square = sum(1 << (2 * power) for power in range(64) if remainder >> power & 1)
        remainder = _reduce(square << int(bit))
    return remainder


def _reduce(value: int) -> int:
    while value >> 64:
        value ^= ((1 << 64) | POLYNOMIAL) << (value.bit_length() - 65)
    return value
