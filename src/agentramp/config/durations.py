"""Durations as people write them, ``90s``, ``10m``, ``1h30m``, ``2d``, and the way back."""

import re
from typing import Final

UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
FORMS: Final = "write, for example, 90s, 10m, 1h30m or 2d, or a whole number of seconds"

_PART: Final = re.compile(r"([0-9]{1,9})([a-z]+)")
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_LONG_NAMES: Final = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
}


def parse(text: str) -> float:
    """Give seconds. Raises ValueError with a sentence that does not repeat the text."""
    compact = "".join(text.lower().split()) if len(text) <= 40 else ""  # noqa: PLR2004 - 4 units
    if _WHOLE.fullmatch(compact):
        return float(compact)
    parts = _PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f"is no duration; {FORMS}")
    units = [unit for _, unit in parts]
    for unit in units:
        if unit not in UNITS:
            raise ValueError(_unknown_unit(unit))
    if units != [unit for unit in UNITS if unit in units]:
        raise ValueError(f"names its units twice or not from the largest down; {FORMS}")
    return float(sum(int(number) * UNITS[unit] for number, unit in parts))


def _unknown_unit(unit: str) -> str:
    if unit in _LONG_NAMES:
        return f"has a unit that is spelt out; write {_LONG_NAMES[unit]} for it"
    if unit == "ms":
        return "is in milliseconds; the shortest unit here is s"
    if unit in {"w", "week", "weeks"}:
        return "is in weeks; the longest unit here is d: one week is 7d"
    return f"has a unit that is none of d, h, m and s; {FORMS}"


def show(seconds: float) -> str:
    """Write ``90`` as ``1m30s`` and ``86400`` as ``24h``; below a minute, tenths are kept."""
    if seconds < 0:
        return f"-{show(-seconds)}"
    tenths = round(float(seconds), 1)
    if tenths < UNITS["m"] and not tenths.is_integer():
        return f"{tenths}s"
    left = round(seconds)
    text = ""
    for unit in ("h", "m", "s"):
        count, left = divmod(left, UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text or "0s"
