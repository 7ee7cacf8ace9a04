import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.config.durations import parse, show


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("24h", 86_400),
        ("2d", 172_800),
        ("1h30m", 5_400),
        ("1d2h3m4s", 93_784),
        ("1 h 30 m", 5_400),
        ("1H", 3_600),
        ("0s", 0),
        ("600", 600),
        ("90m", 5_400),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse(text) == seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no duration"),
        ("10min", "write m for it"),
        ("2 hours", "write h for it"),
        ("250ms", "milliseconds"),
        ("1w", "7d"),
        ("5x", "none of d, h, m and s"),
        ("30m1h", "from the largest down"),
        ("1m1m", "twice"),
        ("-5s", "is no duration"),
        ("1.5h", "is no duration"),
        ("1h30", "is no duration"),
        ("h", "is no duration"),
        ("\u0663s", "is no duration"),
        ("1" * 12 + "s", "is no duration"),
        ("1s" * 5000, "is no duration"),
    ],
)
def test_what_is_no_duration_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parse(text)
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.04, "0s"),
        (0.5, "0.5s"),
        (12.34, "12.3s"),
        (59.96, "1m"),
        (90, "1m30s"),
        (3599.7, "1h"),
        (86_400, "24h"),
        (90_061, "25h1m1s"),
        (-90, "-1m30s"),
    ],
)
def test_a_duration_is_shown(seconds: float, text: str) -> None:
    assert show(seconds) == text


@given(st.integers(0, 10**9))
def test_what_is_shown_is_read_back(seconds: int) -> None:
    assert parse(show(seconds)) == seconds
