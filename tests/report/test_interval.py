import pytest

from agentramp.judge.window import Tally
from agentramp.report.interval import wilson


@pytest.mark.parametrize(
    ("tally", "low", "high"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I,
        # method 3.
        (Tally(263, 81), 0.2553, 0.3662),
        (Tally(148, 15), 0.0624, 0.1605),
        (Tally(20, 0), 0.0, 0.1611),
        (Tally(29, 1), 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_the_literature(tally: Tally, low: float, high: float) -> None:
    assert wilson(tally) == pytest.approx((low, high), abs=5e-5)


def test_an_interval_of_everything_ends_at_one_and_of_nothing_says_nothing() -> None:
    assert wilson(Tally(7, 7)).high == 1.0
    assert wilson(Tally()) == (0.0, 1.0)
