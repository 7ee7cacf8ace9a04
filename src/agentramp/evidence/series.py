"""Cumulative series on a grid of times, and how much each grew in a window: pure.

Times are whole milliseconds since 1970-01-01 UTC. The grid is finer than a window, so that a
counter that was reset, or was not there for a while, is seen even where both edges look well.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from agentramp.evidence.port import Span

Values: TypeAlias = Mapping[int, float]
"""One series: value by time; a time that is absent had none."""

LOOK_BACK: Final = 3_600_000
"""How long a series must not have been there to be taken for a new one that began at 0."""
_FINEST: Final = 15_000
_LEAST_STEPS, _MOST_STEPS = 4, 1000
_MOST_BEFORE, _MOST_AFTER = 4000, 400
_ROUNDING: Final = 1e-9


class Unusable(Exception):  # noqa: N818 - an answer, told to the caller as Missing
    """Why a window cannot be counted; ``final`` is False where asking later may help."""

    def __init__(self, reason: str, *, final: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True)
class Grid:
    """Spans whose edges lie on ``start``, ``start + step``, ... up to ``end``."""

    start: int
    end: int
    step: int
    spans: tuple[Span, ...]

    def times(self, span: Span) -> range:
        """The times of a window, both edges included."""
        return range(edge(span.start), edge(span.end) + 1, self.step)


def edge(seconds: float) -> int:
    return round(seconds * 1000)


def grids(spans: Iterable[Span], most_points: int) -> tuple[Grid, ...]:
    """As few grids as hold all spans, with at most ``most_points`` times in each."""
    found: list[Grid] = []
    for span in sorted(spans, key=lambda span: (edge(span.end) - edge(span.start), span.start)):
        grown = _grown(found[-1], span) if found else None
        if grown is not None and (grown.end - grown.start) // grown.step < most_points:
            found[-1] = grown
        else:
            found.append(_grid(span))
    return tuple(found)


def _grid(span: Span) -> Grid:
    start, length = edge(span.start), edge(span.end) - edge(span.start)
    step = _step(length)
    before = min(-(-LOOK_BACK // step), _MOST_BEFORE)
    return Grid(start - before * step, _last(span, start, step), step, (span,))


def _grown(grid: Grid, span: Span) -> Grid | None:
    """``grid`` with one more span, None where that does not lie on it."""
    start, length = edge(span.start), edge(span.end) - edge(span.start)
    if (start - grid.start) % grid.step or _step(length) != grid.step or length % grid.step:
        return None
    end = max(grid.end, _last(span, start, grid.step))
    return Grid(grid.start, end, grid.step, (*grid.spans, span))


def _last(span: Span, start: int, step: int) -> int:
    """As late as the window is settled, since what is seen then shows that the source lives."""
    late = max(edge(span.settled), edge(span.end)) - start
    after = -(-(late) // step)
    return start + min(after, (edge(span.end) - start) // step + _MOST_AFTER) * step


def _step(length: int) -> int:
    """The largest part of a window that is fine enough, or the whole where none divides it."""
    for parts in range(_LEAST_STEPS, _MOST_STEPS):
        if length % parts == 0 and length // parts <= _FINEST:
            return length // parts
    return length


def growth(own: Values | None, other: Values | None, times: range) -> float:
    """How much a counter grew from the first of ``times`` to the last; raises Unusable.

    ``other`` is the other version's series of the same expression: where that is there, one that
    is not has never counted anything.
    """
    values = [(own or {}).get(time) for time in times]
    seen = [value for value in values if value is not None]
    if not all(map(math.isfinite, seen)):
        raise Unusable("its value is not a number")
    if not seen:
        return _never(own or {}, other or {}, times)
    if values[-1] is None:
        raise Unusable("its series ends in the window", final=_is_past(own, other, times))
    if None in values[len(values) - len(seen) :]:
        raise Unusable("its series has a gap in the window")
    if len(seen) < len(values):
        _must_be_new(own or {}, other or {}, times)
        seen.insert(0, 0.0)
    if any(_is_below(late, early) for early, late in pairwise(seen)):
        raise Unusable("its counter was reset in the window")
    return max(0.0, seen[-1] - seen[0])


def _never(own: Values, other: Values, times: range) -> float:
    """No value in the whole window: 0 where that can be known."""
    if any(time < times[0] for time in own):
        raise Unusable("its series ended before the window", final=_is_past(own, other, times))
    if all(time in other for time in times):
        return 0.0
    raise Unusable("there is no series of it", final=_is_past(own, other, times))


def _must_be_new(own: Values, other: Values, times: range) -> None:
    """A series that begins in the window began at 0, unless it was only away."""
    began = next(time for time in times if time in own)
    if any(time < times[0] for time in own):
        raise Unusable("its series was away when the window began")
    if not all(time in other for time in range(times[0], began, times.step)):
        raise Unusable("its series begins in the window, and nothing shows that it began at 0")


def _is_past(own: Values | None, other: Values | None, times: range) -> bool:
    """Whether the source has gone on: it knows something of the window's end or later."""
    return any(time >= times[-1] for values in (own, other) for time in values or ())


def _is_below(late: float, early: float) -> bool:
    """Sums of fractions may differ in their last digits."""
    return late < early - _ROUNDING * max(1.0, abs(early))


def whole(value: float) -> int:
    """A count; raises Unusable where it has a fraction."""
    count = round(value)
    if abs(value - count) > 1e-6:  # noqa: PLR2004 - far above rounding, far below one
        raise Unusable(f"{value:g} is not a whole number; ask for a counter, not for a rate")
    return count


def buckets(growths: Mapping[float, float]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Bounds and counts from cumulative ``growths`` by upper edge; raises Unusable."""
    edges = sorted(growths)
    if not edges or not math.isinf(edges[-1]):
        raise Unusable('its buckets have no le="+Inf"')
    below = [0, *(whole(growths[upper]) for upper in edges)]
    counts = tuple(late - early for early, late in pairwise(below))
    if min(counts) < 0:
        raise Unusable("its buckets do not add up; usual cause: the versions' buckets differ")
    return tuple(edges[:-1]), counts
