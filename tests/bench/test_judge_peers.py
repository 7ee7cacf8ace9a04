"""Each peer's rule shows what it is known for; the sources stand in its docstring."""

import math

import pytest

from agentramp.judge.verdict import Decision
from bench.judge.chance import seeded
from bench.judge.counts import Counts
from bench.judge.peers.argo import Argo, ArgoMetric
from bench.judge.peers.flagger import Flagger
from bench.judge.peers.kayenta import Kayenta, Label, classify
from bench.judge.peers.means import AsymptoticMeans, RepeatedWelch
from bench.judge.peers.pooled import (
    AsymptoticCS,
    MixtureSPRT,
    OBrienFleming,
    RepeatedZ,
    boundary,
    crossing,
)
from bench.judge.roster import peers, planned
from bench.judge.spreads import COST, Trial, Values, stream
from bench.judge.streams import flat, ladder
from bench.judge.trial import Rule

A, H, R = Decision.ADVANCE, Decision.HOLD, Decision.ROLLBACK


def shown(rule: Rule, *windows: tuple[int, int]) -> list[Decision]:
    """What it says after each window of so many canary sessions, so many of them bad."""
    return [
        rule.observe(Counts(at, 10, sessions, bad, 90, 0, 10, 0))
        for at, (sessions, bad) in enumerate(windows)
    ]


BAD, GOOD, NONE = (10, 5), (10, 0), (0, 0)


def test_argo_needs_four_failures_at_a_failure_limit_of_three() -> None:
    rule = Argo(ArgoMetric(0.95, failure_limit=3, every=1))
    assert shown(rule, BAD, BAD, BAD, BAD) == [A, A, A, R]


def test_argo_never_forgets_a_failure() -> None:
    rule = Argo(ArgoMetric(0.95, failure_limit=1, every=1))
    assert shown(rule, BAD, *[GOOD] * 50, BAD)[-2:] == [A, R]


def test_argo_fails_at_the_first_failure_by_default() -> None:
    assert shown(Argo(ArgoMetric(0.95, every=1)), GOOD, BAD) == [A, R]


def test_argo_measures_a_rate_over_its_interval() -> None:
    rule = Argo(ArgoMetric(0.95, every=5))
    assert shown(rule, (10, 0), (10, 0), (10, 0), (10, 0), (10, 3)) == [A, A, A, A, R]
    rule = Argo(ArgoMetric(0.95, every=5))
    assert shown(rule, (10, 0), (10, 0), (10, 0), (10, 0), (10, 2)) == [A] * 5


def test_argo_takes_no_traffic_for_a_failure_where_the_query_gives_nan() -> None:
    assert shown(Argo(ArgoMetric(0.95, every=1)), NONE) == [R]


def test_argo_is_inconclusive_on_nan_with_both_conditions() -> None:
    assert shown(Argo(ArgoMetric(0.95, failure_below=0.9, every=1)), NONE) == [H]
    assert shown(Argo(ArgoMetric(0.95, failure_below=0.9, every=1)), (100, 7)) == [H]


def test_argo_ends_at_the_fifth_error_in_a_row_where_the_vector_is_empty() -> None:
    metric = ArgoMetric(0.95, every=1, empty=True)
    assert shown(Argo(metric), *[NONE] * 5) == [A, A, A, A, R]
    assert shown(Argo(metric), *[NONE] * 4, GOOD, *[NONE] * 4) == [A] * 9


def test_flagger_acts_one_tick_late() -> None:
    assert shown(Flagger(0.99), BAD, GOOD) == [H, R]


def test_flagger_never_forgets_a_failed_check() -> None:
    assert shown(Flagger(0.99, 2), BAD, *[GOOD] * 50, BAD, GOOD) == [H, *[A] * 50, H, R]


def test_flagger_takes_no_data_for_a_failed_check() -> None:
    assert shown(Flagger(0.99, 2), NONE, NONE, NONE) == [H, H, R]


def test_kayenta_passes_failures_in_half_of_the_intervals_against_none() -> None:
    """spinnaker/spinnaker#5622."""
    canary = [0.0, 0.1, math.nan, 0.2, 0.0, 0.1, math.nan, 0.3, 0.0, 0.2]
    assert classify(canary, [math.nan] * 4 + [0.0] * 6, replace=True) is Label.PASS


def test_kayenta_finds_failures_in_a_fifth_of_many_intervals() -> None:
    canary = [0.1 if at % 5 == 0 else 0.0 for at in range(60)]
    assert classify(canary, [0.0] * 60, replace=False) is Label.HIGH


@pytest.mark.parametrize(
    ("points", "label"), [(3, Label.PASS), (4, Label.PASS), (5, Label.HIGH), (6, Label.HIGH)]
)
def test_kayenta_needs_five_points_to_see_fifty_times_worse(points: int, label: Label) -> None:
    baseline = [0.01 + at / 10_000 for at in range(points)]
    assert classify([50 * value for value in baseline], baseline, replace=False) is label


def test_kayenta_tolerates_what_lies_within_a_quarter_of_the_shift() -> None:
    baseline = [0.01 * at for at in range(1, 31)]
    assert classify([value + 0.05 for value in baseline], baseline, replace=False) is Label.PASS
    assert classify([value + 0.2 for value in baseline], baseline, replace=False) is Label.HIGH


def test_kayenta_has_no_label_without_data_unless_it_is_replaced() -> None:
    assert classify([math.nan] * 10, [0.0] * 10, replace=False) is Label.NODATA
    assert classify([math.nan] * 10, [0.0] * 10, replace=True) is Label.PASS


