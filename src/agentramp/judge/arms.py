"""One version's counts as the JSON that sources outside write."""

import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from agentramp.judge.window import Arm, Spread, Tally

MOST: Final = 2**53
"""The largest count that every JSON library keeps exact."""


PARTS: Final = frozenset({"sessions", "bad", "latency", "cost", "quality"})


def parse_arm(value: object) -> Arm:
    """Read ``{"sessions": 20, "bad": 1, "latency": {...}, "cost": {...}, "quality": {...}}``.

    Only ``sessions`` and ``bad`` are required; null is as good as absent for the others. Raises
    ValueError with what is wrong.
    """
    arm = _mapping(value, PARTS)
    quality = arm.get("quality")
    return Arm(
        _tally(arm),
        _spread(arm, "latency"),
        _spread(arm, "cost"),
        None if quality is None else _inside("quality", quality),
    )


def _inside(name: str, value: object) -> Tally:
    try:
        return _tally(_mapping(value, {"sessions", "bad"}))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _tally(arm: Mapping[str, object]) -> Tally:
    return Tally(*(_count(name, _required(arm, name)) for name in ("sessions", "bad")))


def _spread(arm: Mapping[str, object], name: str) -> Spread | None:
    value = arm.get(name)
    if value is None:
        return None
    try:
        spread = _mapping(value, {"bounds", "counts", "total", "squares"})
        return Spread(
            tuple(_number("bounds", edge) for edge in _items(spread, "bounds")),
            tuple(_count("counts", count) for count in _items(spread, "counts")),
            _sum(spread, "total"),
            _sum(spread, "squares"),
        )
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _mapping(value: object, known: AbstractSet[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{_shown(value)} is not an object")  # noqa: TRY004 - one kind of fault
    unknown = sorted(map(str, value.keys() - known))
    if unknown:
        raise ValueError(f"{_shown(unknown[0])} is not known here; {', '.join(sorted(known))} are")
    return value


def _required(holder: Mapping[str, object], name: str) -> object:
    if name not in holder:
        raise ValueError(f"{name} is missing")
    return holder[name]


def _items(holder: Mapping[str, object], name: str) -> list[object]:
    value = _required(holder, name)
    if not isinstance(value, list):
        raise ValueError(f"{name}: {_shown(value)} is not a list")  # noqa: TRY004 - one kind of fault
    return value


def _count(name: str, value: object) -> int:
    number = _number(name, value)
    if not number.is_integer():
        raise ValueError(f"{name}: {_shown(value)} is not a whole number")
    if not 0 <= number <= MOST:
        raise ValueError(f"{name}: {_shown(value)} is not a count")
    return int(number)


def _sum(holder: Mapping[str, object], name: str) -> float:
    value = holder.get(name)
    number = 0.0 if value is None else _number(name, value)
    if number < 0:
        raise ValueError(f"{name}: {_shown(value)} is below 0")
    return number


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name}: {_shown(value)} is not a number")  # noqa: TRY004 - one kind of fault
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name}: {_shown(value)} is not a finite number")
    return number


def _shown(value: object) -> str:
    """What stands there, in few characters and as JSON has it; a whole object would drown all."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - a line has room for it
