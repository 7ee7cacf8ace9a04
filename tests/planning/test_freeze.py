from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from agentramp.config.freezes import freeze, moment
from agentramp.config.ramp_settings import Freeze
from agentramp.planning import frozen

BERLIN = "Europe/Berlin"


def spec(begin: str, end: str, place: str = "UTC") -> Freeze:
    return freeze(moment(begin), moment(end), place)


def at(text: str, place: str = "UTC", *, second: bool = False) -> float:
    """``second``: the later of the two times that clocks show when they are set back."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(place), fold=int(second))
    return local.timestamp()


# 2026-11-20 is a Friday.
@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("2026-11-20 15:59:59", False),
        ("2026-11-20 16:00:00", True),
        ("2026-11-21 12:00:00", True),
        ("2026-11-22 23:59:59", True),  # the week ends
        ("2026-11-23 00:00:00", True),
        ("2026-11-23 07:59:59", True),
        ("2026-11-23 08:00:00", False),  # until is exclusive
        ("2026-11-25 12:00:00", False),
    ],
)
def test_a_weekend_wraps_around_the_end_of_the_week(text: str, *, holds: bool) -> None:
    why = frozen([spec("Fri 16:00", "Mon 08:00")], at(text))
    assert why == ("frozen every week until Mon 08:00 (UTC)" if holds else "")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("2026-11-17 08:59:59", False),
        ("2026-11-17 09:00:00", True),
        ("2026-11-18 17:29:59", True),
        ("2026-11-18 17:30:00", False),
        ("2026-11-22 12:00:00", False),
        ("2026-11-16 12:00:00", False),
    ],
)
def test_within_one_week(text: str, *, holds: bool) -> None:
    assert bool(frozen([spec("Tue 09:00", "Wed 17:30")], at(text))) is holds


@pytest.mark.parametrize(
    ("end", "text", "holds"),
    [
        ("Mon 00:00", "2026-11-22 23:59:59", True),
        ("Mon 00:00", "2026-11-23 00:00:00", False),
        ("Sun 23:59", "2026-11-22 23:58:59", True),
        ("Sun 23:59", "2026-11-22 23:59:00", False),
    ],
)
def test_the_very_end_of_the_week(end: str, text: str, *, holds: bool) -> None:
    assert bool(frozen([spec("Sun 22:00", end)], at(text))) is holds


def test_all_but_an_hour_of_the_week() -> None:
    """Its end stands before its beginning on the same day."""
    found = spec("Wed 15:00", "Wed 14:00")
    assert frozen([found], at("2026-11-18 13:59:59"))
    assert not frozen([found], at("2026-11-18 14:00:00"))
    assert not frozen([found], at("2026-11-18 14:59:59"))
    assert frozen([found], at("2026-11-18 15:00:00"))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("2026-11-22 15:59:59", False),
        ("2026-11-22 16:00:00", True),  # Monday there
        ("2026-11-22 23:59:59", True),
        ("2026-11-23 00:00:00", False),
    ],
)
def test_the_week_is_that_of_its_place(text: str, *, holds: bool) -> None:
    found = spec("Mon 00:00", "Mon 08:00", "Asia/Shanghai")
    assert bool(frozen([found], at(text))) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        # Clocks go from +1 to +2 on 2026-03-29 and back on 2026-10-25, both Sundays.
        ("2026-03-27 14:59:59", False),
        ("2026-03-27 15:00:00", True),
        ("2026-03-30 05:59:59", True),
        ("2026-03-30 06:00:00", False),
        ("2026-10-23 13:59:59", False),
        ("2026-10-23 14:00:00", True),
        ("2026-10-26 06:59:59", True),
        ("2026-10-26 07:00:00", False),
    ],
)
def test_a_weekend_in_which_clocks_are_changed(text: str, *, holds: bool) -> None:
    """It begins and ends by the clock on the wall; these times are UTC."""
    found = spec("Fri 16:00", "Mon 08:00", BERLIN)
    assert bool(frozen([found], at(text))) is holds


def test_an_hour_that_comes_twice_is_frozen_twice() -> None:
    found = spec("Sun 02:00", "Sun 03:00", BERLIN)
    times = [at("2026-10-25 02:30", BERLIN, second=second) for second in (False, True)]
    assert times[1] - times[0] == timedelta(hours=1).total_seconds()
    assert all(frozen([found], moment) for moment in times)
    assert not frozen([found], at("2026-10-25 03:00", BERLIN))


def test_an_hour_that_is_left_out_is_frozen_never() -> None:
    found = spec("Sun 02:00", "Sun 03:00", BERLIN)
    change = datetime(2026, 3, 29, 1, tzinfo=timezone.utc).timestamp()
    assert not frozen([found], change - 1)
    assert not frozen([found], change)
    assert frozen([found], at("2026-03-22 02:30", BERLIN))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("2026-12-19 15:59:59", False),
        ("2026-12-19 16:00:00", True),
        ("2027-01-02 00:59:59", True),
        ("2027-01-02 01:00:00", False),
    ],
)
def test_dates_are_those_of_their_place(text: str, *, holds: bool) -> None:
    found = spec("2026-12-20", "2027-01-02 09:00", "Asia/Shanghai")
    why = frozen([found], at(text))
    assert why == ("frozen until 2027-01-02 01:00 UTC" if holds else "")


def test_dates_over_a_change_of_clocks() -> None:
    found = spec("2026-03-28", "2026-03-30", BERLIN)
    begin = datetime(2026, 3, 27, 23, tzinfo=timezone.utc).timestamp()
    end = datetime(2026, 3, 29, 22, tzinfo=timezone.utc).timestamp()
    assert [bool(frozen([found], now)) for now in (begin - 1, begin, end - 1, end)] == [
        False,
        True,
        True,
        False,
    ]


def test_one_of_several_is_enough() -> None:
    several = [spec("2026-12-20", "2027-01-02"), spec("Fri 16:00", "Mon 08:00")]
    assert frozen(several, at("2026-11-21 12:00")).endswith("until Mon 08:00 (UTC)")
    assert frozen(several, at("2026-12-23 12:00")).endswith("until 2027-01-02 00:00 UTC")
    # Where both hold, the first one is named.
    assert frozen(several, at("2026-12-26 12:00")).endswith("until 2027-01-02 00:00 UTC")
    assert frozen(several, at("2026-11-18 12:00")) == ""


def test_no_freeze() -> None:
    assert frozen([], 0.0) == ""