def test_kayenta_passes_what_is_the_same_or_constant() -> None:
    assert classify([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], replace=False) is Label.PASS
    assert classify([0.2] * 50, [0.2] * 50, replace=False) is Label.PASS


def test_kayenta_looks_every_ten_windows() -> None:
    decisions = shown(Kayenta(), *[(10, 5), (10, 4)] * 10)
    assert decisions == [*[H] * 9, R, *[H] * 9, R]
    assert shown(Kayenta(), *[NONE] * 10)[-1] is R
    assert shown(Kayenta(replace=True), *[NONE] * 10)[-1] is A


def test_the_z_test_is_the_textbooks() -> None:
    """12 of 100 against 5 of 100: z = 1.775, one-sided p = .038."""
    assert RepeatedZ(0.05).observe(Counts(0, 50, 100, 12, 100, 5)) is R
    assert RepeatedZ(0.03).observe(Counts(0, 50, 100, 12, 100, 5)) is A


def test_the_z_test_spends_its_error_anew_at_every_look() -> None:
    looked, once = 0, 0
    for run in range(300):
        windows = ladder(seeded(1, "peeking", run), 200, flat(0.05, 0.05))
        rule = RepeatedZ(0.05)
        decisions = [rule.observe(counts) for counts in windows]
        looked += R in decisions
        once += decisions[-1] is R
    assert once / 300 < 0.1
    assert looked / 300 > 0.25


@pytest.mark.parametrize(("looks", "level"), [(1, 1.645), (2, 1.678), (5, 1.751), (10, 1.801)])
def test_the_boundary_is_that_of_the_tables(looks: int, level: float) -> None:
    """Jennison and Turnbull, Group Sequential Methods (2000), table 2.3, alpha .1 on two sides."""
    assert boundary(0.05, (1 / looks,) * looks) == pytest.approx(level, abs=0.002)


def test_a_boundary_is_crossed_as_often_as_asked() -> None:
    information = planned(200)
    fractions = tuple(part / sum(information) for part in information)
    assert crossing(boundary(0.05, fractions), fractions) == pytest.approx(0.05, abs=0.0005)


def test_o_brien_fleming_is_strict_early_and_silent_past_its_plan() -> None:
    counts = Counts(0, 50, 100, 12, 100, 5)
    assert OBrienFleming(0.05, (50.0,)).observe(counts) is R
    assert OBrienFleming(0.05, (50.0, 450.0)).observe(counts) is A
    ended = OBrienFleming(0.05, (50.0,))
    ended.observe(Counts(0, 50, 100, 5, 100, 5))
    assert ended.observe(Counts(1, 50, 100, 90, 100, 5)) is A


def test_the_mixture_is_its_closed_form() -> None:
    """Integrates the normal likelihood ratio over N(0, tau^2) by hand."""
    counts, tau = Counts(0, 50, 1000, 40, 1000, 12), 0.02
    variance, difference = 0.026 * 0.974 * 2 / 1000, 0.028
    step = tau / 200
    ratio = (
        sum(
            math.exp((difference * effect - effect**2 / 2) / variance - effect**2 / (2 * tau**2))
            for effect in (step * at for at in range(-1600, 1601))
        )
        * step
        / (tau * math.sqrt(2 * math.pi))
    )
    assert MixtureSPRT(1 / (ratio * 0.999), tau).observe(counts) is R
    assert MixtureSPRT(1 / (ratio * 1.001), tau).observe(counts) is A


def test_the_mixture_does_not_mind_a_better_canary() -> None:
    assert MixtureSPRT(0.05).observe(Counts(0, 50, 10_000, 0, 10_000, 900)) is A


def test_the_sequence_is_wider_than_one_interval_and_shrinks() -> None:
    rule = AsymptoticCS(0.05, 1000)
    assert rule.observe(Counts(0, 50, 100, 12, 100, 4)) is A
    assert RepeatedZ(0.05).observe(Counts(0, 50, 100, 12, 100, 4)) is R
    assert rule.observe(Counts(1, 50, 900, 108, 900, 36)) is R


def test_the_pooled_rules_know_nothing_without_sessions() -> None:
    for rule in (RepeatedZ(0.05), MixtureSPRT(0.05), AsymptoticCS(0.05, 100)):
        assert rule.observe(Counts(0, 10, 0, 0, 90, 1)) is H


def test_the_means_find_a_dearer_canary_and_welch_peeks() -> None:
    dearer = Trial(cost=Values(COST.median, COST.sigma, factor=1.5))
    windows = stream(seeded(1, "dearer"), 200, dearer)
    both: tuple[Rule, Rule] = (RepeatedWelch(0.05), AsymptoticMeans(0.05, 2400))
    for rule in both:
        assert R in [rule.observe(counts) for counts in windows]
    false = [0, 0]
    for run in range(60):
        same = stream(seeded(1, "same", run), 200, Trial(cost=COST))
        rules: tuple[Rule, Rule] = (RepeatedWelch(0.05), AsymptoticMeans(0.05, 2400))
        for at, rule in enumerate(rules):
            false[at] += R in [rule.observe(counts) for counts in same]
    assert false[0] > 6
    assert false[1] <= 3


def test_every_peer_says_where_its_rule_comes_from() -> None:
    for entrant in peers(200, 0.01):
        assert "Source: " in (type(entrant.make()).__doc__ or ""), entrant.name
