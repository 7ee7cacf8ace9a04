import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.report.plain import columns, cut, harmless, wrapped
from tests.report.ramps import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\n  b\tc", "a b c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202eback", "\\u202eback"),
        ("half \ud800", "half \\ud800"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("版本 7 ≥ é", "版本 7 ≥ é"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text(st.characters(categories=("Cc", "Cf", "Cs", "Lu", "Zs", "Zl", "Zp", "Lo"))))
def test_nothing_harmless_acts_or_fails_to_be_written(text: str) -> None:
    shown = harmless(text)
    shown.encode("utf-8")
    assert "\n" not in shown
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)


def test_chinese_takes_two_columns_and_an_accent_none() -> None:
    assert columns("版本 8") == 6
    assert columns("e\u0301") == 1


@given(st.text(st.sampled_from("ab 版é")), st.integers(2, 30))
def test_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = list(wrapped(text, width))
    assert max(columns(line) for line in lines) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(st.text(st.sampled_from("ab 版é")), st.integers(0, 30))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert columns(cut(text, width)) <= width


def test_what_is_cut_says_so() -> None:
    assert cut("version 8 waits", 11) == "version..."
    assert cut("version 8", 9) == "version 8"
    assert columns(cut(harmless(HOSTILE), 40)) <= 40
