"""Axes and marks of a small chart, as SVG text."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from agentramp.report.moments import at

Point = tuple[float, float]

_STEPS = (1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_DAY = 86_400
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_LETTER = 6.6  # about the width of a digit at 11 px


def tidy(value: float) -> str:
    """A coordinate; a tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Frame:
    """Where the plot lies in its picture, and what its axes span.

    ``low`` and ``high`` are of the vertical axis; with ``log`` both are powers of ten or above 0.
    """

    width: int
    height: int
    begin: float
    end: float
    low: float
    high: float
    log: bool = False
    left: int = 46
    right: int = 12
    top: int = 12
    bottom: int = 26

    @property
    def floor(self) -> int:
        return self.height - self.bottom

    @property
    def edge(self) -> int:
        return self.width - self.right

    def x(self, seconds: float) -> float:
        share = (seconds - self.begin) / (self.end - self.begin)
        return self.left + min(max(share, 0.0), 1.0) * (self.edge - self.left)

    def y(self, value: float) -> float:
        """Clipped to the plot: what is above its edge is drawn at it."""
        if self.log:
            value = math.log10(min(max(value, self.low), self.high))
            low, high = math.log10(self.low), math.log10(self.high)
        else:
            low, high = self.low, self.high
        share = (value - low) / (high - low)
        return self.floor - min(max(share, 0.0), 1.0) * (self.floor - self.top)


def picture(frame: Frame, name: str, title: str, about: str, marks: Sequence[str]) -> str:
    """``name`` is unique on the page."""
    return (
        f'<svg viewBox="0 0 {frame.width} {frame.height}" role="img"'
        f' aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(about)}</desc>'
        f"{''.join(marks)}</svg>"
    )


def rows(frame: Frame, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Horizontal lines with their labels; labels that would touch are left out."""
    last = math.inf
    for value, label in sorted(ticks):
        y = frame.y(value)
        if last - y < 13:  # noqa: PLR2004 - a line of text
            continue
        last = y
        yield f'<path class="grid" d="M{frame.left} {tidy(y)}H{frame.edge}"/>'
        yield text(frame.left - 7, y + 4, label, "end")


def times(frame: Frame) -> Iterator[str]:
    """The time axis, in UTC; the first label, and each at midnight, says the day."""
    last = -math.inf
    for seconds, label in _moments(frame):
        x = frame.x(seconds)
        yield f'<path class="tick" d="M{tidy(x)} {frame.floor}v4"/>'
        half = len(label) * _LETTER / 2
        held = min(max(x, frame.left - 30 + half), frame.width - 2 - half)
        if held - half > last:  # a label pushed in from the edge may lie on the one before
            yield text(held, frame.floor + 18, label, "middle")
            last = held + half
    yield f'<path class="axis" d="M{frame.left} {frame.floor}H{frame.edge}"/>'


def _moments(frame: Frame) -> Iterator[tuple[float, str]]:
    room = max(2, (frame.edge - frame.left) // 76)
    span = frame.end - frame.begin
    fitting = (step for step in _STEPS if span / step <= room)
    step = next(fitting, _DAY * max(1, math.ceil(span / _DAY / room)))
    first = math.ceil(frame.begin / step) * step
    day = ""
    for number in range(room + 1):
        seconds = first + number * step
        if seconds > frame.end:
            return
        moment = at(seconds)
        today = f"{moment.day} {moment.strftime('%b')}"
        clock = moment.strftime("%H:%M:%S" if step < 60 else "%H:%M")  # noqa: PLR2004 - a minute
        yield seconds, today if step >= _DAY else clock if today == day else f"{today} {clock}"
        day = today


def text(x: float, y: float, label: str, anchor: str = "start", kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{tidy(x)}" y="{tidy(y)}" text-anchor="{anchor}"{style}>{escape(label)}</text>'


def line(points: Sequence[Point], kind: str) -> str:
    return f'<path class="{kind}" d="{_path(points)}"/>' if points else ""


def area(upper: Sequence[Point], lower: Sequence[Point], kind: str) -> str:
    return f'<path class="{kind}" d="{_path([*upper, *reversed(lower)])}Z"/>' if upper else ""


def stairs(points: Sequence[Point], until: float) -> list[Point]:
    """Each value holds until the next one comes, the last one to ``until``."""
    path: list[Point] = []
    for (x, y), (next_x, _) in zip(points, [*points[1:], (until, 0.0)], strict=True):
        path += [(x, y), (next_x, y)]
    return path


def dot(x: float, y: float, kind: str, size: float = 3.5) -> str:
    return f'<circle class="{kind}" cx="{tidy(x)}" cy="{tidy(y)}" r="{size}"/>'


def square(x: float, y: float, kind: str, size: float = 3.2) -> str:
    side = 2 * size
    return (
        f'<rect class="{kind}" x="{tidy(x - size)}" y="{tidy(y - size)}"'
        f' width="{side}" height="{side}"/>'
    )


def nice(high: float) -> tuple[float, float]:
    """A round end of an axis at or above ``high``, and the step of its labels."""
    raw = max(high, 1e-9) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * by for by in _NICE if power * by >= raw * (1 - 1e-9))
    return step * math.ceil(high / step - 1e-9), step


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{tidy(x)} {tidy(y)}" for x, y in points)
