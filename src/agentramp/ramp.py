"""What the journal of an endpoint comes to: its settled split, open intents, the ramp in progress.

Pure: a fold over the records. Nothing else may decide what a record means.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from typing_extensions import assert_never

from agentramp.judge.verdict import Decision
from agentramp.judge.window import Window
from agentramp.model import Split
from agentramp.policy import DEFAULT_POLICY, Policy
from agentramp.record import (
    Adopted,
    Approved,
    Begun,
    Installed,
    Installing,
    Judged,
    Moved,
    Moving,
    Paused,
    Queued,
    Record,
    Refused,
    Removed,
    Removing,
    Resumed,
    Undone,
    Uninstalled,
)

CLOCK = 1.0
"""The platform tells its time to the second: a moment it told may be this much later."""
ENDING = frozenset({"abort", "rollback"})
"""Verbs whose move ends a ramp even where its canary had no traffic yet."""


class Ending(Enum):
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    REPLACED = "ended by another move"


@dataclass(frozen=True)
class Tail:
    """The end of a former step, at its weight, of which evidence is still to be read."""

    start: float
    end: float
    weight: int


@dataclass(frozen=True)
class Reached:
    """From ``at`` on, seconds since 1970-01-01 UTC, the canary had ``weight`` percent."""

    at: float
    weight: int


@dataclass(frozen=True)
class Ramp:
    """A canary on trial. ``weight`` is 0 until its first move was read back.

    ``entered_at`` is when the canary got the weight it has, ``watermark`` until when evidence is
    read; both are the platform's time. What of former steps is still to be read is in ``tails``.
    ``windows`` are all that were judged, ``here`` those of this step. ``blind`` counts the ticks in
    a row that had no evidence. ``path`` is every weight it had, oldest first.
    """

    id: str
    stable: int
    canary: int
    policy: Policy
    began_at: float
    weight: int
    entered_at: float
    watermark: float
    windows: tuple[Window, ...] = ()
    here: tuple[Window, ...] = ()
    paused: Paused | None = None
    approved: frozenset[int] = frozenset()
    blind: int = 0
    last: Judged | None = None
    tails: tuple[Tail, ...] = ()
    path: tuple[Reached, ...] = ()

    @property
    def stands_from(self) -> float:
        """From when on sessions are surely of this weight, and warm."""
        return self.entered_at + CLOCK + self.policy.warm_up

    @property
    def turned(self) -> str:
        """Why the evidence has said roll back; empty where it has not."""
        said = self.last is not None and self.last.decision is Decision.ROLLBACK
        return self.last.reason if self.last and said else ""

    def of_this_step(self, windows: tuple[Window, ...]) -> tuple[Window, ...]:
        return tuple(window for window in windows if window.start >= self.entered_at)


@dataclass(frozen=True)
class Intent:
    """A move that was begun and whose end nobody has recorded.

    ``removal``: it is to remove the endpoint, which serves ``after`` until it is gone.
    """

    verb: str
    at: float
    by: str
    before: Split | None
    after: Split
    reason: str
    removal: bool = False


@dataclass(frozen=True)
class Ended:
    """The last ramp that is over; ``reason`` is why it moved last."""

    ramp: Ramp
    ending: Ending
    at: float
    reason: str


@dataclass(frozen=True)
class Standing:
    """``generation`` is the number of records; a plan made from this standing is good for it only.

    ``abandoned`` are the targets of moves that were begun and given up: a run that was thought dead
    may still set one, late. ``served`` are the versions that were stable, oldest first, as a path.
    ``rejected`` are versions that evidence rolled back or a gate refused, with the reason.
    """

    generation: int = 0
    settled: Split | None = None
    open: Intent | None = None
    abandoned: tuple[tuple[Split, float], ...] = ()
    ramp: Ramp | None = None
    ended: Ended | None = None
    queued: int | None = None
    served: tuple[int, ...] = ()
    rejected: tuple[tuple[int, str], ...] = ()

    @property
    def meant(self) -> Split | None:
        """What the endpoint is to serve as far as the journal knows."""
        return self.open.after if self.open else self.settled

    @property
    def lease(self) -> float:
        """How long a run that has said nothing is taken to be alive, in seconds."""
        return (self.ramp.policy if self.ramp else DEFAULT_POLICY).lease


def standing(records: Iterable[Record]) -> Standing:
    fold = _Fold()
    for record in records:
        fold.add(record)
    return fold.now


def standings(records: Iterable[Record]) -> Iterator[Standing]:
    """What the journal came to after each of the records."""
    fold = _Fold()
    for record in records:
        fold.add(record)
        yield fold.now


@dataclass
class _Fold:
    now: Standing = field(default_factory=Standing)
    first: Intent | None = None
    """The first move that was begun since a split was settled: until then that one stood."""

    def add(self, record: Record) -> None:  # noqa: C901, PLR0912 - one case for each kind
        self.now = replace(self.now, generation=self.now.generation + 1)
        event, at = record.event, record.at
        match event:
            case Moving(before, after, reason):
                self._abandon()
                intent = Intent(record.verb, at, record.by, before, after, reason)
                self.now = replace(self.now, open=intent)
                self.first = self.first or intent
            case Moved(before, after):
                self._moved(record, after)
                self._serve(before, after)
            case Undone(_, after):
                if self.now.open and self.now.open.after != after:
                    self._abandon()
                self._settle(after, at, "undone")
            case Removing(before):
                self._abandon()
                why = "remove the endpoint"
                intent = Intent(record.verb, at, record.by, before, before, why, removal=True)
                self.now = replace(self.now, open=intent)
            case Removed():
                self.now, self.first = Standing(self.now.generation), None
            case Adopted(split):
                self._abandon()
                self._settle(split, at, "adopted")
                self._serve(split)
                self.now = replace(self.now, queued=None)
            case Begun(ramp, stable, canary, policy):
                begun = Ramp(ramp, stable, canary, policy, at, 0, at, at)
                settled = self.now.settled or Split(stable)
                self.now = replace(self.now, ramp=begun, queued=None, settled=settled)
            case Queued(version):
                self.now = replace(self.now, queued=version, rejected=self._forgiven(version))
            case Refused(version, reason):
                self._reject(version, reason)
            case Judged() | Paused() | Resumed() | Approved():
                if self.now.ramp:
                    self.now = replace(self.now, ramp=_told(self.now.ramp, event))
            case Installing() | Installed() | Uninstalled():
                pass  # of a component, whose server splits no traffic: see agentramp.mounts
            case _:
                assert_never(event)

    def _moved(self, record: Record, after: Split) -> None:
        """Who recorded it may be another than who began it, and that one may set it once more."""
        begun = self.now.open
        asked = record.verb in ENDING or (begun is not None and begun.verb in ENDING)
        first = self.first
        stood = first.at if first and first.before == self.now.settled else None
        if begun and record.at - begun.at >= self.now.lease:
            self._abandon()
        reason = begun.reason if begun else ""
        self._settle(after, record.at, reason, ends=asked, stood=stood)
        if "rollback" in {record.verb, begun.verb if begun else ""}:
            self.now = replace(self.now, queued=None)

    def _abandon(self) -> None:
        if self.now.open and not self.now.open.removal:
            late = (*self.now.abandoned, (self.now.open.after, self.now.open.at))
            self.now = replace(self.now, abandoned=late)
        self.now = replace(self.now, open=None)

    def _settle(
        self,
        split: Split,
        at: float,
        reason: str,
        *,
        ends: bool = False,
        stood: float | None = None,
    ) -> None:
        self.now = replace(self.now, settled=split, open=None)
        self.first = None
        ramp = self.now.ramp
        if ramp is None:
            return
        weight = dict(split.canaries).get(ramp.canary)
        if split.stable == ramp.stable and weight and len(split.canaries) == 1:
            self.now = replace(self.now, ramp=_entered(ramp, weight, at, stood))
        elif ends or ramp.weight or split != Split(ramp.stable):
            self._end(ramp, split, at, reason)

    def _end(self, ramp: Ramp, split: Split, at: float, reason: str) -> None:
        ending = Ending.REPLACED
        if split == Split(ramp.canary):
            ending = Ending.PROMOTED
        elif split == Split(ramp.stable):
            ending = Ending.ROLLED_BACK
        ended = Ended(ramp, ending, at, reason)
        if ending is Ending.ROLLED_BACK and ramp.turned:
            self._reject(ramp.canary, ramp.turned)
        if ending is Ending.PROMOTED:
            self.now = replace(self.now, rejected=self._forgiven(ramp.canary))
        self.now = replace(self.now, ramp=None, ended=ended)

    def _forgiven(self, version: int) -> tuple[tuple[int, str], ...]:
        return tuple(one for one in self.now.rejected if one[0] != version)

    def _reject(self, version: int, reason: str) -> None:
        left = None if self.now.queued == version else self.now.queued
        rejected = (*self.now.rejected, (version, reason))
        self.now = replace(self.now, rejected=rejected, queued=left)

    def _serve(self, *splits: Split | None) -> None:
        path = list(self.now.served)
        for split in filter(None, splits):
            if isinstance(split.stable, int):
                _visit(path, split.stable)
        self.now = replace(self.now, served=tuple(path))


def _entered(ramp: Ramp, weight: int, at: float, stood: float | None) -> Ramp:
    """The ramp on another step; what the former one has left to read is read later."""
    start = max(ramp.watermark, ramp.stands_from)
    tails = ramp.tails
    if stood is not None and ramp.weight and stood > start:
        tails = (*tails, Tail(start, stood, ramp.weight))
    watermark = ramp.watermark if tails else at
    stays = bool(ramp.path) and ramp.path[-1].weight == weight
    return replace(
        ramp,
        weight=weight,
        entered_at=at,
        watermark=watermark,
        here=(),
        tails=tails,
        blind=0,
        path=ramp.path if stays else (*ramp.path, Reached(at, weight)),
    )


def _told(ramp: Ramp, event: Judged | Paused | Resumed | Approved) -> Ramp:
    match event:
        case Judged(windows=windows, watermark=watermark, blind=blind):
            return replace(
                ramp,
                windows=ramp.windows + windows,
                here=ramp.here + ramp.of_this_step(windows),
                watermark=max(ramp.watermark, watermark),
                tails=tuple(tail for tail in ramp.tails if tail.end > watermark),
                blind=ramp.blind + 1 if blind else 0,
                last=event,
            )
        case Paused():
            return replace(ramp, paused=event)
        case Resumed():
            return replace(ramp, paused=None)
        case Approved(weight):
            return replace(ramp, approved=ramp.approved | {weight})
        case _:
            assert_never(event)


def _visit(path: list[int], number: int) -> None:
    """Going back drops what came after."""
    if number in path:
        del path[path.index(number) + 1 :]
    else:
        path.append(number)
