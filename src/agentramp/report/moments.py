"""Points in time and lengths of time, as people read them. All times are UTC."""

from datetime import datetime, timezone

EARLIEST, LATEST = 0.0, 253_402_300_799.0
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def at(seconds: float) -> datetime:
    """The time of day and year; what no calendar holds is drawn to its edge."""
    held = min(max(seconds, EARLIEST), LATEST)
    return datetime.fromtimestamp(held, tz=timezone.utc)


def moment(seconds: float) -> str:
    return at(seconds).strftime("%Y-%m-%d %H:%M:%S")


def stamp(seconds: float) -> str:
    """As ISO 8601 writes it, for programs too."""
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_the_minute(seconds: float) -> str:
    found = at(seconds)
    return f"{found.day} {found.strftime('%b %Y, %H:%M')}"


def lasting(seconds: float) -> str:
    """Two units at most: ``40s``, ``4m 12s``, ``2h 5m``, ``3d 4h``."""
    whole = max(0, round(min(seconds, LATEST)))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return _pair(whole, _MINUTE, "m", 1, "s")
    if whole < _DAY:
        return _pair(whole, _HOUR, "h", _MINUTE, "m")
    return _pair(whole, _DAY, "d", _HOUR, "h")


def _pair(whole: int, large: int, name: str, small: int, other: str) -> str:
    rest = whole % large // small
    return f"{whole // large}{name}" + (f" {rest}{other}" if rest else "")
