"""The bench is fed the same streams again, passes with our judge, and can fail."""

import math
import random
from collections import Counter
from functools import partial

import pytest

from agentramp.judge.verdict import Decision, Rules
from agentramp.judge.window import Spread
from bench.figures import Figure, at_most
from bench.judge import bench, page
from bench.judge.__main__ import main
from bench.judge.chance import poisson, poissons, seeded
from bench.judge.counts import Counts
from bench.judge.ours import Ours
from bench.judge.page import Block, Section
from bench.judge.peers.values import quantile
from bench.judge.settings import Settings
from bench.judge.spreads import COST, COST_BOUNDS, LATENCY, Trial, given, spread, stream
from bench.judge.streams import (
    WEIGHTS,
    Rates,
    clustered,
    flat,
    kinds,
    ladder,
    random_walk,
)
from bench.judge.trial import Entrant, Outcome, compete, interval


class AtRandom:
    """Rolls one window in two hundred back, whatever it holds: 26 % of ramps."""

    def __init__(self, rules: Rules) -> None:
        self._random = random.Random(f"{rules} {next(seeds)}")

    def observe(self, counts: Counts) -> Decision:
        return Decision.ROLLBACK if self._random.random() < 1 / 200 else Decision.HOLD


class Asleep:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def observe(self, counts: Counts) -> Decision:
        return Decision.HOLD


class Trusting(Asleep):
    def observe(self, counts: Counts) -> Decision:
        return Decision.ADVANCE


seeds = iter(range(10**9))


def test_the_same_seed_gives_the_same_streams() -> None:
    one, two, other = (ladder(seeded(seed, "x"), 200, flat(0.02, 0.01)) for seed in (1, 1, 2))
    assert one == two
    assert one != other
    assert random_walk(seeded(1), 200, 50) == random_walk(seeded(1), 200, 50)
    mix = kinds({1: 0.5, 5: 0.5}, 0.02, 0.01)
    assert clustered(seeded(1), 200, mix) == clustered(seeded(1), 200, mix)
    trial = Trial(latency=LATENCY, cost=COST, quality=0.2, stable_quality=0.1)
    assert stream(seeded(1), 200, trial) == stream(seeded(1), 200, trial)


def test_streams_do_not_change_from_release_to_release() -> None:
    counts = ladder(seeded(4, "golden"), 200, flat(0.06, 0.01))[0]
    assert (counts.canary, counts.canary_bad, counts.stable, counts.stable_bad) == (
        26, 3, 197, 4,
    )  # fmt: skip


@pytest.mark.parametrize("mean", [0.02, 1.0, 7.3, 180.0, 1780.0])
def test_draws_are_poisson(mean: float) -> None:
    draws = poissons(seeded("poisson", mean), mean, 20_000)
    average = sum(draws) / len(draws)
    variance = sum((draw - average) ** 2 for draw in draws) / len(draws)
    assert average == pytest.approx(mean, abs=4 * math.sqrt(mean / len(draws)))
    assert variance == pytest.approx(mean, rel=0.1)
    none = Counter(draws)[0] / len(draws)
    assert none == pytest.approx(math.exp(-mean), abs=0.015)
    assert poisson(seeded("none"), 0.0) == 0


def test_a_ladder_has_its_rates_and_weights() -> None:
    rates = (Rates(0, 0.01, 0.01), Rates(30, 0.06, 0.01))
    windows = ladder(seeded("rates"), 20_000, rates)
    assert [counts.weight for counts in windows] == list(WEIGHTS)
    assert [counts.at for counts in windows] == list(range(60))
    before, after = windows[:30], windows[30:]
    assert canary_rate(before) == pytest.approx(0.01, rel=0.05)
    assert canary_rate(after) == pytest.approx(0.06, rel=0.05)
    share = sum(one.canary for one in windows[:20]) / sum(
        one.canary + one.stable for one in windows[:20]
    )
    assert share == pytest.approx(0.1, rel=0.02)
    assert {one.excess for one in before} == {0.0}
    assert after[0].excess == pytest.approx(after[0].canary * 0.05)
    assert all(one.twin <= one.stable and one.twin_bad <= one.stable_bad for one in windows)


def canary_rate(windows: list[Counts]) -> float:
    return sum(one.canary_bad for one in windows) / sum(one.canary for one in windows)


def test_clusters_have_the_rate_of_requests_they_say() -> None:
    sessions, requests = clustered(seeded("c"), 20_000, kinds({1: 0.4, 5: 0.6}, 0.01, 0.0101))
    assert canary_rate(requests) == pytest.approx(0.02, rel=0.05)
    turns = sum(one.canary for one in requests) / sum(one.canary for one in sessions)
    assert turns == pytest.approx(0.4 + 3.0, rel=0.02)


def test_spreads_have_the_quantiles_and_moments_of_their_values() -> None:
    latency = spread(seeded("l"), 100_000, LATENCY, (1, 2, 4, 8, 16, 32))
    assert latency.counts[0] + latency.counts[1] == pytest.approx(latency.sessions / 2, rel=0.03)
    cost = given(seeded("c"), 100_000, COST, COST_BOUNDS)
    assert cost.sessions == 100_000
    assert cost.total / cost.sessions == pytest.approx(0.01 * math.exp(0.5), rel=0.03)


