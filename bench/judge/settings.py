"""What a run of the bench is given, and what its later tables have to know of the earlier ones."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agentramp.judge.verdict import Rules
from bench.judge.trial import Outcome, Rule

BASE_RUNS = 2000
LEAST_RUNS = 10
BOUND = 5.0


@dataclass
class Standing:
    """Who broke the 5 % bound: in which cell without any change, at which traffic in an outage."""

    without_change: set[tuple[str, float, float]] = field(default_factory=set)
    in_outage: set[tuple[str, float]] = field(default_factory=set)
    known: bool = False

    def marks(self, name: str, traffic: float, rate: float) -> str:
        found = "a" if (name, traffic, rate) in self.without_change else ""
        return found + ("s" if (name, traffic) in self.in_outage else "")


@dataclass(frozen=True)
class Settings:
    """``runs`` are those of a cell of the first table; the others follow in proportion."""

    seed: int
    runs: int
    judge: Callable[[Rules], Rule]
    standing: Standing = field(default_factory=Standing)

    def scaled(self, runs: int) -> int:
        return max(LEAST_RUNS, round(runs * self.runs / BASE_RUNS))


def false_rate(outcome: Outcome) -> str:
    """A rate with its interval; ! where the bound is broken beyond doubt."""
    low, high = outcome.interval
    mark = "!" if outcome.breaks(BOUND) else " "
    return f"{outcome.percent:.1f} [{low:.1f}, {high:.1f}]{mark}"


def found(outcome: Outcome, marks: str = "") -> str:
    """Percent found @ canary sessions until rollback + bad sessions served beyond stable's rate."""
    extra = f"+{outcome.extra / outcome.runs:.1f}"
    if not outcome.rollbacks:
        return f"0 @ - {extra} {marks:2}"
    return f"{outcome.percent:.0f} @ {outcome.exposure:.0f} {extra} {marks:2}"
