import pytest

from agentramp.logs.when import moment

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", NOW - 1800),
        ("30 minutes ago", NOW - 1800),
        ("2h", NOW - 7200),
        ("1 day ago", NOW - 86_400),
        ("now", NOW),
        ("2023-11-14T22:13:20Z", NOW),
        ("2023-11-14 22:13:20", NOW),
        ("2023-11-15T06:13:20+08:00", NOW),
        ("1700000000", NOW),
        ("1700000000123", NOW),
    ],
)
def test_a_moment(text: str, seconds: float) -> None:
    assert moment(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "30 fortnights ago", "-5m", "2023-13-01", "m"])
def test_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="30m"):
        moment(text, NOW)
