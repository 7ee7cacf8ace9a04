"""The journal port and its record.

The platform is the truth; the journal says how it came to be so. An ``INTENT`` without an end
means a run died in the middle: the platform is read again, nothing is assumed.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from agentramp.errors import RefusedError, SupersededError
from agentramp.model import Split
from agentramp.plan import Subject


class JournalError(RefusedError):
    """The journal could not be read or written, so nothing was changed."""


class HeldError(SupersededError):
    """Another run holds the subject, or wrote to its journal since it was read."""


class Phase(Enum):
    INTENT = "intent"
    DONE = "done"
    UNDONE = "undone"


@dataclass(frozen=True)
class Record:
    """``at`` is seconds since 1970-01-01 UTC; ``before`` is None where the endpoint was new."""

    phase: Phase
    verb: str
    at: float
    before: Split | None
    after: Split


class Journal(Protocol):
    def hold(self, subject: Subject) -> AbstractContextManager[None]:
        """Keep others from acting on ``subject``; raises HeldError. A dead holder holds nothing."""
        ...

    def read(self, subject: Subject) -> tuple[Record, ...]:
        """All records, oldest first."""
        ...

    def append(self, subject: Subject, record: Record, *, expected: int) -> None:
        """Add a record if there are ``expected`` ones now, else raise HeldError."""
        ...


def is_unfinished(records: Sequence[Record]) -> bool:
    """Whether the last run died in the middle of a move."""
    return bool(records) and records[-1].phase is Phase.INTENT


def served(records: Iterable[Record]) -> tuple[int, ...]:
    """The versions that were stable, oldest first, as a path: going back drops what came after."""
    path: list[int] = []
    for record in records:
        if record.phase is not Phase.DONE:
            continue
        for split in filter(None, (record.before, record.after)):
            if isinstance(split.stable, int):
                _visit(path, split.stable)
    return tuple(path)


def _visit(path: list[int], number: int) -> None:
    if number in path:
        del path[path.index(number) + 1 :]
    else:
        path.append(number)
