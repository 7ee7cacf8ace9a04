"""Whether the calendar lets a canary advance."""

from collections.abc import Sequence
from datetime import datetime, timezone

from typing_extensions import assert_never

from agentramp.config.freezes import zone as named
from agentramp.config.ramp_settings import Dates, Freeze, Weekly

_WEEK = 7 * 24 * 60


def frozen(freezes: Sequence[Freeze], now: float) -> str:
    """Why nothing may advance at ``now`` (seconds since 1970-01-01 UTC); empty where it may."""
    return next((why for freeze in freezes if (why := _why(freeze, now))), "")


def _why(freeze: Freeze, now: float) -> str:
    match freeze:
        case Weekly(start, end, place):
            local = datetime.fromtimestamp(now, named(place))
            minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
            if (minute - start) % _WEEK < (end - start) % _WEEK:
                return f"frozen every week until {_named(end)} ({place})"
            return ""
        case Dates(start, end):
            if not start <= now < end:
                return ""
            until = datetime.fromtimestamp(end, timezone.utc)
            return f"frozen until {until:%Y-%m-%d %H:%M} UTC"
        case _:
            assert_never(freeze)


def _named(minute: int) -> str:
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[minute // (24 * 60) % 7]
    return f"{day} {minute // 60 % 24:02}:{minute % 60:02}"
