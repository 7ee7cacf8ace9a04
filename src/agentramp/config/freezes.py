"""When no canary gets more weight: ``Fri 16:00`` until ``Mon 08:00``, or between two dates."""

import re
from datetime import datetime, timezone, tzinfo
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from agentramp.config.paths import nearest
from agentramp.config.ramp_settings import Dates, Freeze, Weekly

WeekMinute: TypeAlias = int
"""Minutes since Monday 00:00."""
Moment: TypeAlias = WeekMinute | datetime

_DAYS: Final = {
    **dict.fromkeys(("mon", "monday"), 0),
    **dict.fromkeys(("tue", "tues", "tuesday"), 1),
    **dict.fromkeys(("wed", "wednesday"), 2),
    **dict.fromkeys(("thu", "thurs", "thursday"), 3),
    **dict.fromkeys(("fri", "friday"), 4),
    **dict.fromkeys(("sat", "saturday"), 5),
    **dict.fromkeys(("sun", "sunday"), 6),
}
_WEEKLY: Final = re.compile(r"([A-Za-z]{3,9})(?: +([01]?[0-9]|2[0-3]):([0-5][0-9]))?")
_DATED: Final = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_FORMS: Final = "write a weekday and a time (Fri 16:00), or a date (2026-12-20, 2026-12-20 09:00)"
_UTC: Final = "UTC"


def moment(text: str) -> Moment:
    """Read a moment of every week, or one of the calendar, in no time zone yet.

    Raises ValueError with a sentence that does not repeat the text.
    """
    weekly = _WEEKLY.fullmatch(text)
    day = _DAYS.get(weekly[1].lower()) if weekly else None
    if weekly and day is not None:
        if weekly[2] is None:
            raise ValueError(f"names no time; write {weekly[1]} 00:00")
        return (day * 24 + int(weekly[2])) * 60 + int(weekly[3])
    if not _DATED.fullmatch(text):
        raise ValueError(f"is no moment; {_FORMS}")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is no day or no time of the calendar") from error


def zone(name: str) -> tzinfo:
    """Find a time zone; UTC needs no data. Raises ValueError, as ``moment`` does."""
    if name == _UTC:
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(_no_zone(name)) from error


def _no_zone(name: str) -> str:
    known = available_timezones()
    if not known:
        return "cannot be looked up: this system has no time zones; install the package tzdata"
    folded = {zone.lower(): zone for zone in known}
    near = nearest(name.lower(), folded)
    hint = f"did you mean {folded[near]}?" if near else "write, for example, Asia/Shanghai"
    return f"is no time zone; {hint}"


def freeze(begin: Moment, end: Moment, timezone: str) -> Freeze:
    """Raises ValueError where the two are no span of time."""
    if isinstance(begin, datetime) and isinstance(end, datetime):
        where = zone(timezone)
        start, stop = (day.replace(tzinfo=where).timestamp() for day in (begin, end))
        if start >= stop:
            raise ValueError("is not after from")
        return Dates(start, stop)
    if isinstance(begin, datetime) or isinstance(end, datetime):
        raise ValueError("is not of the kind of from; write two weekdays or two dates")  # noqa: TRY004 - a text has no type
    if begin == end:
        raise ValueError("is the same as from: that freezes nothing")
    return Weekly(begin, end, timezone)
