"""How sessions are shared, as a Mermaid chart that GitHub draws in a summary.

Words in it are ours and digits, so that nothing of a user's can end the picture. Mermaid's own
first colour cannot be seen on a white page; those here are read on white and on black.
"""

from collections import Counter
from collections.abc import Iterator

from agentramp.model import FULL, Split
from agentramp.report.github.escaping import text
from agentramp.report.moments import moment
from agentramp.report.result import Climb

_MOST = 8
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
    """A bar for each weight the canary has had, a line on to those of its ladder.

    ``ahead``: the last of them is only planned.
    """
    had = [one.weight for one in climb.path]
    last = had[-1] if had else 0
    coming = [weight for weight in climb.ladder if last and weight > last]
    if ahead:
        coming = [*had[-1:], *coming]
        had = had[:-1]
    bars = had[-_MOST:]
    then = coming[: max(0, _MOST - len(bars))]
    labels = _different([*(f"{weight} %" for weight in bars), *(f"then {one} %" for one in then)])
    yield from _drawn(f"New sessions on version {climb.canary}", labels, bars, [*bars, *then])
    yield ""
    yield text(_stands(climb, coming, ahead=ahead))


def _different(labels: list[str]) -> list[str]:
    """Mermaid draws bars of one label over each other."""
    seen: Counter[str] = Counter()
    told = []
    for label in labels:
        seen[label] += 1
        told.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return told


def _stands(climb: Climb, coming: list[int], *, ahead: bool) -> str:
    last = climb.path[-1]
    canary = f"Version {climb.canary}"
    if ahead:
        return f"{canary} would get {last.weight} % of new sessions."
    since = f"since {moment(last.at)} UTC"
    if not last.weight:
        return f"{canary} has no traffic {since}: version {climb.stable} serves."
    steps = f"; ahead: {', '.join(f'{weight} %' for weight in coming)}" if coming else ""
    return f"{canary} has {last.weight} % of new sessions {since}{steps}."


def move(before: Split, after: Split) -> Iterator[str]:
    """Each version's share before and after."""
    known = dict.fromkeys(ref for ref, _ in (*before.weights, *after.weights))
    refs = list(known)[: _MOST // 2]
    labels = [f"{_name(ref)} {when}" for ref in refs for when in ("before", "after")]
    bars = [split.share(ref) for ref in refs for split in (before, after)]
    yield from _drawn("New sessions by version", labels, bars, [])


def _name(ref: object) -> str:
    return f"v{ref}" if isinstance(ref, int) else "LATEST"


def _drawn(title: str, labels: list[str], bars: list[int], line: list[int]) -> Iterator[str]:
    yield "```mermaid"
    yield from _STYLE
    yield "xychart-beta"
    yield f'  title "{title}"'
    names = ", ".join(f'"{label}"' for label in labels)
    yield f"  x-axis [{names}]"
    yield f'  y-axis "percent" 0 --> {FULL}'
    if bars:
        yield f"  bar [{', '.join(map(str, bars))}]"
    if line:
        yield f"  line [{', '.join(map(str, line))}]"
    yield "```"
