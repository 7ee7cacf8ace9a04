from random import Random
from statistics import fmean

import pytest

from agentramp.judge.judge import Judge, judge
from agentramp.judge.verdict import Decision, Rules
from agentramp.judge.window import Arm, Metric, Spread, Tally, Unit, Window
from tests.judge.streams import Course, always, ends, is_plausible, window

FIVE = Rules(alpha=0.05)
BOUNDS = (1.0, 2.0, 4.0, 8.0)


def shared_outage(number: int) -> float:
    return 0.06 if 25 <= number < 35 else 0.01


def values(*counts: int, mean: float = 1.0) -> Spread:
    total = sum(counts) * mean
    return Spread(BOUNDS, counts, total, 2 * total * mean)


def backs(course: Course, rules: Rules, runs: int, seed: int) -> list[int]:
    found = [end.rolled_back for end in ends(course, rules, runs, seed)]
    return [sessions for sessions in found if sessions is not None]


@pytest.mark.parametrize("sessions", [20, 200, 2000])
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05])
def test_a_healthy_canary_is_rarely_rolled_back(sessions: int, rate: float) -> None:
    course = Course(always(rate), always(rate), sessions)
    assert is_plausible(len(backs(course, FIVE, 80, 11)), 80, 0.05)


def test_an_outage_that_both_share_rolls_nothing_back() -> None:
    course = Course(shared_outage, shared_outage, 2000)
    assert is_plausible(len(backs(course, FIVE, 120, 12)), 120, 0.05)


def test_a_long_walk_with_random_weights_keeps_the_bound() -> None:
    random, found, runs = Random(13), 0, 25
    for _ in range(runs):
        rates = [0.05]
        for _ in range(600):
            rates.append(min(0.2, max(0.002, rates[-1] * random.choice((0.9, 1 / 0.9)))))
        weights = tuple(random.randint(5, 60) for _ in range(600))
        course = Course(rates.__getitem__, rates.__getitem__, 100, 600, weights)
        found += ends(course, FIVE, 1, random.getrandbits(32))[0].rolled_back is not None
    assert is_plausible(found, runs, 0.05)


def test_requests_of_failing_sessions_are_discounted() -> None:
    course = Course(always(0.02), always(0.02), 1000, cluster=5)
    discounted = Rules(alpha=0.05, unit=Unit.REQUESTS)
    assert is_plausible(len(backs(course, discounted, 120, 14)), 120, 0.05)
    assert not is_plausible(len(backs(course, FIVE, 120, 14)), 120, 0.05)


def test_a_better_canary_is_kept_and_certified() -> None:
    course = Course(always(0.01), always(0.03))
    assert is_plausible(len(backs(course, FIVE, 80, 15)), 80, 0.05)
    assert all(end.certified for end in ends(course, FIVE, 40, 15))


def test_five_points_more_are_found_within_110_canary_sessions() -> None:
    found = backs(Course(always(0.06), always(0.01)), FIVE, 400, 16)
    assert len(found) == 400
    assert fmean(found) <= 110


def test_two_points_more_are_found_within_420_canary_sessions() -> None:
    found = backs(Course(always(0.03), always(0.01)), FIVE, 400, 17)
    assert len(found) == 400
    assert fmean(found) <= 420


def test_a_leak_that_starts_half_way_is_always_found() -> None:
    course = Course(lambda number: 0.06 if number >= 30 else 0.01, always(0.01))
    assert len(backs(course, FIVE, 100, 18)) == 100


def test_a_rollback_is_final_and_has_its_numbers() -> None:
    one = Judge(Rules(), stable_name="version 7")
    one.observe(window(0, Tally(12, 0), Tally(104, 1)))
    first = one.observe(window(1, Tally(200, 14), Tally(1800, 20)))
    assert first.decision is Decision.ROLLBACK
    assert first.reason == (
        "rolled back: 14 of 212 canary sessions failed against 21 of 1,904 on version 7 "
        f"(E = {int(first.e):,} ≥ 100)"
    )
    assert one.observe(window(2, Tally(9000, 0), Tally(9000, 900))) is first


def test_a_certificate_has_its_numbers() -> None:
    verdict = judge([window(0, Tally(420, 1), Tally(3800, 42))], Rules(), "version 7")
    assert verdict.decision is Decision.ADVANCE
    assert verdict.reason.startswith(
        "certified: 1 of 420 canary sessions failed; its rate is below version 7's 1.1 % plus "
        "2 points (E = "
    )
    assert verdict.reason.endswith("≥ 20)")


def test_a_hold_says_how_many_more() -> None:
    verdict = judge([window(0, Tally(80, 0), Tally(720, 7))], Rules())
    assert verdict.decision is Decision.HOLD
    assert verdict.needed is not None
    assert verdict.reason == (
        f"hold: 0 of 80 canary sessions failed; about {verdict.needed} more are needed to certify"
    )
    assert 20 < verdict.needed < 150


def test_no_sessions_are_a_hold() -> None:
    for windows in ([], [window(0, Tally(), Tally(500, 499))], [window(0, Tally(), Tally())]):
        verdict = judge(windows, Rules())
        assert verdict.decision is Decision.HOLD
        assert verdict.reason == "hold: no canary sessions yet"
        assert verdict.e == 1.0


