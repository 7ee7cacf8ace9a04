"""Counters in Prometheus' text format that misbehave in every way, as seconds pass.

A window begins at 0 and the next one at ``SECONDS``; counters move at ``MIDDLE`` of a window.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agentramp.judge.window import Tally

SECONDS, MIDDLE = 6.0, 2.2
_BACK = 4.4  # long enough after MIDDLE for a scrape or two, and for the grid to see it

Value = float | None
Counts = Callable[[float], tuple[Value, Value]]
"""Counted and bad after so many seconds; None is no series at all."""


@dataclass(frozen=True)
class Case:
    """``expected`` are both arms, or what the reason says."""

    name: str
    canary: Counts
    stable: Counts
    expected: tuple[Tally, Tally] | str
    final: bool = True


def moving(before: tuple[Value, Value], after: tuple[Value, Value]) -> Counts:
    return lambda seconds: after if seconds >= MIDDLE else before


def dipping(before: tuple[Value, Value], dip: tuple[Value, Value]) -> Counts:
    return lambda seconds: dip if MIDDLE <= seconds < _BACK else before


STABLE = moving((1000, 20), (1090, 22))
GROWN = Tally(90, 2)
NEW, GONE = moving((None, None), (12, 3)), moving((50, 1), (None, None))
NOTHING: Counts = lambda _: (None, None)  # noqa: E731 - a value among values

CASES = (
    Case("healthy", moving((50, 1), (60, 2)), STABLE, (Tally(10, 1), GROWN)),
    Case("idle", lambda _: (50, 1), STABLE, (Tally(0, 0), GROWN)),
    Case("new", NEW, STABLE, (Tally(12, 3), GROWN)),
    Case("never", NOTHING, STABLE, (Tally(0, 0), GROWN)),
    Case("late-failures", moving((50, None), (60, 1)), STABLE, (Tally(10, 1), GROWN)),
    Case("no-failures", moving((50, None), (60, None)), STABLE, (Tally(10, 0), GROWN)),
    Case("reset", moving((50, 1), (4, 0)), STABLE, "counted of version 2: its counter was reset"),
    Case("reset-bad", moving((50, 9), (60, 1)), STABLE, "bad of version 2: its counter was reset"),
    Case(
        "reset-and-past",
        lambda s: (50, 1) if s < MIDDLE else (2, 0) if s < _BACK else (70, 1),
        STABLE,
        "its counter was reset",
    ),
    Case("nan", moving((50, 1), (float("nan"), 1)), STABLE, "its value is not a number"),
    Case("infinite", moving((50, 1), (60, float("inf"))), STABLE, "its value is not a number"),
    Case("nan-meanwhile", dipping((50, 1), (float("nan"), 1)), STABLE, "not a number"),
    Case("gone", GONE, STABLE, "its series ends in the window"),
    Case("gap", dipping((50, 1), (None, None)), STABLE, "its series has a gap"),
    Case("stable-gone", moving((50, 1), (60, 1)), moving((9, 1), (None, None)), "of version 1"),
    Case("ended", lambda s: (50, 1) if s < -1.5 else (None, None), STABLE, "ended before"),
    Case(
        "away",
        lambda s: (None, None) if -1.5 <= s < MIDDLE else (50, 1),
        STABLE,
        "was away when the window began",
    ),
    Case("both-new", NEW, NEW, "nothing shows that it began at 0"),
    Case("no-bad", lambda _: (50, None), lambda _: (90, None), "or 0 * (<counted>)"),
    Case("fraction", moving((50, 1), (60.5, 1)), STABLE, "10.5 is not a whole number"),
    Case("over", moving((50, 1), (51, 3)), STABLE, (Tally(2, 2), GROWN)),
    Case("all-gone", GONE, GONE, "ends in the window", final=False),
    Case("histogram", moving((50, 1), (60, 2)), STABLE, (Tally(10, 1), GROWN)),
)


def metrics(seconds: float) -> str:
    lines = ["# TYPE agentramp_sessions_total counter", *_counter("sessions", 0, seconds)]
    lines += ["# TYPE agentramp_failed_sessions_total counter"]
    lines += _counter("failed_sessions", 1, seconds)
    return "\n".join([*lines, *_histograms(seconds), ""])


def _counter(name: str, index: int, seconds: float) -> list[str]:
    return [
        f'agentramp_{name}_total{{runtime="{case.name}",endpoint="production",'
        f'version="{version}"}} {value}'
        for case in CASES
        for version, counts in ((2, case.canary), (1, case.stable))
        for value in [counts(seconds)[index]]
        if value is not None
    ]


def _histograms(seconds: float) -> list[str]:
    """Of the stable version only; what is cumulative in ``spent`` falls in ``wrong``."""
    grown = 1 if seconds >= MIDDLE else 0
    buckets = {
        "spent": {"0.5": 5, "1.0": 15, "+Inf": 20},
        "wrong": {"0.5": 9, "1.0": 5, "+Inf": 20},
        "odd": {"0.5": 5, "1.0": 15},
    }
    return [
        f'{name}_bucket{{runtime="histogram",version="1",le="{edge}"}} {100 + grown * count}'
        for name, counts in buckets.items()
        for edge, count in counts.items()
    ]
