"""Grids and growth, without a Prometheus."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.evidence.port import Span
from agentramp.evidence.series import Unusable, buckets, grids, growth

TIMES = range(1000, 5001, 1000)


def span(start: float, seconds: float = 300.0, lag: float = 60.0) -> Span:
    return Span(start, start + seconds, start + seconds + lag, 10)


def series(*values: float | None, first: int = 1000) -> dict[int, float]:
    return {first + 1000 * n: value for n, value in enumerate(values) if value is not None}


def test_windows_that_follow_each_other_share_a_grid() -> None:
    spans = tuple(span(100.5 + 300 * number) for number in range(12))
    (grid,) = grids(spans, 10_000)
    assert grid.spans == spans
    assert grid.step == 15_000
    assert grid.start == 100_500 - 3_600_000
    assert grid.end == 100_500 + 12 * 300_000 + 60_000
    assert list(grid.times(spans[0]))[::20] == [100_500, 400_500]


def test_windows_after_another_move_need_their_own() -> None:
    moved = span(1000.25)
    assert [grid.spans for grid in grids((span(100), span(400), moved), 10_000)] == [
        (span(100), span(400)),
        (moved,),
    ]


def test_a_grid_has_a_bound() -> None:
    found = grids(tuple(span(300.0 * number) for number in range(1000)), 10_000)
    assert len(found) == 3
    assert all((grid.end - grid.start) // grid.step <= 10_000 for grid in found)
    assert sum(len(grid.spans) for grid in found) == 1000


@given(
    start=st.floats(1.6e9, 1.8e9),
    length=st.integers(1, 10**8),
    lag=st.floats(0, 10**6),
)
def test_both_edges_lie_on_the_grid_whatever_the_window(
    start: float, length: int, lag: float
) -> None:
    one = Span(start, start + length / 1000, start + length / 1000 + lag, 10)
    for grid in grids((one,), 10_000):
        times = grid.times(one)
        assert (times[0] - grid.start) % grid.step == 0
        assert times[-1] <= grid.end
        assert abs(times[-1] / 1000 - one.end) <= 0.0011
        assert (grid.end - grid.start) // grid.step <= 10_000


def test_growth_is_the_last_value_less_the_first() -> None:
    assert growth(series(5, 5, 7, 9, 9), None, TIMES) == 4


def test_rounding_is_no_reset() -> None:
    assert growth(series(0.3, 0.3, 0.1 + 0.2, 0.3, 0.3), None, TIMES) == 0
    with pytest.raises(Unusable, match="reset"):
        growth(series(5, 5, 4, 9, 9), None, TIMES)


def test_the_value_before_a_window_does_not_count() -> None:
    before = {**series(3, 5, first=-1000), **series(5, 5, 7, 9, 9)}
    assert growth(before, None, TIMES) == 4


def test_nothing_seen_is_final_once_the_source_has_gone_on() -> None:
    for later in (None, {}, {999: 1.0}):
        with pytest.raises(Unusable) as raised:
            growth(None, later, TIMES)
        assert not raised.value.final
    with pytest.raises(Unusable) as raised:
        growth(None, {9000: 1.0}, TIMES)
    assert raised.value.final


def test_a_new_series_needs_the_other_from_the_start() -> None:
    new = series(None, None, 4, 4, 6)
    assert growth(new, series(1, 1, None, 1, 1), TIMES) == 6
    with pytest.raises(Unusable, match="nothing shows"):
        growth(new, series(None, 1, 1, 1, 1), TIMES)


@given(
    st.lists(
        st.one_of(st.none(), st.floats(allow_nan=True), st.integers(0, 9)), min_size=5, max_size=5
    ),
    st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=5, max_size=5),
)
def test_growth_is_a_finite_number_or_unusable(
    own: list[float | None], other: list[float | None]
) -> None:
    with contextlib.suppress(Unusable):
        grown = growth(series(*own), series(*other), TIMES)
        assert math.isfinite(grown)
        assert grown >= 0
        assert any(value is not None for value in (*own, *other))


def test_buckets_are_differences() -> None:
    assert buckets({math.inf: 9, 1.0: 4, 0.5: 4}) == ((0.5, 1.0), (4, 0, 5))
