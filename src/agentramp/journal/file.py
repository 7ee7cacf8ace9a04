"""The journal as a file per endpoint, for work outside a repository.

A line is what one append wrote: a record, or a list of them where there were several, so that a
writer that dies in the middle leaves all of them or none. The lock is the operating system's, so
it goes with a run that is killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from agentramp.journal.lines import from_json, to_json, told
from agentramp.journal.port import HeldError, JournalError
from agentramp.journal.strict import dumped, loaded
from agentramp.plan import Subject
from agentramp.record import Record

_HEAD = "_runtime"  # no endpoint can have this name: they begin with a letter


@dataclass(frozen=True)
class FileJournal:
    """``folder`` belongs to one platform and region, and a record there to a runtime's name.

    Two accounts that have a runtime of the same name in the same region need two homes.
    """

    folder: Path

    @contextmanager
    def hold(self, subject: Subject) -> Iterator[None]:
        path = self._path(subject).with_suffix(".lock")
        with _usable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = path.open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HeldError(
                    f"another run is working on {subject}",
                    advice="let it end, then run this again",
                ) from error
            yield

    def read(self, subject: Subject) -> tuple[Record, ...]:
        path = self._path(subject)
        with _usable(path):
            whole = path.read_bytes() if path.exists() else b""
            return _records(whole, path)

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        line = _line(records)
        path = self._path(subject)
        with _usable(path), self._opened(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            whole = file.read()
            if len(_records(whole, path)) != expected:
                raise HeldError(
                    f"another run wrote to the journal of {subject} in the meantime",
                    advice="look at what serves now, then run this again",
                )
            _write(file, line, after=whole.rfind(b"\n") + 1)

    def _opened(self, path: Path) -> FileIO:
        """Without a buffer: what was given up half-way must not be written on closing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+")

    def _path(self, subject: Subject) -> Path:
        return self.folder / subject.runtime / f"{subject.endpoint or _HEAD}.jsonl"


def _write(file: FileIO, line: bytes, *, after: int) -> None:
    """``line`` at the offset ``after``, on the disk; where that fails it is taken out again."""
    file.truncate(after)
    file.seek(after)
    try:
        left = memoryview(line)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(after)
        raise


def _line(records: tuple[Record, ...]) -> bytes:
    values = [to_json(record) for record in records]
    if not values:
        return b""
    return dumped(values if len(values) > 1 else values[0]).encode() + b"\n"


def _records(whole: bytes, path: Path) -> tuple[Record, ...]:
    # What follows the last newline is a record whose writer died in the middle of it.
    lines = whole.decode().split("\n")[:-1]
    return tuple(
        record for number, line in enumerate(lines, 1) for record in _on(line, f"{path}:{number}")
    )


def _on(line: str, where: str) -> tuple[Record, ...]:
    with told(where):
        value = loaded(line)
        return tuple(from_json(item) for item in (value if isinstance(value, list) else [value]))


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeError) as error:
        raise JournalError(
            f"the journal {path} cannot be used: {error}",
            advice="set AGENTRAMP_HOME to a folder you may write, or mend the file",
        ) from error
