"""JSON taken apart strictly: each value is of the kind that is asked for, or it is a ValueError."""

import json
import math


def loaded(text: str) -> object:
    """The value of a JSON text without NaN, infinities or a name that stands twice."""
    return json.loads(text, parse_constant=_refused, object_pairs_hook=_unique)


def dumped(value: object) -> str:
    """JSON on one line, ASCII; raises ValueError on NaN and infinities."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def fields(value: object, *names: str, optional: tuple[str, ...] = ()) -> dict[str, object]:
    """An object with exactly these names."""
    if not isinstance(value, dict):
        raise ValueError(f"{_shown(value)} is not an object")  # noqa: TRY004 - one kind of fault
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in {*names, *optional}]
    if missing or unknown:
        raise ValueError(f"missing: {missing}, unknown: {unknown}")
    return value


def items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{_shown(value)} is not a list")  # noqa: TRY004 - one kind of fault
    return value


def pair(value: object) -> tuple[object, object]:
    first, second = items(value)
    return first, second


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not a text")  # noqa: TRY004 - one kind of fault
    return value


def truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is not true or false")  # noqa: TRY004 - one kind of fault
    return value


def whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is not a whole number")  # noqa: TRY004 - one kind of fault
    return value


def number(value: object) -> float:
    """A finite number; JSON can say 1e999."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is not a number")  # noqa: TRY004 - one kind of fault
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ValueError("a number is too large")
    return found


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not a number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice")
    return names


def _shown(value: object) -> str:
    return repr(value)[:40]
