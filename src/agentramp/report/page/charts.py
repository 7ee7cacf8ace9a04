"""The charts of one ramp. Each is drawn wide and narrow, as text in a picture shrinks with it."""

import math
from collections.abc import Callable, Iterator

from agentramp.model import FULL
from agentramp.record import Adopted, Approved, Event, Paused, Resumed
from agentramp.report.moments import lasting
from agentramp.report.page.plot import (
    Frame,
    area,
    dot,
    line,
    picture,
    rows,
    stairs,
    text,
    tidy,
    times,
)
from agentramp.report.page.trial import Trial, state

WIDE, NARROW = 900, 380
_LOWEST_E = 1e-3
_PLAIN, _MANY = 1e6, 80


def both(draw: Callable[[int, str], str]) -> str:
    """``draw`` is given a width and a suffix for names; a style shows one picture of the two."""
    wide, narrow = draw(WIDE, "w"), draw(NARROW, "n")
    return f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>'


def span(trial: Trial) -> tuple[float, float]:
    """What the time axes of a ramp's charts show; a little more than there is, so ends are seen."""
    begin = trial.ramp.began_at
    length = max(trial.until - begin, min(trial.ramp.policy.window, 300.0), 1.0)
    return begin, begin + length * 1.03


def weights(trial: Trial, name: str) -> str:
    return both(lambda width, suffix: _weights(trial, width, f"{name}-weights-{suffix}"))


def _weights(trial: Trial, width: int, name: str) -> str:
    frame = Frame(width, 194, *span(trial), low=0, high=FULL, top=18)
    points = [(frame.x(at), frame.y(weight)) for at, weight in trial.weights]
    # What an ended ramp left behind goes on to the edge, so that its last step can be seen.
    path = stairs(points, frame.x(trial.until) if trial.is_current else frame.edge)
    base = [(x, float(frame.floor)) for x, _ in path]
    ladder = sorted({0, FULL, *(rung.weight for rung in trial.ramp.policy.rungs)})
    marks = [
        *_pauses(trial, frame),
        *rows(frame, [(weight, f"{weight} %") for weight in ladder]),
        area(path, base, "fill canary"),
        line(path, "line canary"),
        *_people(trial, frame),
        *times(frame),
    ]
    told = ", ".join(
        f"{weight} % after {lasting(at - trial.ramp.began_at)}" for at, weight in trial.weights[1:]
    )
    about = f"The canary's share of sessions: {told or 'none'}. It is now: {state(trial)[1]}."
    return picture(frame, name, "Weight of the canary over time", about, marks)


def _pauses(trial: Trial, frame: Frame) -> Iterator[str]:
    since: float | None = None
    for record in trial.records:
        if isinstance(record.event, Paused) and since is None:
            since = record.at
        elif isinstance(record.event, Resumed) and since is not None:
            yield _band(frame, since, record.at)
            since = None
    if since is not None:
        yield _band(frame, since, trial.until)


def _band(frame: Frame, begin: float, end: float) -> str:
    x, width = frame.x(begin), max(frame.x(end) - frame.x(begin), 1.0)
    height = frame.floor - frame.top
    return (
        f'<rect class="paused" x="{tidy(x)}" y="{frame.top}" width="{tidy(width)}"'
        f' height="{height}"/>'
    )


def _people(trial: Trial, frame: Frame) -> Iterator[str]:
    """What people did, above the plot; words that would touch give way to their line alone."""
    last = -math.inf
    for record in trial.records:
        word = _deed(record.event)
        if not word:
            continue
        x = frame.x(record.at)
        yield f'<path class="deed" d="M{tidy(x)} {frame.top - 4}V{frame.floor}"/>'
        half = len(word) * 3.3
        held = min(max(x, frame.left + half), frame.edge - half)
        if held - half > last + 6:
            yield text(held, frame.top - 7, word, "middle")
            last = held + half


def _deed(event: Event) -> str:
    match event:
        case Paused():
            return "paused"
        case Resumed():
            return "resumed"
        case Approved(weight):
            return f"approved {weight} %"
        case Adopted():
            return "adopted"
        case _:
            return ""


def evidence(trial: Trial, name: str) -> str:
    return both(lambda width, suffix: _evidence(trial, width, f"{name}-e-{suffix}"))


def _evidence(trial: Trial, width: int, name: str) -> str:
    judged = trial.judged
    low, high = _decades([event.e for _, event in judged], [e.threshold for _, e in judged])
    frame = Frame(width, 210, *span(trial), low=low, high=high, log=True)
    until = frame.x(trial.until)
    limit = stairs([(frame.x(at), frame.y(said.threshold)) for at, said in judged], frame.edge)
    limit = [(float(frame.left), limit[0][1]), *limit]
    points = [(frame.x(at), frame.y(said.e)) for at, said in judged]
    most = [(x, float(frame.top)) for x, _ in limit]
    last = judged[-1][1]
    marks = [
        area(most, limit, "over"),
        *rows(frame, _powers(low, high)),
        line(limit, "threshold"),
        text(
            frame.left + 6,
            limit[0][1] - 6,
            f"rolls back at {figure(last.threshold)}",
            kind="halo limit",
        ),
        line(stairs(points, max(until, points[-1][0])), "line e"),
        *(dot(x, y, "e", 2.6 if len(points) < _MANY else 1.6) for x, y in points),
        *times(frame),
    ]
    about = (
        f"E ended at {figure(last.e)}; the canary is rolled back at {figure(last.threshold)}."
        f" Its largest value was {figure(max(event.e for _, event in judged))}."
    )
    return picture(frame, name, "E against its threshold, on a logarithmic axis", about, marks)


def _decades(values: list[float], limits: list[float]) -> tuple[float, float]:
    """Powers of ten that hold the thresholds and E, but not E's farthest ends."""
    low = min([max(min(values), _LOWEST_E), 0.1, *limits])
    high = max(max(limits) * 5, min(max(values), max(limits) * 1e3), 10.0)
    return _power(math.floor(math.log10(max(low, 1e-9)))), _power(math.ceil(math.log10(high)))


def _power(exponent: int) -> float:
    return 10.0 ** min(exponent, 300)


def _powers(low: float, high: float) -> list[tuple[float, str]]:
    first, last = round(math.log10(low)), round(math.log10(high))
    every = max(1, math.ceil((last - first) / 7))
    # Counted from 1 (no evidence either way), so that 1 always has its line.
    exponents = [number for number in range(first, last + 1) if number % every == 0]
    return [(_power(number), figure(_power(number))) for number in exponents]


def figure(value: float) -> str:
    """Short, and cut rather than rounded up, so that what missed a threshold reads below it."""
    if value >= _PLAIN:
        return f"{value:.0e}".replace("e+", "e")
    if value >= 10:  # noqa: PLR2004 - two digits are enough
        return f"{int(value):,}"
    return f"{math.floor(value * 100 + 1e-9) / 100:.2g}" if value >= 0.01 else f"{value:.1g}"  # noqa: PLR2004 - a hundredth
