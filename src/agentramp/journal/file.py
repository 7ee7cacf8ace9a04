"""The journal as a file per endpoint, for work outside a repository.

A line is a record. The lock is the operating system's, so it goes with a run that is killed.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from agentramp.journal.port import HeldError, JournalError, Phase, Record
from agentramp.model import Split
from agentramp.plan import Subject

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
        with _told(path):
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
        with _told(path):
            if not path.exists():
                return ()
            lines = path.read_text(encoding="utf-8").split("\n")
        # What follows the last newline is a record whose writer died in the middle of it.
        return tuple(_parse(line, path, number) for number, line in enumerate(lines[:-1], 1))

    def append(self, subject: Subject, record: Record, *, expected: int) -> None:
        path = self._path(subject)
        with _told(path), self._opened(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            whole = file.read()
            if whole.count(b"\n") != expected:
                raise HeldError(
                    f"another run wrote to the journal of {subject} in the meantime",
                    advice="look at what serves now, then run this again",
                )
            file.truncate(whole.rfind(b"\n") + 1)
            file.write(_render(record))
            file.flush()
            os.fsync(file.fileno())

    def _opened(self, path: Path) -> BinaryIO:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab+")

    def _path(self, subject: Subject) -> Path:
        return self.folder / subject.runtime / f"{subject.endpoint or _HEAD}.jsonl"


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeError) as error:
        raise JournalError(
            f"the journal {path} cannot be used: {error}",
            advice="set AGENTRAMP_HOME to a folder you may write, or mend the file",
        ) from error


def _render(record: Record) -> bytes:
    fields = {
        "phase": record.phase.value,
        "verb": record.verb,
        "at": record.at,
        "before": _weights(record.before) if record.before else None,
        "after": _weights(record.after),
    }
    return json.dumps(fields).encode() + b"\n"


def _weights(split: Split) -> list[list[int | str]]:
    return [[ref, weight] for ref, weight in split.weights]


def _parse(line: str, path: Path, number: int) -> Record:
    try:
        fields = json.loads(line)
        return Record(
            phase=Phase(fields["phase"]),
            verb=fields["verb"],
            at=float(fields["at"]),
            before=_split(fields["before"]) if fields["before"] else None,
            after=_split(fields["after"]),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise JournalError(
            f"{path}:{number}: not a journal record",
            advice="the file was changed by hand; mend or move it, then name versions explicitly",
        ) from error


def _split(weights: Any) -> Split:  # noqa: ANN401 - it comes out of JSON
    (stable, _), *canaries = weights
    return Split(stable, tuple((ref, weight) for ref, weight in canaries))
