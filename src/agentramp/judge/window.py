"""What was counted of both arms in one window. The unit is the session wherever a source knows it.

A window is half-open: it holds the sessions that *began* in ``[start, end)``, each of them once,
on the version it was given then. What became of them is read once, after the window has closed.
"""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise


class Unit(Enum):
    """What a source counts. Turns of one session fail together, so requests are discounted."""

    SESSIONS = "sessions"
    REQUESTS = "requests"


class Metric(Enum):
    """What a canary can be worse in; the budgets of alpha are given by these names."""

    ERRORS = "errors"
    LATENCY = "latency"
    COST = "cost"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there were, and how many of them went bad."""

    sessions: int = 0
    bad: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.sessions:
            raise ValueError(f"{self.bad} bad of {self.sessions}: not 0 <= bad <= sessions")

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.sessions + other.sessions, self.bad + other.bad)


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram of one value per session, with its moments.

    ``bounds`` are the buckets' upper edges, inclusive and ascending; ``counts`` has one more entry
    for what lies above the last. ``total`` and ``squares`` are the sums of values and of their
    squares; 0 where the source does not know them. Latency is in seconds to the first byte, cost
    in whatever unit the source counts.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float = 0.0
    squares: float = 0.0

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.bounds) + 1 or any(count < 0 for count in self.counts):
            raise ValueError(f"{len(self.bounds)} bounds need one more count, none negative")
        if any(low >= high for low, high in pairwise(self.bounds)):
            raise ValueError("bounds must ascend")

    @property
    def sessions(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Arm:
    """One version in one window; None where the source does not know that metric."""

    errors: Tally
    latency: Spread | None = None
    cost: Spread | None = None
    quality: Tally | None = None

    @property
    def sessions(self) -> int:
        return self.errors.sessions


@dataclass(frozen=True, slots=True)
class Window:
    """``start`` and ``end`` are seconds since 1970-01-01 UTC; ``weight`` was the canary's percent.

    ``weight`` is None where nobody knows it, and the sample-ratio guard is then silent.
    """

    start: float
    end: float
    canary: Arm
    stable: Arm
    weight: int | None = None
