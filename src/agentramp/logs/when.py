"""Moments as people write them on a command line."""

import re
from datetime import datetime, timezone
from typing import Final

FORMS: Final = (
    "write how long ago (30m, 2h, 1d, '30 minutes ago'), a moment (2026-01-02T03:04:05Z; UTC where"
    " no zone is said) or seconds since 1970"
)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGO: Final = re.compile(
    r"(\d{1,7})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(\s+ago)?"
)
_STAMP: Final = re.compile(r"\d{9,13}")
_MILLISECONDS = 10**11


def moment(text: str, now: float) -> int:
    """Whole seconds since 1970-01-01 UTC. Raises ValueError, saying what can be written."""
    plain = text.strip().lower()
    if plain == "now":
        return int(now)
    if found := _AGO.fullmatch(plain):
        return int(now) - int(found[1]) * _UNITS[found[2][0]]
    if _STAMP.fullmatch(plain):
        stamp = int(plain)
        return stamp // 1000 if stamp >= _MILLISECONDS else stamp
    try:
        read = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        raise ValueError(f"{text!r} is no time; {FORMS}") from None
    return int((read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp())
