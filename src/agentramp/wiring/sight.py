"""What a verb saw last, for whoever tells of its end: nothing is asked a second time for that."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from agentramp.model import Observed
from agentramp.plan import Subject
from agentramp.ramp import Standing, standing
from agentramp.record import Record
from agentramp.report.result import Result

if TYPE_CHECKING:
    from agentramp.journal.port import Journal
    from agentramp.platform.port import Platform


@dataclass(frozen=True)
class Watched:
    """The endpoint that a verb is about, and who can say how it stands."""

    region: str
    subject: Subject
    platform: "Platform"


@dataclass
class Sight:
    """``ticked`` hears each end of a verb that goes on after it, as a watch does.

    ``began`` and ``records`` are an endpoint's journal as the verb first and last knew it.
    """

    ticked: Callable[[Result], None]
    where: Watched | None = None
    observed: dict[str, Observed] = field(default_factory=dict)
    began: dict[Subject, Standing] = field(default_factory=dict)
    records: dict[Subject, tuple[Record, ...]] = field(default_factory=dict)

    def platform(self, platform: "Platform") -> "Platform":
        return cast("Platform", _SeenPlatform(platform, self))

    def journal(self, journal: "Journal") -> "Journal":
        return cast("Journal", _SeenJournal(journal, self))

    def knows(self, subject: Subject, records: tuple[Record, ...]) -> None:
        self.began.setdefault(subject, standing(records))
        self.records[subject] = records


class _Seen:
    """All that a port does, by the one who does it."""

    def __init__(self, port: object, sight: Sight) -> None:
        self._port: Any = port
        self._sight = sight

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)


class _SeenPlatform(_Seen):
    def observe(self, runtime_name: str) -> Observed:
        found: Observed = self._port.observe(runtime_name)
        self._sight.observed[runtime_name] = found
        return found


class _SeenJournal(_Seen):
    def read(self, subject: Subject) -> tuple[Record, ...]:
        found: tuple[Record, ...] = self._port.read(subject)
        self._sight.knows(subject, found)
        return found

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        self._port.append(subject, *records, expected=expected)
        known = self._sight.records.get(subject, ())
        if len(known) == expected:
            self._sight.knows(subject, (*known, *records))
