"""More than errors: latency and its tail, cost and runaway loops, several metrics at once."""

from dataclasses import replace
from functools import partial

from agentramp.judge.verdict import Rules
from agentramp.judge.window import Metric
from bench.figures import Figure, at_most
from bench.judge.page import Block, Section
from bench.judge.peers.argo import Argo, ArgoMetric
from bench.judge.peers.flagger import Flagger
from bench.judge.peers.kayenta import Kayenta
from bench.judge.peers.means import AsymptoticMeans, RepeatedWelch
from bench.judge.peers.values import p99_ratio, p99s
from bench.judge.roster import ALPHA, NARROWEST_AT, OURS, ours
from bench.judge.settings import Settings, false_rate
from bench.judge.spreads import COST, LATENCY, Trial, Values, stream
from bench.judge.streams import WEIGHTS
from bench.judge.trial import Entrant, Outcome, compete

TRAFFIC = 200
LITTLE = 20
MOST_RATIO = 1.5
RUNS = 100
QUIET_RUNS = 400

LATENCIES = {
    "no change": LATENCY,
    "x1.15": Values(LATENCY.median, LATENCY.sigma, factor=1.15),
    "x1.5": Values(LATENCY.median, LATENCY.sigma, factor=1.5),
    "3 % +10 s": Values(LATENCY.median, LATENCY.sigma, some=0.03, plus=10.0),
}
COSTS = {
    "no change": COST,
    "x1.2": Values(COST.median, COST.sigma, factor=1.2),
    "x1.5": Values(COST.median, COST.sigma, factor=1.5),
    "2 % x20": Values(COST.median, COST.sigma, some=0.02, times=20.0),
}


def latency(settings: Settings) -> Section:
    least = -MOST_RATIO
    entrants = [
        _ours(settings, Metric.LATENCY),
        Entrant(
            "Argo p99 <= 1.5x, fl3", partial(Argo, ArgoMetric(least, failure_limit=3), p99_ratio)
        ),
        Entrant("Flagger p99 <= 1.5x, thr5", partial(Flagger, least, 5, p99_ratio)),
        Entrant("Kayenta on p99", partial(Kayenta, values=p99s), 0.25),
    ]
    blocks, quiet = [], []
    for traffic in (LITTLE, TRAFFIC):
        cells = {
            name: _cell(settings, entrants, ("latency", traffic, name), Trial(latency=values))
            for name, values in LATENCIES.items()
        }
        quiet.append(cells["no change"][OURS])
        blocks.append(_block(cells, f"{traffic} sessions a window"))
    return Section(
        "latency",
        "Slower, or slow in the tail",
        "S11. Time to the first byte, lognormal with a median of 2 s and sigma .6, in a histogram "
        f"of 17 buckets. {_how(settings)} Kayenta, on a quarter, sees the 99 % points of all of "
        "stable.",
        blocks,
        figures=[_worst("latency alone, no change, alpha .05, worst", quiet)],
    )


def cost(settings: Settings) -> Section:
    planned = NARROWEST_AT * TRAFFIC * len(WEIGHTS)
    entrants = [
        _ours(settings, Metric.COST),
        Entrant("Welch each window", partial(RepeatedWelch, ALPHA)),
        Entrant("AsympCS of the means", partial(AsymptoticMeans, ALPHA, planned)),
    ]
    cells = {
        name: _cell(settings, entrants, ("cost", TRAFFIC, name), Trial(cost=values))
        for name, values in COSTS.items()
    }
    return Section(
        "cost",
        "Dearer, or a loop that runs away",
        f"S12. Cost of a session, lognormal with sigma 1; {TRAFFIC} sessions a window. "
        f"{_how(settings)}",
        [_block(cells, "")],
        figures=[_worst("cost alone, no change, alpha .05", [cells["no change"][OURS]])],
    )


BUDGETS = (
    (Metric.ERRORS, 0.5),
    (Metric.LATENCY, 0.2),
    (Metric.COST, 0.2),
    (Metric.QUALITY, 0.1),
)
NOISE = 0.1
"""Of the judge's labels are wrong."""


def labelled(bad: float) -> float:
    return bad * (1 - NOISE) + (1 - bad) * NOISE


SAME = Trial(LATENCY, COST, 0.01, 0.01, labelled(0.1), labelled(0.1))
FOUR = {
    "no change": SAME,
    "errors +2 points": replace(SAME, bad=0.03),
    "latency x1.5": replace(SAME, latency=LATENCIES["x1.5"]),
    "cost 2 % x20": replace(SAME, cost=COSTS["2 % x20"]),
    "bad answers x2": replace(SAME, quality=labelled(0.2)),
}


def several(settings: Settings) -> Section:
    entrants = [ours(settings.judge, Rules(alpha=ALPHA, budgets=BUDGETS))]
    cells = {
        name: _cell(settings, entrants, ("several", TRAFFIC, name), trial)
        for name, trial in FOUR.items()
    }
    return Section(
        "several",
        "Four metrics at once, one promise",
        "S13, S16. Errors .5, latency .2, cost .2 and a judge's quality .1 of alpha; a tenth of "
        "the sessions answer badly, and a tenth of the judge's labels are wrong. The peers have "
        f"no such promise. {TRAFFIC} sessions a window. {_how(settings)}",
        [_block(cells, "")],
        figures=[_worst("four metrics, no change, alpha .05", [cells["no change"][OURS]])],
    )


def _ours(settings: Settings, metric: Metric) -> Entrant:
    return ours(settings.judge, Rules(alpha=ALPHA, budgets=((metric, 1.0),)))


def _how(settings: Settings) -> str:
    return (
        f"False rollbacks of {settings.scaled(QUIET_RUNS)} ramps without a change; found % @ "
        f"canary sessions of {settings.scaled(RUNS)} with one."
    )


def _cell(
    settings: Settings, entrants: list[Entrant], names: tuple[object, ...], trial: Trial
) -> dict[str, Outcome]:
    runs = settings.scaled(QUIET_RUNS if names[-1] == "no change" else RUNS)
    make = partial(stream, traffic=float(str(names[1])), trial=trial)
    return compete(entrants, make, runs, (settings.seed, *names))


def _block(cells: dict[str, dict[str, Outcome]], caption: str) -> Block:
    rows = [
        (name, *(_shown(cell[name], change) for change, cell in cells.items()))
        for name in cells["no change"]
    ]
    return Block([("rolled back %", *cells), *rows], caption)


def _shown(outcome: Outcome, change: str) -> str:
    if change == "no change":
        return false_rate(outcome)
    if not outcome.rollbacks:
        return "0 @ -"
    return f"{outcome.percent:.0f} @ {outcome.exposure:.0f}"


def _worst(name: str, outcomes: list[Outcome]) -> Figure:
    worst = max(outcomes, key=lambda one: one.percent)
    return Figure(name, worst.percent, "%", at_most(100 * ALPHA), f"{worst.runs} runs")
