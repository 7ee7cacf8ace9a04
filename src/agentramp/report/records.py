"""A journal's records in words: the same in a terminal and on a page."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice

from agentramp.judge.verdict import Decision
from agentramp.ramp import Standing, standings
from agentramp.record import (
    Adopted,
    Event,
    Installed,
    Installing,
    Judged,
    Moved,
    Moving,
    Record,
    Removed,
    Removing,
    Undone,
    Uninstalled,
    sentence,
)
from agentramp.report.moments import moment
from agentramp.report.plain import columns, cut, harmless, wrapped

HOLDS = "="
_BEGINS = (Moving, Removing, Installing)
_ENDS = (Moved, Undone, Removed, Installed, Uninstalled)
_LEAST, _NAME = 20, 60


class Loose(Enum):
    """A move that was begun and whose end is not in the journal."""

    OPEN = "no end is recorded: a run is at it, or died in it"
    GIVEN_UP = "no end is recorded: given up"


@dataclass(frozen=True)
class Told:
    """One record in words; ``loose`` where it is a move without its end."""

    at: float
    verb: str
    by: str
    sentence: str
    event: Event
    loose: Loose | None = None

    @property
    def whole(self) -> str:
        return f"{self.sentence} [{self.loose.value}]" if self.loose else self.sentence


def told(records: Sequence[Record], last: int | None = None) -> tuple[Told, ...]:
    """Of all records, or of the ``last`` ones."""
    loose = _loose(records, standings(records))
    before = (None, *(record.event for record in records))
    first = 0 if last is None else max(0, len(records) - last)
    return tuple(
        Told(
            record.at,
            harmless(record.verb),
            harmless(record.by),
            harmless(sentence(_short(record.event, before[number]))),
            record.event,
            loose.get(number),
        )
        for number, record in islice(enumerate(records), first, None)
    )


def _short(event: Event, before: Event | None) -> Event:
    """A move for the reason that stands in the line above it need not say it again."""
    if isinstance(event, Moving) and isinstance(before, Judged) and event.reason == before.reason:
        return replace(event, reason="")
    return event


def _loose(records: Sequence[Record], after: Iterable[Standing]) -> dict[int, Loose]:
    """Which moves have no end, by their place in the journal."""
    found: dict[int, Loose] = {}
    last: int | None = None
    for number, (record, now) in enumerate(zip(records, after, strict=True)):
        if last is not None and not isinstance(record.event, _ENDS):
            if isinstance(record.event, _BEGINS) or now.open is None:
                found[last], last = Loose.GIVEN_UP, None
        elif last is not None:
            last = None
        if isinstance(record.event, _BEGINS):
            last = number
    if last is not None:
        found[last] = Loose.OPEN
    return found


def mark(event: Event) -> str:
    """One character that says at a glance what kind of record this is."""
    match event:
        case Judged(decision=Decision.ROLLBACK):
            return "!"
        case Judged(decision=Decision.ADVANCE):
            return "+"
        case Judged():
            return HOLDS
        case Moved() | Undone() | Removed() | Adopted() | Installed() | Uninstalled():
            return ">"
        case _:
            return " "


def listed(records: Sequence[Told], width: int = 80) -> Iterator[str]:
    """A line for each record, and more where its sentence is long.

    Who did it stands at the end, where that is not who did the record above.
    """
    verbs = max((columns(record.verb) for record in records), default=0)
    above = ""
    for record in records:
        head = f"{moment(record.at)}  {record.verb:<{verbs}} {mark(record.event)} "
        who = f" - {cut(record.by, _NAME)}" if record.by != above else ""
        above = record.by
        first, *others = wrapped(record.whole + who, max(_LEAST, width - columns(head)))
        yield head + first
        yield from (" " * columns(head) + line for line in others)
