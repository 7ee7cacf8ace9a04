"""What truly happened in one schedule: every effective change of traffic and every record."""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import lru_cache

from agentramp.journal.memory import MemoryJournal
from agentramp.model import Endpoint, Observed, Split
from agentramp.plan import Subject
from agentramp.platform.agentrun.wire import encode_split
from agentramp.platform.memory import MemoryPlatform
from agentramp.record import Record

SUBJECT = Subject("agent", "production")
PERSON = "person"


@dataclass(frozen=True)
class Effect:
    """Traffic changed, or was set to what it was, at ``at``; the journal had ``records`` then."""

    at: float
    before: Split | None
    after: Split
    by: str
    records: int


@dataclass
class Truth:
    """The platform and the journal themselves. ``now`` is the platform's time in seconds."""

    now: float
    platform: MemoryPlatform = field(init=False)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    effects: list[Effect] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    """When each record came in."""
    authors: list[str] = field(default_factory=list)
    """Who wrote each record, whatever it says itself."""
    runtime_id: str = ""

    def __post_init__(self) -> None:
        self.platform = MemoryPlatform(clock=lambda: self.now)

    @property
    def endpoint(self) -> Endpoint | None:
        shelf = self.platform.shelves[self.runtime_id]
        return next(iter(shelf.endpoints.values()), None)

    @property
    def split(self) -> Split | None:
        found = self.endpoint
        return found.split if found else None

    @property
    def records(self) -> tuple[Record, ...]:
        return self.journal.read(SUBJECT)

    def set_split(self, endpoint_id: str, split: Split, by: str) -> Endpoint:
        before = self.split
        endpoint = self.platform.set_split(self.runtime_id, endpoint_id, split)
        self._note(before, split, by)
        return endpoint

    def create(self, name: str, split: Split, by: str) -> Endpoint:
        endpoint = self.platform.create_endpoint(self.runtime_id, name, split)
        self._note(None, split, by)
        return endpoint

    def append(self, records: tuple[Record, ...], expected: int, by: str) -> None:
        self.journal.append(SUBJECT, *records, expected=expected)
        self.said += [self.now] * len(records)
        self.authors += [by] * len(records)

    def _note(self, before: Split | None, after: Split, by: str) -> None:
        self.effects.append(Effect(self.now, before, after, by, len(self.records)))

    def observed(self, at: float) -> Observed:
        """What reading showed at ``at``: ``now``, or the state that a stale answer tells of."""
        seen = self.platform.observe(SUBJECT.runtime)
        if at >= self.now or not seen.endpoints:
            return seen
        found = self.endpoint_at(at)
        return replace(seen, endpoints=(found,) if found else ())

    def endpoint_at(self, at: float) -> Endpoint | None:
        there = self.endpoint
        split = self.split_at(at)
        return replace(there, split=split) if there and split else None

    def split_at(self, at: float) -> Split | None:
        for effect in reversed(self.effects):
            if effect.at <= at:
                return effect.after
        return self.effects[0].before if self.effects else self.split

    def records_at(self, at: float) -> tuple[Record, ...]:
        return self.records[: bisect_right(self.said, at)]

    def served(self, split: Split, since: float) -> bool:
        """Whether ``split`` served at any moment from ``since`` to now."""
        if self.split_at(since) == split:
            return True
        return any(effect.at >= since and effect.after == split for effect in self.effects)


@lru_cache
def wire_sum(split: Split) -> float:
    """What the weights sum to as they are sent: the target takes what the entries leave."""
    body = encode_split(split)
    routing = body["routingConfiguration"]
    assert isinstance(routing, dict)  # noqa: S101 - our own encoder's form
    entries = routing["versionWeights"]
    assert isinstance(entries, list)  # noqa: S101 - our own encoder's form
    shares = [float(entry["weight"]) for entry in entries]
    target = 1 - sum(shares)
    whole = all(0 < share < 1 for share in shares) and target > 0
    return round(100 * (target + sum(shares)), 6) if whole else -1.0
