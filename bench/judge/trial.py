"""Feeds the same streams to every rule until it rolls back, and keeps what that took."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agentramp.judge.verdict import Decision
from bench.judge.chance import seeded
from bench.judge.counts import Counts
from bench.judge.streams import Maker, Stream

BOUND_SDS = 1.96


class Rule(Protocol):
    def observe(self, counts: Counts, /) -> Decision: ...


@dataclass(frozen=True)
class Entrant:
    """``portion`` of the streams are shown to it.

    ``stricter_than`` names an entrant before it without whose rollback this one cannot roll back,
    so that it is shown only what that one rolled back: the same E-value, a higher threshold.
    """

    name: str
    make: Callable[[], Rule]
    portion: float = 1.0
    stricter_than: str = ""


@dataclass
class Outcome:
    """``exposed`` counts canary sessions until rollback; ``extra`` bad ones, over all runs."""

    runs: int = 0
    rollbacks: int = 0
    exposed: int = 0
    extra: float = 0.0

    def add(self, rule: Rule, stream: Stream) -> bool:
        """Whether it rolled back."""
        self.runs += 1
        seen = 0
        for counts in stream:
            seen += counts.canary
            self.extra += counts.excess
            if rule.observe(counts) is Decision.ROLLBACK:
                self.rollbacks += 1
                self.exposed += seen
                return True
        return False

    def spared(self) -> None:
        """A run that cannot end in a rollback; what it served is not known."""
        self.runs += 1
        self.extra = math.nan

    @property
    def percent(self) -> float:
        return 100 * self.rollbacks / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        return interval(self.rollbacks, self.runs)

    @property
    def exposure(self) -> float:
        return self.exposed / self.rollbacks if self.rollbacks else math.nan

    def breaks(self, bound: float) -> bool:
        """In doubt it does not: a peer is out only where all of its interval is above the bound."""
        return self.interval[0] > bound


def interval(hits: int, runs: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a chance, in percent."""
    z_squared = BOUND_SDS**2
    middle = (hits + z_squared / 2) / (runs + z_squared)
    half = BOUND_SDS / (runs + z_squared) * math.sqrt(hits * (runs - hits) / runs + z_squared / 4)
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def compete(
    entrants: Sequence[Entrant], make: Maker, runs: int, names: tuple[object, ...]
) -> dict[str, Outcome]:
    """``names`` are what the streams are seeded with: the same names give the same streams."""
    outcomes = {entrant.name: Outcome() for entrant in entrants}
    for run in range(runs):
        stream, back = make(seeded(*names, run)), set()
        for entrant in entrants:
            if run >= entrant.portion * runs:
                continue
            if entrant.stricter_than and entrant.stricter_than not in back:
                outcomes[entrant.name].spared()
            elif outcomes[entrant.name].add(entrant.make(), stream):
                back.add(entrant.name)
    return outcomes
