import pytest

from agentramp.config.scalars import read_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("0", 0),
        ("-0", 0),
        ("+7", 7),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0b101", -5),
        ("0o18", "0o18"),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),
        ("2024-01-01", "2024-01-01"),
        ("3.0.0", "3.0.0"),
        ("1.50", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1 2", "1 2"),
        ("1\n", "1\n"),
        ("٣", "٣"),
        ("9" * 61, "9" * 61),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = read_plain(text)
    assert found == value
    assert type(found) is type(value)
