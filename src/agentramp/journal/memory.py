"""The journal in memory, for tests and for trying things out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from agentramp.journal.port import HeldError
from agentramp.plan import Subject
from agentramp.record import Record


@dataclass
class MemoryJournal:
    records: dict[Subject, tuple[Record, ...]] = field(default_factory=dict)
    held: set[Subject] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @contextmanager
    def hold(self, subject: Subject) -> Iterator[None]:
        if subject in self.held:
            raise HeldError(f"another run is working on {subject}", advice="let it end")
        self.held.add(subject)
        try:
            yield
        finally:
            self.held.discard(subject)

    def read(self, subject: Subject) -> tuple[Record, ...]:
        return self.records.get(subject, ())

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        with self._lock:
            before = self.records.get(subject, ())
            if len(before) != expected:
                raise HeldError(
                    f"another run wrote to the journal of {subject}", advice="run again"
                )
            self.records[subject] = (*before, *records)
