"""How sessions are shared, as a Mermaid chart that GitHub draws in a summary.

Words in it are ours and digits, so that nothing of a user's can end the picture. Mermaid's own
first colour cannot be seen on a white page; those here are read on white and on black.
"""

from collections.abc import Iterator

from agentramp.model import FULL, Split
from agentramp.ramp import Reached
from agentramp.report.github.escaping import text
from agentramp.report.moments import at, moment
from agentramp.report.result import Climb

_MOST = 9
"""Bars: with more, their labels would run into each other on a phone."""
_COLOURS = "#2f81f7,#8b949e"
_STYLE = (
    "---",
    "config:",
    "  xyChart:",
    "    height: 260",
    "    width: 640",
    "  themeVariables:",
    "    xyChart:",
    f'      plotColorPalette: "{_COLOURS}"',
    "---",
)


def ramp(climb: Climb, *, ahead: bool = False) -> Iterator[str]:
    """A bar for each weight the canary has had, a line for the ladder; ``ahead`` plans only."""
    path = climb.path[-_MOST:]
    if not path:
        return
    last = path[-1].weight
    higher = [weight for weight in climb.ladder if weight > last] if last else []
    coming = higher[: max(0, _MOST - len(path))]
    labels = [*_labels(path, ahead=ahead), *(f"then {weight} %" for weight in coming)]
    had = [*(one.weight for one in path), *(0 for _ in coming)]
    line = [*(one.weight for one in path), *coming]
    yield from _drawn(f"Percent of sessions on version {climb.canary}", labels, had, line)
    yield ""
    yield text(_stands(climb, higher, ahead=ahead))


def _labels(path: tuple[Reached, ...], *, ahead: bool) -> list[str]:
    """The time of day; the day as well where the ramp takes longer than one."""
    days = {at(one.at).date() for one in path}
    form = "%H:%M" if len(days) == 1 else "%d %b %H:%M"
    said = [at(one.at).strftime(form) for one in path]
    return [*said[:-1], "planned"] if ahead else said


def _stands(climb: Climb, higher: list[int], *, ahead: bool) -> str:
    last = climb.path[-1]
    since = f"{moment(last.at)} UTC"
    canary = f"Version {climb.canary}"
    if ahead:
        return f"{canary} would get {last.weight} % of new sessions."
    if not last.weight:
        return f"{canary} has no traffic since {since}; version {climb.stable} serves."
    if last.weight == FULL:
        return f"{canary} has all new sessions since {since}."
    steps = f" Steps ahead: {', '.join(f'{weight} %' for weight in higher)}." if higher else ""
    return f"{canary} has {last.weight} % of new sessions since {since}.{steps}"


def move(before: Split, after: Split) -> Iterator[str]:
    """Each version's share before and after."""
    shares = dict(before.weights), dict(after.weights)
    refs = list(dict.fromkeys([*shares[0], *shares[1]]))[: _MOST // 2]
    labels = [f"{_name(ref)} {when}" for ref in refs for when in ("before", "after")]
    bars = [share.get(ref, 0) for ref in refs for share in shares]
    yield from _drawn("Percent of new sessions", labels, bars, [])


def _name(ref: object) -> str:
    return f"v{ref}" if isinstance(ref, int) else "LATEST"


def _drawn(title: str, labels: list[str], bars: list[int], line: list[int]) -> Iterator[str]:
    yield "```mermaid"
    yield from _STYLE
    yield "xychart-beta"
    yield f'  title "{title}"'
    names = ", ".join(f'"{label}"' for label in labels)
    yield f"  x-axis [{names}]"
    yield f"  y-axis 0 --> {FULL}"
    yield f"  bar [{', '.join(map(str, bars))}]"
    if line:
        yield f"  line [{', '.join(map(str, line))}]"
    yield "```"