def test_a_quantile_is_read_off_a_straight_line() -> None:
    assert quantile(Spread((1.0, 2.0), (10, 10, 0)), 0.75) == pytest.approx(1.5)
    assert quantile(Spread((1.0, 2.0), (0, 0, 10)), 0.99) == 2.0
    assert math.isnan(quantile(Spread((1.0, 2.0), (0, 0, 0)), 0.99))


def test_an_interval_is_wilsons() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, and 0 of 20."""
    assert interval(81, 263) == pytest.approx((25.53, 36.62), abs=0.01)
    assert interval(0, 20) == pytest.approx((0.0, 16.11), abs=0.01)


def test_an_outcome_counts_until_rollback_only() -> None:
    class AtThird:
        seen = 0

        def observe(self, counts: Counts) -> Decision:
            self.seen += 1
            assert counts.at < 3, "was shown more after its rollback"
            return Decision.ROLLBACK if self.seen == 3 else Decision.HOLD

    outcome = Outcome()
    outcome.add(AtThird(), [Counts(at, 10, 7, 1, 90, 0, excess=0.5) for at in range(9)])
    assert (outcome.percent, outcome.exposure, outcome.extra) == (100.0, 21, 1.5)


def test_every_rule_is_shown_the_same_streams() -> None:
    class Keeps:
        def __init__(self) -> None:
            self.seen: list[Counts] = []
            kept.append(self.seen)

        def observe(self, counts: Counts) -> Decision:
            self.seen.append(counts)
            return Decision.HOLD

    kept: list[list[Counts]] = []
    entrants = [Entrant("a", Keeps), Entrant("b", Keeps)]
    compete(entrants, lambda one: ladder(one, 20, flat(0.01, 0.01)), 2, ("same",))
    assert kept[0] == kept[1]
    assert kept[2] == kept[3]
    assert kept[0] != kept[2]


FAST = ["no-change", "silence", "ramp", "lines", "leak", "split"]


def settings(judge: type = Ours, runs: int = 20) -> Settings:
    return Settings(1, runs, judge)


def test_our_judge_keeps_its_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(settings(), FAST) == 0
    printed = capsys.readouterr().out
    assert "bounds are kept" in printed
    _, *lines = printed.splitlines()
    assert max(map(len, lines)) <= 100


def test_a_judge_that_rolls_back_at_random_breaks_the_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench.run(settings(AtRandom, 60), ["no-change"]) == 1
    printed = capsys.readouterr().out
    assert "2 of 2 bounds are broken" in printed
    assert "FAIL" in printed


def test_a_judge_that_sees_nothing_breaks_the_leak(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(settings(Asleep), ["leak", "worse"]) == 1
    assert "4 of 4 bounds are broken" in capsys.readouterr().out


def test_a_judge_that_always_advances_breaks_the_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench.run(settings(Trusting), ["silence", "split"]) == 1
    printed = capsys.readouterr().out
    assert "no traffic: verdicts other than hold" in printed.splitlines()[-1]
    assert "split broken: advances" in printed.splitlines()[-1]


def test_the_command_knows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--runs", "10", "--seed", "3", "--only", "ramp", "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# The judge bench\n")
    assert "seed 3, 10 runs" in printed
    assert "| traffic vanishes at step 3: moves | 0.00 | at most 0 | pass |" in printed
    with pytest.raises(SystemExit):
        main(["--only", "nothing"])


def test_a_section_is_the_same_in_both_shapes() -> None:
    figure = Figure("rate", 6.0, "%", at_most(5), "12 runs")
    section = Section("a", "Title", "A note.", [Block([("x", "y"), ("1", "2")], "all")], [figure])
    assert page.text(section).splitlines() == [
        "a: Title", "A note.", "", "all", "x  y", "1  2", "",
        "figure  value   bound            how",
        "rate    6.00 %  at most 5  FAIL  12 runs",
    ]  # fmt: skip
    assert "| x | y |\n|---|--:|\n| 1 | 2 |" in page.markdown(section)
    assert "| rate | 6.00 % | at most 5 | FAIL | 12 runs |" in page.markdown(section)


def test_a_stricter_judge_need_not_be_shown_what_the_other_kept() -> None:
    def rolled_back(stricter_than: str) -> tuple[int, int, int]:
        loose = Entrant("loose", lambda: Ours(Rules(alpha=0.3)))
        strict = Entrant("strict", lambda: Ours(Rules(alpha=0.05)), stricter_than=stricter_than)
        outcomes = compete([loose, strict], make, 150, ("strict",))
        return outcomes["loose"].rollbacks, outcomes["strict"].rollbacks, outcomes["strict"].runs

    make = partial(ladder, traffic=200, rates=flat(0.015, 0.01))
    loose, strict, runs = rolled_back("loose")
    assert (loose, strict, runs) == rolled_back("")
    assert 0 < strict < loose < runs == 150


def test_who_breaks_the_bound_is_marked_and_not_hidden(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench.run(settings(runs=40), ["no-change", "outage", "worse"])
    printed = capsys.readouterr().out
    block = printed.split("+5 points, 200 sessions a window\n")[1].split("\n\n")[0]
    marks = {line[:21].strip(): line.split()[-1] for line in block.splitlines()[1:]}
    assert marks["Flagger tuned thr5"] == "as"
    assert marks["mSPRT tau .02"] == "s"
    assert marks["agentramp"].startswith("+")
    assert "were not run" not in printed
