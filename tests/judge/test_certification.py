import math
from random import Random

import pytest

from agentramp.judge.certification import Certification
from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Rules
from agentramp.judge.window import Tally
from tests.judge.streams import Course, always, ends, is_plausible

NEVER_BACK = Rules(alpha=1e-12)


def binomial(count: int, rate: float) -> list[float]:
    return [math.comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(count + 1)]


def mean_e(past: Tally, sizes: tuple[int, int], rate: float, margin: float) -> float:
    """The mean of one window's factor where the canary is worse by exactly the margin."""
    total = 0.0
    for x, canary in enumerate(binomial(sizes[0], rate + margin)):
        for y, stable in enumerate(binomial(sizes[1], rate)):
            one = Certification(margin, 0.05)
            one.add(Tally(), past)
            one.add(Tally(sizes[0], x), Tally(sizes[1], y))
            total += canary * stable * math.exp(one.log_e)
    return total


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1, 0.6])
@pytest.mark.parametrize("past", [Tally(), Tally(1000, 10), Tally(1000, 300), Tally(50, 0)])
def test_a_window_has_mean_one_at_most_whatever_was_guessed(rate: float, past: Tally) -> None:
    for sizes in ((1, 1), (4, 12), (12, 4), (9, 1)):
        assert mean_e(past, sizes, rate, 0.02) <= 1 + 1e-12


@pytest.mark.parametrize("sessions", [20, 200])
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05])
def test_a_canary_at_the_margin_is_rarely_certified(sessions: int, rate: float) -> None:
    course = Course(always(rate + 0.02), always(rate), sessions)
    certified = sum(end.certified is not None for end in ends(course, NEVER_BACK, 120, 5))
    assert is_plausible(certified, 120, 0.05)


def test_an_outage_that_both_share_certifies_nothing() -> None:
    """A rate estimated from the outage would let the canary pass afterwards."""

    def shared(number: int) -> float:
        return 0.06 if 5 <= number < 15 else 0.01

    course = Course(lambda number: shared(number) + 0.02, shared)
    certified = sum(end.certified is not None for end in ends(course, NEVER_BACK, 150, 6))
    assert is_plausible(certified, 150, 0.05)


def test_a_healthy_canary_is_certified_after_some_hundred_sessions() -> None:
    found = [end.certified for end in ends(Course(always(0.01), always(0.01)), NEVER_BACK, 100, 7)]
    certified = [count for count in found if count is not None]
    assert len(certified) >= 95
    assert sum(certified) / len(certified) < 450


def test_a_late_leak_takes_the_certificate_back() -> None:
    one = Certification(0.02, 0.05)
    for _ in range(500):
        one.add(Tally(100, 1), Tally(100, 1))
    assert one.certified
    for _ in range(3):
        one.add(Tally(100, 8), Tally(100, 1))
    assert not one.certified


@pytest.mark.parametrize("rate", [0.0, 0.005, 0.01])
def test_needed_is_about_what_it_takes(rate: float) -> None:
    random, one = Random(3), Certification(0.02, 0.05)
    canary = stable = Tally()
    for _ in range(4):
        bad = round(200 * rate)
        canary, stable = canary + Tally(20, round(20 * rate)), stable + Tally(200, bad)
        one.add(Tally(20, round(20 * rate)), Tally(200, bad))
    told, took = one.needed(canary, stable), 0
    assert told is not None
    while not one.certified:
        took += 1
        one.add(Tally(1, int(random.random() < canary.bad / canary.sessions)), Tally(10))
    assert told / 2 <= took <= told * 2


def test_a_rate_at_the_margin_is_never_certified_by_waiting() -> None:
    one = Certification(0.02, 0.05)
    one.add(Tally(100, 10), Tally(900, 9))
    assert one.needed(Tally(100, 10), Tally(900, 9)) is None


def told_in_vain(course: Course, runs: int) -> tuple[int, int]:
    """How many ramps were certified, and how many of them were told before that it is in vain."""
    random, certified, told = Random(11), 0, 0
    for _ in range(runs):
        judge, vain = Judge(NEVER_BACK), False
        for each in course.stream(random):
            verdict = judge.observe(each)
            if verdict.certified:
                certified, told = certified + 1, told + vain
                break
            vain |= bool(verdict.canary.sessions) and verdict.needed is None
    return certified, told


def test_few_are_told_that_it_is_in_vain_and_certified_later() -> None:
    """With the canary's own rate it was every third."""
    certified, told = told_in_vain(Course(always(0.01), always(0.01)), 120)
    assert certified >= 115
    assert told <= certified / 4


def test_one_bad_session_of_few_is_not_in_vain() -> None:
    one, canary, stable = Certification(0.02, 0.05), Tally(20, 1), Tally(180, 2)
    one.add(canary, stable)
    assert one.needed(canary, stable) is not None


def test_a_better_canary_is_not_drawn_beyond_what_would_do() -> None:
    """Without a margin a canary as bad as stable is never certified, and this one is better."""
    one, canary, stable = Certification(0.0, 0.05), Tally(10, 1), Tally(900, 110)
    one.add(canary, stable)
    assert one.needed(canary, stable) is not None


def test_no_margin_needs_a_better_canary() -> None:
    one = Certification(0.0, 0.05)
    for _ in range(40):
        one.add(Tally(100, 1), Tally(100, 5))
    assert one.certified


def test_stable_failing_throughout_is_no_crash() -> None:
    one = Certification(0.02, 0.05)
    for _ in range(20):
        one.add(Tally(10_000, 10_000), Tally(10_000, 10_000))
    assert not one.certified
