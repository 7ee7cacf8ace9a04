"""What a package is made from, reduced to sums that tell a changed input from an unchanged one."""

import hashlib
import zlib
from collections.abc import Iterable

from agentramp import __version__
from agentramp.package.source import Entry, Source

LAYOUT = 1
"""Raised with every change to what the same input is packed into."""
CLOCK_TICK_NS = 50_000_000
"""A file may change again within one tick of its clock and keep its time; no tick is longer."""


def stat_sum(source: Source, now_ns: int) -> str:
    """Empty, which equals nothing, where a file is too fresh for its time to be believed."""
    if any(entry.ctime_ns > now_ns - CLOCK_TICK_NS for entry in source.entries):
        return ""
    return _sum(f"{_head(entry)}\0{entry.mtime_ns}\0{entry.ctime_ns}" for entry in source.entries)


def content_sum(source: Source, digests: Iterable[bytes]) -> str:
    """``digests`` in the order of the entries."""
    return _sum(
        f"{_head(entry)}\0{digest.hex()}"
        for entry, digest in zip(source.entries, digests, strict=True)
    )


def builder_sum(target: str) -> str:
    """The target and whatever of ours decides the bytes; zlib too, as no two promise the same."""
    return _sum((target, __version__, str(LAYOUT), zlib.ZLIB_RUNTIME_VERSION))


def _head(entry: Entry) -> str:
    return f"{entry.name}\0{entry.size}\0{entry.executable}"


def _sum(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()
