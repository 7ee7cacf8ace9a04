"""The journal in memory, for tests and for trying things out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from agentramp.journal.port import HeldError, Record
from agentramp.plan import Subject


@dataclass
class MemoryJournal:
    records: dict[Subject, list[Record]] = field(default_factory=dict)
    held: set[Subject] = field(default_factory=set)

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
        return tuple(self.records.get(subject, ()))

    def append(self, subject: Subject, record: Record, *, expected: int) -> None:
        records = self.records.setdefault(subject, [])
        if len(records) != expected:
            raise HeldError(f"another run wrote to the journal of {subject}", advice="run again")
        records.append(record)
