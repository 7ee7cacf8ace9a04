"""The journal port: one append-only list of records for each subject.

The platform is the truth; the journal says how it came to be so. What a move's intent, its end and
the other records mean stands in ``agentramp.record``.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from agentramp.errors import RefusedError, SupersededError
from agentramp.plan import Subject
from agentramp.record import Record


class JournalError(RefusedError):
    """The journal could not be read or written, so nothing was changed."""


class HeldError(SupersededError):
    """Another run holds the subject, or wrote to its journal since it was read."""


class Journal(Protocol):
    def hold(self, subject: Subject) -> AbstractContextManager[None]:
        """Keep others from acting on ``subject``; raises HeldError. A dead holder holds nothing.

        A courtesy: it may know only this machine, or nobody. ``append`` is the safety.
        """
        ...

    def read(self, subject: Subject) -> tuple[Record, ...]:
        """All records, oldest first; raises JournalError where a newer agentramp wrote one."""
        ...

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        """Add all of the records or none, if there are ``expected`` ones now; else HeldError.

        Where the answer to a write is lost, the journal itself finds out whether its records are
        in: after a return they are, once. After a HeldError the subject is somebody else's.
        """
        ...
