"""Both arms in each window: rates with their intervals, and means."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeAlias

from agentramp.judge.window import Arm, Spread, Tally, Window
from agentramp.report.interval import rate, wilson
from agentramp.report.page.charts import WIDE, both, span
from agentramp.report.page.plot import (
    Frame,
    Point,
    dot,
    line,
    nice,
    picture,
    rows,
    square,
    tidy,
    times,
)
from agentramp.report.page.trial import Trial

_MOST = 45
"""Marks of one arm in a wide picture; where there are more windows, neighbours are pooled."""
_PERCENTILE = 0.8

Value: TypeAlias = tuple[float, float, float]
"""A value and the ends of its interval; all the same where it has none."""
Read: TypeAlias = Callable[[Sequence[Arm]], Value | None]


@dataclass(frozen=True)
class Seen:
    """One arm in some windows, which are ``length`` seconds about ``at``."""

    at: float
    length: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One arm over all windows that had something of it."""

    kind: str
    version: int
    seen: tuple[Seen, ...]


def rates(trial: Trial, title: str, name: str, tally: Callable[[Arm], Tally | None]) -> str:
    """Rates with Wilson intervals of 95 %; empty where no window had a session of it."""

    def value(arms: Sequence[Arm]) -> Value | None:
        found = sum(filter(None, map(tally, arms)), Tally())
        return (rate(found), *wilson(found)) if found.sessions else None

    return _chart(trial, title, name, value, _percent)


def means(trial: Trial, title: str, name: str, spread: Callable[[Arm], Spread | None]) -> str:
    """Means; empty where the source does not know the sums."""

    def value(arms: Sequence[Arm]) -> Value | None:
        found = [values for values in map(spread, arms) if values and values.total]
        sessions = sum(values.sessions for values in found)
        mean = sum(values.total for values in found) / sessions if sessions else 0.0
        return (mean, mean, mean) if sessions else None

    return _chart(trial, title, name, value, lambda value, _: f"{value:.4g}")


def pooled(trial: Trial, width: int) -> int:
    """How many windows one mark stands for in a picture of ``width``."""
    return max(1, math.ceil(len(trial.ramp.windows) / (_MOST * width // WIDE)))


def _pools(windows: Sequence[Window], size: int) -> Iterator[Sequence[Window]]:
    """Neighbours of one weight, ``size`` of them together."""
    for _, group in groupby(windows, lambda window: window.weight):
        alike = tuple(group)
        yield from (alike[first : first + size] for first in range(0, len(alike), size))


def _chart(
    trial: Trial, title: str, name: str, value: Read, label: Callable[[float, float], str]
) -> str:
    def draw(width: int, suffix: str) -> str:
        pools = tuple(_pools(trial.ramp.windows, pooled(trial, width)))
        lines = (
            Line("stable", trial.ramp.stable, _seen(pools, lambda w: w.stable, value)),
            Line("canary", trial.ramp.canary, _seen(pools, lambda w: w.canary, value)),
        )
        if not any(arm.seen for arm in lines):
            return ""
        high, step = nice(_top(lines))
        frame = Frame(width, 220, *span(trial), low=0, high=high)
        ticks = [number * step for number in range(round(high / step) + 1)]
        marks = [
            *rows(frame, [(tick, label(tick, step)) for tick in ticks]),
            *(mark for arm in lines for mark in _bars(frame, arm)),
            *times(frame),
        ]
        about = " ".join(_told(arm, label) for arm in lines)
        return picture(frame, f"{name}-{suffix}", title, about, marks)

    return both(draw) if draw(WIDE, "w") else ""


def _seen(
    pools: Sequence[Sequence[Window]], arm: Callable[[Window], Arm], value: Read
) -> tuple[Seen, ...]:
    return tuple(
        Seen((pool[0].start + pool[-1].end) / 2, pool[-1].end - pool[0].start, *found)
        for pool in pools
        if (found := value([arm(window) for window in pool])) is not None
    )


def _top(lines: tuple[Line, ...]) -> float:
    """High enough for every value and most intervals: one of a few sessions reaches far."""
    largest = max(seen.value for arm in lines for seen in arm.seen)
    highs = sorted(seen.high for arm in lines for seen in arm.seen)
    usual = highs[math.ceil((len(highs) - 1) * _PERCENTILE)]
    return max(min(highs[-1], max(2.2 * largest, usual)), 1.1 * largest, 1e-3)


def _bars(frame: Frame, arm: Line) -> Iterator[str]:
    """A mark with its interval; the arms stand beside each other."""
    points = []
    for seen in arm.seen:
        room = frame.x(seen.at + seen.length / 2) - frame.x(seen.at)
        x = frame.x(seen.at) + min(4.5, room / 2) * (1 if arm.kind == "canary" else -1)
        points.append((x, frame.y(seen.value)))
        if seen.high > seen.low:
            yield _whisker(frame, seen, x, arm.kind)
    yield from (line(group, f"thin {arm.kind}") for group in _groups(points, arm.seen))
    shape = dot if arm.kind == "canary" else square
    yield from (shape(x, y, f"mark {arm.kind}") for x, y in points)


def _whisker(frame: Frame, seen: Seen, x: float, kind: str) -> str:
    """With a cap at each end; an end that lies outside the plot has none."""
    low, high = frame.y(seen.low), frame.y(seen.high)
    caps = "".join(
        f"M{tidy(x - 3)} {tidy(end)}h6"
        for end, value in ((low, seen.low), (high, seen.high))
        if value <= frame.high
    )
    return f'<path class="whisker {kind}" d="M{tidy(x)} {tidy(low)}V{tidy(high)}{caps}"/>'


def _groups(points: Sequence[Point], seen: Sequence[Seen]) -> Iterator[list[Point]]:
    """Points of windows that follow each other closely; what was not seen is not drawn."""
    group = [*points[:1]]
    for point, (before, after) in zip(points[1:], pairwise(seen), strict=True):
        if after.at - before.at > 2.5 * after.length:
            yield group
            group = []
        group.append(point)
    if group:
        yield group


def _told(arm: Line, label: Callable[[float, float], str]) -> str:
    if not arm.seen:
        return f"Nothing of version {arm.version} ({arm.kind})."
    values = [seen.value for seen in arm.seen]
    low, high = label(min(values), 0.001), label(max(values), 0.001)
    return f"Version {arm.version} ({arm.kind}): between {low} and {high} over {len(values)} marks."


def _percent(value: float, step: float) -> str:
    """With as many decimals as the steps of an axis need."""
    digits = (
        0 if round(step * 100, 6).is_integer() else 1 if round(step * 1000, 6).is_integer() else 2
    )
    return f"{value * 100:.{digits}f} %"
