import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentramp.judge.share import EXACT_DEGREE, Share, log_products
from agentramp.judge.window import Tally

GRID = 20
NOTHING = [0.0] * GRID


def mean_factors(canary: int, stable: int, bad: int) -> list[float]:
    """Each ratio's factor, averaged over where chance puts ``bad`` of the sessions."""
    means = [0.0] * GRID
    for x in range(max(0, bad - stable), min(bad, canary) + 1):
        ways = math.comb(canary, x) * math.comb(stable, bad - x)
        chance = ways / math.comb(canary + stable, bad)
        factors = log_products(NOTHING, (x, bad), (canary, stable))
        means = [mean + chance * math.exp(log) for mean, log in zip(means, factors, strict=True)]
    return means


@pytest.mark.parametrize(
    ("canary", "stable"), [(1, 1), (1, 19), (5, 3), (20, 180), (40, 20), (60, 1), (30, 70)]
)
def test_every_factor_has_mean_one_at_most(canary: int, stable: int) -> None:
    for bad in {*range(1, min(canary + stable, 30)), canary + stable - 1}:
        means = mean_factors(canary, stable, bad)
        assert max(means) <= 1 + 1e-12, bad


def test_where_it_is_cheap_the_normaliser_is_exact() -> None:
    exact = mean_factors(200, 1800, EXACT_DEGREE)
    assert exact == pytest.approx([1.0] * GRID, abs=1e-9)
    bounded = mean_factors(200, 1800, EXACT_DEGREE + 1)
    assert bounded[-1] < 0.99


@given(st.integers(1, 80), st.integers(1, 80), st.data())
@settings(max_examples=60, deadline=None)
def test_no_margins_break_the_bound(canary: int, stable: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(1, canary + stable - 1))
    assert max(mean_factors(canary, stable, bad)) <= 1 + 1e-12


@pytest.mark.parametrize("failing", [(5, 5), (5, 3, 1), (4, 4, 4, 1), (1, 1, 1, 1, 1)])
def test_clusters_that_fail_together_keep_the_bound(failing: tuple[int, ...]) -> None:
    """Every way to give ``n_c`` of 12 sessions of 5 requests to the canary is equally likely."""
    sessions, cluster, canaries = 12, 5, 4
    bad = sum(failing)
    means, ways = [0.0] * GRID, math.comb(sessions, canaries)
    for chosen in itertools.combinations(range(sessions), canaries):
        x = sum(failing[which] for which in chosen if which < len(failing))
        requests = canaries * cluster, (sessions - canaries) * cluster
        factors = log_products(NOTHING, (x, bad), requests, float(cluster))
        means = [m + math.exp(log) / ways for m, log in zip(means, factors, strict=True)]
    assert max(means) <= 1 + 1e-12


def test_undiscounted_clusters_would_break_it() -> None:
    sessions, cluster, canaries, failing = 12, 5, 4, 2
    mean, ways = 0.0, math.comb(sessions, canaries)
    for chosen in itertools.combinations(range(sessions), canaries):
        x = sum(cluster for which in chosen if which < failing)
        requests = canaries * cluster, (sessions - canaries) * cluster
        mean += math.exp(log_products(NOTHING, (x, failing * cluster), requests)[-1]) / ways
    assert mean > 2


@pytest.mark.parametrize(
    ("canary", "stable"),
    [
        (Tally(), Tally(100, 10)),
        (Tally(50, 50), Tally()),
        (Tally(50), Tally(100)),
        (Tally(50, 50), Tally(9, 9)),
        (Tally(), Tally()),
    ],
)
def test_a_window_in_which_nothing_can_differ_says_nothing(canary: Tally, stable: Tally) -> None:
    share = Share()
    share.add(canary, stable)
    assert share.e == 1.0


def test_windows_count_in_any_order() -> None:
    windows = [
        (Tally(20, 1), Tally(180, 2)),
        (Tally(60, 9), Tally(140, 3)),
        (Tally(3, 1), Tally(9)),
    ]
    found = set()
    for order in itertools.permutations(windows):
        share = Share()
        for canary, stable in order:
            share.add(canary, stable)
        found.add(round(share.log_e, 9))
    assert len(found) == 1


def test_a_better_canary_only_lowers_it() -> None:
    share = Share()
    share.add(Tally(500, 1), Tally(500, 40))
    assert share.e < 0.02


def test_it_stays_finite() -> None:
    share = Share()
    for _ in range(100):
        share.add(Tally(10_000, 10_000), Tally(10_000, 0))
    assert math.isfinite(share.e)
    assert share.e > 1e300


def test_a_cluster_has_a_request() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Share(0.5)