@pytest.mark.parametrize("bad", [0, 30])
def test_no_sessions_on_stable_are_what_is_missing(bad: int) -> None:
    """However many more come on the canary, nothing is certified by them."""
    verdict = judge([window(n, Tally(500, bad), Tally()) for n in range(2)], Rules(), "version 7")
    assert (verdict.decision, verdict.e, verdict.needed) == (Decision.HOLD, 1.0, None)
    assert verdict.reason == (
        f"hold: {2 * bad} of 1,000 canary sessions failed; no sessions on version 7 yet to "
        "compare them with"
    )


def test_a_rate_that_waiting_does_not_mend_says_so() -> None:
    verdict = judge([window(0, Tally(80, 6), Tally(900, 12))], Rules())
    assert verdict.needed is None
    assert verdict.reason == (
        "hold: 6 of 80 canary sessions failed; at this rate it is not going to be certified "
        "below the stable version's 1.3 % plus 2 points"
    )


def test_requests_say_so_in_every_verdict() -> None:
    rules = Rules(unit=Unit.REQUESTS)
    suffix = "; counted in requests, discounted by 5"
    for canary in (Tally(), Tally(80, 0), Tally(9000, 20), Tally(500, 400), Tally(80, 4)):
        reason = judge([window(0, canary, Tally(9000, 90))], rules).reason
        assert reason.endswith(suffix)
        assert "sessions" not in reason


def test_slower_sessions_are_seen_through_past_quantiles() -> None:
    rules = Rules(alpha=0.05, budgets=((Metric.ERRORS, 0.5), (Metric.LATENCY, 0.5)))
    one = Judge(rules, stable_name="version 7")
    good, verdict = Tally(100), one.verdict
    for number in range(10):
        slow, fast = values(40, 40, 10, 10, 0), values(80, 14, 4, 2, 0)
        canary, stable = Arm(good, latency=slow), Arm(good, latency=fast)
        verdict = one.observe(Window(number, number + 1, canary, stable))
    assert verdict.decision is Decision.ROLLBACK
    assert verdict.threshold == pytest.approx(40)
    assert "canary sessions were slower than 50 % of sessions had been before" in verdict.reason
    assert [reading.metric for reading in verdict.readings] == [Metric.ERRORS, Metric.LATENCY]


def test_dearer_sessions_are_seen_in_the_mean() -> None:
    rules = Rules(alpha=0.05, budgets=((Metric.ERRORS, 0.5), (Metric.COST, 0.5)))
    one = Judge(rules)
    good, verdict = Tally(100), one.verdict
    same = (40, 40, 10, 10, 0)
    for number in range(20):
        dear, cheap = values(*same, mean=1.8), values(*same, mean=1.0)
        canary, stable = Arm(good, cost=dear), Arm(good, cost=cheap)
        verdict = one.observe(Window(number, number + 1, canary, stable))
    assert verdict.decision is Decision.ROLLBACK
    assert "a canary session cost 1.8 on average against 1 on the stable version" in verdict.reason


def test_worse_answers_are_seen() -> None:
    rules = Rules(budgets=((Metric.QUALITY, 1.0),))
    canary = Arm(Tally(100), quality=Tally(100, 40))
    stable = Arm(Tally(900), quality=Tally(900, 90))
    verdict = judge([Window(0, 1, canary, stable)], rules)
    assert verdict.decision is Decision.ROLLBACK
    assert "40 of 100 canary sessions were judged bad against 90 of 900" in verdict.reason
    assert verdict.canary == Tally(100)


def test_budgets_split_alpha() -> None:
    shares = ((Metric.ERRORS, 0.5), (Metric.QUALITY, 0.3), (Metric.LATENCY, 0.2))
    readings = judge([], Rules(alpha=0.01, budgets=shares)).readings
    assert [reading.threshold for reading in readings] == pytest.approx([200, 1000 / 3, 500])


def test_a_broken_slo_alone_is_a_hold() -> None:
    rules = Rules(slo=0.02)
    outage = [window(n, Tally(100, 20), Tally(100, 20)) for n in range(5)]
    verdict = judge(outage, rules)
    assert verdict.decision is Decision.HOLD
    assert "above the SLO of 2.0 %" in verdict.reason
    worse = [window(n, Tally(100, 20), Tally(100, 10)) for n in range(2)]
    verdict = judge(worse, rules)
    assert verdict.decision is Decision.ROLLBACK
    assert verdict.e < verdict.threshold
    assert verdict.reason.startswith("rolled back: 40 of 200 canary sessions failed, above the SLO")


def test_a_broken_split_holds_what_is_certified() -> None:
    windows = [window(n, Tally(300, 1), Tally(700, 3), 10) for n in range(4)]
    verdict = judge(windows, Rules())
    assert verdict.certified
    assert verdict.decision is Decision.HOLD
    assert "1,200 of 4,000 sessions went to the canary where the weights plan 400" in verdict.reason


@pytest.mark.parametrize(
    "rules",
    [
        Rules(alpha=0.0),
        Rules(alpha=1.5),
        Rules(certify_alpha=float("nan")),
        Rules(margin=-0.1),
        Rules(cluster_size=0.5),
        Rules(slo=0.0),
        Rules(budgets=()),
        Rules(budgets=((Metric.ERRORS, 0.7), (Metric.COST, 0.7))),
        Rules(budgets=((Metric.ERRORS, 0.4), (Metric.ERRORS, 0.4))),
        Rules(budgets=((Metric.ERRORS, -1.0), (Metric.COST, 2.0))),
    ],
)
def test_rules_that_promise_nothing_are_refused(rules: Rules) -> None:
    with pytest.raises(ValueError, match=r"not|two"):
        Judge(rules)
