"""The durations of an agentramp.yaml: where they stand and how long they may be."""

from collections.abc import Iterator
from typing import Final

from agentramp.config import durations
from agentramp.config.paths import fault
from agentramp.config.show import show
from agentramp.config.tree import Mapping, Node, Scalar, Step, scalar, walk
from agentramp.diagnostics import Diagnostic

_HOUR: Final = 3_600
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY
_BOUNDS: Final[dict[tuple[Step | None, ...], tuple[int, int]]] = {
    ("bake",): (0, _YEAR),
    ("steps", None, "bake"): (0, _YEAR),
    ("timeout",): (1, _YEAR),
    ("lease",): (1, _HOUR),
    ("evidence", "window"): (1, _DAY),
    ("evidence", "settle"): (0, _DAY),
    ("evidence", "warm-up"): (0, _DAY),
    ("evidence", "timeout"): (1, _HOUR),
    ("gates", None, "timeout"): (1, _DAY),
}
"""Least and most seconds by place; None is any item of a list."""


def seconds(node: Node | None) -> float | None:
    """Read ``10m`` and ``600`` alike; None for what is neither. Raises ValueError."""
    value = scalar(node)
    if isinstance(value, str):
        return durations.parse(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if value == int(value) else None


def seconds_or_none(node: Node | None) -> float | None:
    """Read a duration where its fault is told elsewhere."""
    try:
        return seconds(node)
    except ValueError:
        return None


def duration_faults(tree: Mapping) -> Iterator[Diagnostic]:
    for path, node in walk(tree):
        bounds = _BOUNDS.get(tuple(None if isinstance(step, int) else step for step in path))
        if bounds is None or not isinstance(node, Scalar) or node.value == "":
            continue
        message, rule = _complaint(node, path, *bounds)
        if message:
            yield fault(tree, path, message, rule)


def _complaint(node: Scalar, path: tuple[Step, ...], least: int, most: int) -> tuple[str, str]:
    shown = show(node, path)
    try:
        length = seconds(node)
    except ValueError as error:
        return f"{shown} {error}", "duration"
    if length is None or least <= length <= most:
        return "", ""
    bound = f"below {durations.show(least)}" if length < least else f"above {durations.show(most)}"
    return f"{shown} is {bound}", "range"
