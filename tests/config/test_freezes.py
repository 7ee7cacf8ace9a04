from datetime import datetime, timedelta, timezone

import pytest

from agentramp.config.freezes import freeze, moment, zone
from agentramp.config.ramp_settings import Dates, Weekly

HOUR = 60


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("Mon 00:00", 0),
        ("mon 08:05", 8 * HOUR + 5),
        ("Monday 8:05", 8 * HOUR + 5),
        ("Tuesday 00:00", 24 * HOUR),
        ("Tues 00:00", 24 * HOUR),
        ("WEDNESDAY 00:00", 48 * HOUR),
        ("Thurs 00:00", 72 * HOUR),
        ("Thursday 00:00", 72 * HOUR),
        ("Fri 16:00", 4 * 24 * HOUR + 16 * HOUR),
        ("Saturday 00:00", 5 * 24 * HOUR),
        ("Sun 23:59", 7 * 24 * HOUR - 1),
    ],
)
def test_a_moment_of_every_week(text: str, minute: int) -> None:
    assert moment(text) == minute


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-12-20", datetime(2026, 12, 20)),  # noqa: DTZ001 - as written, in no zone yet
        ("2026-12-20 09:30", datetime(2026, 12, 20, 9, 30)),  # noqa: DTZ001 - as above
        ("2026-12-20T09:30:15", datetime(2026, 12, 20, 9, 30, 15)),  # noqa: DTZ001 - as above
    ],
)
def test_a_moment_of_the_calendar(text: str, when: datetime) -> None:
    assert moment(text) == when


@pytest.mark.parametrize(
    "text",
    [
        *("", "16:00", "Fry 16:00", "Monsday 08:00", "Fri 24:00", "Fri 9:5", "Fri", "Fri 16:00 x"),
        *("2026-2-3", "2026-02-30", "1999-01-01", "2026-01-01 24:30", "2026-01-01T00:00Z"),
        *("20260101", "2026-01-0\u0661"),
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no moment|no day|no time"):
        moment(text)


def test_dates_are_instants_of_their_zone() -> None:
    found = freeze(moment("2026-12-20"), moment("2027-01-02 09:00"), "Asia/Shanghai")
    east = timezone(timedelta(hours=8))
    begin, end = datetime(2026, 12, 20, tzinfo=east), datetime(2027, 1, 2, 9, tzinfo=east)
    assert found == Dates(begin.timestamp(), end.timestamp())


def test_a_week_keeps_its_zone_and_may_wrap() -> None:
    found = freeze(moment("Fri 16:00"), moment("Mon 08:00"), "Asia/Shanghai")
    assert found == Weekly(6720, 480, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-12-20", "2026-12-20"),
        ("2026-12-21", "2026-12-20"),
        ("Fri 16:00", "Fri 16:00"),
        ("Fri 16:00", "2026-12-20"),
    ],
)
def test_what_is_no_span_is_refused(begin: str, end: str) -> None:
    with pytest.raises(ValueError, match="from"):
        freeze(moment(begin), moment(end), "UTC")


@pytest.mark.parametrize(
    "name", ["Asia/Shangai", "asia", "../UTC", "/etc/localtime", "x\0", "Asia"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone(name)


def test_the_nearest_zone_is_offered() -> None:
    with pytest.raises(ValueError, match="did you mean Asia/Shanghai"):
        zone("asia/shangai")
