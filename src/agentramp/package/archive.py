"""Writing the zip: pieces are made by threads, laid down in order, and summed on their way out.

zlib and hashlib let other threads run while they work, so threads are enough. What waits to be
written is bounded, so memory does not grow with the tree.
"""

import hashlib
import os
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

from agentramp import crc64
from agentramp.package import zipformat
from agentramp.package.deflate import (
    BATCH_FILES,
    BLOCK,
    DEFLATED,
    Member,
    Piece,
    file_digest,
    join_digests,
    members,
    piece,
)
from agentramp.package.source import Entry
from agentramp.package.zipformat import Listed

Made = TypeVar("Made")
Job: TypeAlias = Callable[[], "tuple[Member, ...] | Piece"]
Advance: TypeAlias = Callable[[int], None]
"""Told how many bytes of the tree have been packed so far."""
MOST_THREADS = 8
WAITING_PER_THREAD = 2


class Output(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True)
class Written:
    """``digests`` stand for the content of each entry, in the order of the entries."""

    sha256: str
    crc64: str
    size: int
    digests: tuple[bytes, ...]


def write_archive(
    entries: tuple[Entry, ...],
    output: Output,
    *,
    advance: Advance = lambda _: None,
    threads: int | None = None,
) -> Written:
    """Pack ``entries``, which must be sorted, into ``output``."""
    stream = ZipStream(output)
    with closing(_in_order(_jobs(entries), threads)) as results:
        for result in results:
            if isinstance(result, Piece):
                stream.add_piece(result)
            else:
                stream.add_members(result)
            advance(stream.packed)
    return stream.finish()


def digests(entries: tuple[Entry, ...], threads: int | None = None) -> tuple[bytes, ...]:
    """The same digests ``write_archive`` gives, without writing anything."""
    jobs = (partial(_batch_digests, batch) for batch in _batches(entries))
    with closing(_in_order(jobs, threads)) as results:
        return tuple(digest for batch in results for digest in batch)


def _batch_digests(batch: tuple[Entry, ...]) -> tuple[bytes, ...]:
    return tuple(file_digest(entry) for entry in batch)


def _jobs(entries: tuple[Entry, ...]) -> Iterator[Job]:
    for batch in _batches(entries):
        if batch[0].size <= BLOCK:
            yield partial(members, batch)
            continue
        for start in range(0, batch[0].size, BLOCK):
            yield partial(piece, batch[0], start)


def _batches(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    """Small files together, so that threads are handed enough to do; a large file alone."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (size + entry.size > BLOCK or len(batch) == BATCH_FILES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield tuple(batch)


def _in_order(
    jobs: Iterable[Callable[[], Made]], threads: int | None
) -> Generator[Made, None, None]:
    count = threads or _default_threads()
    waiting: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(count, thread_name_prefix="package")
    try:
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > count * WAITING_PER_THREAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _default_threads() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, MOST_THREADS)


class ZipStream:
    """A zip in the making on an output that cannot go back."""

    def __init__(self, output: Output) -> None:
        self.packed = 0
        self._output = output
        self._sha256 = hashlib.sha256()
        self._crc64, self._add_to_crc64 = 0, crc64.fastest()
        self._place = 0
        self._listed: list[Listed] = []
        self._digests: list[bytes] = []
        self._blocks: list[bytes] = []
        self._open: Listed | None = None

    def add_members(self, batch: tuple[Member, ...]) -> None:
        parts: list[bytes] = []
        place = self._place
        for member in batch:
            listed = _whole(member, place)
            header = zipformat.local_header(listed)
            parts += (header, member.data)
            place += len(header) + len(member.data)
            self._listed.append(listed)
            self._digests.append(member.digest)
            self.packed += member.size
        self._write(b"".join(parts))

    def add_piece(self, block: Piece) -> None:
        file = self._open or self._start(block.entry)
        self._blocks.append(block.digest)
        self._write(block.data)
        self.packed += len(block.raw)
        crc32, packed = zlib.crc32(block.raw, file.crc32), file.packed + len(block.data)
        self._open = replace(file, crc32=crc32, packed=packed)
        if block.is_last:
            self._end(self._open)

    def _start(self, entry: Entry) -> Listed:
        file = Listed(
            name=entry.name,
            executable=entry.executable,
            method=DEFLATED,
            streamed=True,
            crc32=0,
            packed=0,
            size=entry.size,
            place=self._place,
        )
        self._write(zipformat.local_header(file))
        return file

    def _end(self, file: Listed) -> None:
        self._write(zipformat.data_descriptor(file))
        self._listed.append(file)
        self._digests.append(join_digests(self._blocks))
        self._open, self._blocks = None, []

    def finish(self) -> Written:
        directory = b"".join(zipformat.directory_entry(file) for file in self._listed)
        end = zipformat.end_of_directory(len(self._listed), len(directory), self._place)
        self._write(directory + end)
        sums = self._sha256.hexdigest(), str(self._crc64)
        return Written(*sums, self._place, tuple(self._digests))

    def _write(self, data: bytes) -> None:
        self._output.write(data)
        self._sha256.update(data)
        self._crc64 = self._add_to_crc64(data, self._crc64)
        self._place += len(data)


def _whole(member: Member, place: int) -> Listed:
    return Listed(
        name=member.name,
        executable=member.executable,
        method=member.method,
        streamed=False,
        crc32=member.crc32,
        packed=len(member.data),
        size=member.size,
        place=place,
    )
