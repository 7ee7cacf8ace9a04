import random

import pytest

from agentramp import crc64
from agentramp.crc64 import Update

REVERSED = 0xC96C5795D7870F42


def slow_sum(data: bytes) -> int:
    """The textbook's table-driven sum, one byte at a time."""
    table = []
    for first in range(256):
        value = first
        for _ in range(8):
            value = (value >> 1) ^ (REVERSED if value & 1 else 0)
        table.append(value)
    register = (1 << 64) - 1
    for byte in data:
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ ((1 << 64) - 1)


UPDATES = [
    pytest.param(crc64.fastest(), id="fastest"),
    pytest.param(crc64.folded_update, id="folded"),
]


@pytest.mark.parametrize("update", UPDATES)
def test_the_published_check_value(update: Update) -> None:
    assert update(b"123456789", 0) == 0x995DC9BBDF1939FA


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 63, 64, 65, 255, 4096, 100_003])
def test_the_textbook_agrees(update: Update, size: int) -> None:
    data = random.Random(size).randbytes(size)

    assert update(data, 0) == slow_sum(data)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("cut", [0, 1, 8, 5000, 12_345])
def test_a_sum_made_in_two_parts_is_the_sum_of_the_whole(update: Update, cut: int) -> None:
    data = random.Random(1).randbytes(12_345)

    assert update(data[cut:], update(data[:cut], 0)) == slow_sum(data)


def test_folding_goes_on_across_its_blocks() -> None:
    data = random.Random(2).randbytes(crc64.BLOCK + 777)

    assert crc64.folded_update(data, 0) == slow_sum(data)


def test_liblzma_and_folding_agree_where_liblzma_is_to_be_had() -> None:
    update = crc64.library_update()
    if update is None:
        pytest.skip("this interpreter does not show liblzma's functions")
    data = random.Random(3).randbytes(3_000_001)

    assert update(data, 0) == crc64.folded_update(data, 0)
