"""Tables on the rate of errors alone: unchanged, in an outage, worse, better, and for long."""

from dataclasses import replace
from functools import partial

from agentramp.judge.verdict import Rules
from bench.figures import Figure, at_least, at_most
from bench.judge.page import Block, Section
from bench.judge.roster import ALPHA, OURS, ours, peers
from bench.judge.settings import BOUND, Settings, false_rate, found
from bench.judge.streams import WEIGHTS, Rates, flat, ladder, random_walk
from bench.judge.trial import Entrant, Outcome, compete

TRAFFIC = (20, 200, 2000)
RATES = (0.001, 0.01, 0.05)
STRICT = 0.01
BUSY, BUSY_RUNS = 2000, 1000
OURS_STRICT = "agentramp alpha .01"


def rate_names(rates: tuple[float, ...] = RATES) -> tuple[str, ...]:
    return tuple(f"{100 * rate:g} %" for rate in rates)


def no_change(settings: Settings) -> Section:
    blocks, worst = [], dict.fromkeys((OURS, OURS_STRICT), Outcome(runs=1))
    for traffic in TRAFFIC:
        cells = {rate: _without_change(settings, traffic, rate) for rate in RATES}
        for name in worst:
            worst[name] = max(
                worst[name], *(cell[name] for cell in cells.values()), key=lambda one: one.percent
            )
        blocks.append(_rates_by_name(f"{traffic} sessions a window", cells))
    settings.standing.known = True
    return Section(
        "no-change",
        "A healthy canary: false rollbacks, looking at every window",
        f"S1. Percent of ramps of {len(WEIGHTS)} windows (20 each at 10, 30 and 50 %) that were "
        f"rolled back, with the 95 % interval: {settings.runs} ramps a cell, and "
        f"{_runs(settings, BUSY)} at {BUSY} sessions a window; half of them for the peers, a tenth "
        "for Kayenta. Columns: stable's rate of bad sessions. ! breaks 5 % beyond doubt. At alpha "
        ".01 the same E has a higher threshold, so only what .05 rolled back is judged again.",
        blocks,
        [
            _bounded("no change, alpha .05, worst of 9 cells", worst[OURS], 100 * ALPHA),
            _bounded("no change, alpha .01, worst of 9 cells", worst[OURS_STRICT], 100 * STRICT),
        ],
    )


def _runs(settings: Settings, traffic: float) -> int:
    return settings.scaled(BUSY_RUNS) if traffic == BUSY else settings.runs


def _without_change(settings: Settings, traffic: float, rate: float) -> dict[str, Outcome]:
    outcomes = compete(
        [
            ours(settings.judge, Rules(alpha=ALPHA)),
            replace(ours(settings.judge, Rules(alpha=STRICT), OURS_STRICT), stricter_than=OURS),
            *peers(traffic, rate, portion=0.5),
        ],
        partial(ladder, traffic=traffic, rates=flat(rate, rate)),
        _runs(settings, traffic),
        (settings.seed, "no-change", traffic, rate),
    )
    settings.standing.without_change.update(
        (name, traffic, rate) for name, outcome in outcomes.items() if outcome.breaks(BOUND)
    )
    return outcomes


def _rates_by_name(caption: str, cells: dict[float, dict[str, Outcome]]) -> Block:
    names = next(iter(cells.values()))
    rows = [(name, *(false_rate(cell[name]) for cell in cells.values())) for name in names]
    return Block(
        [("false rollback %", *(f"{name} " for name in rate_names(tuple(cells)))), *rows], caption
    )


def _bounded(name: str, outcome: Outcome, bound: float) -> Figure:
    return Figure(name, outcome.percent, "%", at_most(bound), f"{outcome.runs} runs")


OUTAGE = (Rates(0, 0.01, 0.01), Rates(25, 0.06, 0.06), Rates(36, 0.01, 0.01))
OUTAGE_RUNS = 800


def outage(settings: Settings) -> Section:
    cells = {traffic: _in_outage(settings, traffic) for traffic in TRAFFIC}
    rows = [(name, *(false_rate(cell[name]) for cell in cells.values())) for name in cells[20]]
    worst = max((cell[OURS] for cell in cells.values()), key=lambda one: one.percent)
    return Section(
        "outage",
        "An outage that both arms share: false rollbacks of a healthy canary",
        f"S4. Both arms fail 1 %, and 6 % during windows 25 to 35; {settings.scaled(OUTAGE_RUNS)} "
        "ramps. Columns: sessions a window.",
        [Block([("false rollback %", *(f"{traffic} " for traffic in TRAFFIC)), *rows])],
        [_bounded("outage both arms share, alpha .05, worst", worst, 100 * ALPHA)],
    )


def _in_outage(settings: Settings, traffic: float) -> dict[str, Outcome]:
    outcomes = compete(
        [ours(settings.judge, Rules(alpha=ALPHA)), *peers(traffic, 0.01)],
        partial(ladder, traffic=traffic, rates=OUTAGE),
        settings.scaled(OUTAGE_RUNS),
        (settings.seed, "outage", traffic),
    )
    settings.standing.in_outage.update(
        (name, traffic) for name, outcome in outcomes.items() if outcome.breaks(BOUND)
    )
    return outcomes


EFFECTS = (0.01, 0.02, 0.05)
EFFECT_RUNS = 200
HEADLINE = {(200, 0.01, 0.02): 420.0, (200, 0.01, 0.05): 110.0}
HEADLINE_RUNS = 2000


def worse(settings: Settings) -> Section:
    blocks, figures = [], []
    for effect in EFFECTS:
        for traffic in TRAFFIC:
            cells = {rate: _worse(settings, traffic, rate, effect) for rate in RATES}
            blocks.append(_effects_by_name(settings, cells, traffic, effect))
            figures += [
                _headline(cells[rate][OURS], effect)
                for rate in RATES
                if (traffic, rate, effect) in HEADLINE
            ]
    doubt = "" if settings.standing.known else " The tables that disqualify were not run."
    return Section(
        "worse",
        "A worse canary: rollbacks",
        "S2. found % @ mean canary sessions until rollback + bad sessions served beyond stable's "
        f"rate; {settings.scaled(EFFECT_RUNS)} ramps a cell, {settings.scaled(HEADLINE_RUNS)} of "
        "ours where a bound is; Kayenta on a quarter. Columns: stable's rate. Disqualified: a, "
        "false rollbacks above 5 % in this cell without a change; s, in the shared outage at this "
        f"traffic.{doubt}",
        blocks,
        figures,
    )


def _worse(settings: Settings, traffic: float, rate: float, effect: float) -> dict[str, Outcome]:
    names = (settings.seed, "worse", traffic, rate, effect)
    make = partial(ladder, traffic=traffic, rates=flat(rate + effect, rate))
    entrants = [ours(settings.judge, Rules(alpha=ALPHA)), *peers(traffic, rate, kayenta=0.25)]
    outcomes = compete(entrants, make, settings.scaled(EFFECT_RUNS), names)
    if (traffic, rate, effect) in HEADLINE:
        outcomes |= compete(entrants[:1], make, settings.scaled(HEADLINE_RUNS), names)
    return outcomes


def _effects_by_name(
    settings: Settings, cells: dict[float, dict[str, Outcome]], traffic: float, effect: float
) -> Block:
    marks = settings.standing.marks
    rows = [
        (name, *(found(cell[name], marks(name, traffic, rate)) for rate, cell in cells.items()))
        for name in cells[RATES[0]]
    ]
    heading = (f"+{100 * effect:g} points", *(f"{name}   " for name in rate_names()))
    return Block([heading, *rows], f"+{100 * effect:g} points, {traffic} sessions a window")


def _headline(outcome: Outcome, effect: float) -> Figure:
    return Figure(
        f"+{100 * effect:g} points at 1 %, 200 a window",
        outcome.exposure,
        "sessions",
        at_most(HEADLINE[200, 0.01, effect]),
        f"{outcome.percent:.4g} % of {outcome.runs}",
    )


LEAK = (Rates(0, 0.01, 0.01), Rates(30, 0.06, 0.01))
LEAK_RUNS = 400


def leak(settings: Settings) -> Section:
    cells = {
        traffic: compete(
            [ours(settings.judge, Rules(alpha=ALPHA)), *peers(traffic, 0.01, kayenta=0.25)],
            partial(ladder, traffic=traffic, rates=LEAK),
            settings.scaled(LEAK_RUNS),
            (settings.seed, "leak", traffic),
        )
        for traffic in (200, 2000)
    }
    rows = [
        (
            name,
            *(
                found(cell[name], settings.standing.marks(name, traffic, 0.01))
                for traffic, cell in cells.items()
            ),
        )
        for name in cells[200]
    ]
    return Section(
        "leak",
        "A leak that starts half-way",
        f"S5. The canary fails 1 %, and 6 % from window 30; {settings.scaled(LEAK_RUNS)} ramps. "
        "1,000 and 10,000 canary sessions come before it. Columns: sessions a window.",
        [Block([("found", "200   ", "2000   "), *rows])],
        [
            Figure(
                f"leak from window 30, {traffic} a window: found",
                cell[OURS].percent,
                "%",
                at_least(100),
                f"{cell[OURS].runs} runs",
            )
            for traffic, cell in cells.items()
        ],
    )


BETTER = ((0.01, 0.002), (0.05, 0.02))
BETTER_RUNS = 400


def better(settings: Settings) -> Section:
    rows, worst = [("false rollback %", *(f"{traffic} " for traffic in TRAFFIC))], 0.0
    for stable, canary in BETTER:
        cells = [
            compete(
                [ours(settings.judge, Rules(alpha=ALPHA))],
                partial(ladder, traffic=traffic, rates=flat(canary, stable)),
                settings.scaled(BETTER_RUNS),
                (settings.seed, "better", traffic, stable),
            )[OURS]
            for traffic in TRAFFIC
        ]
        worst = max(worst, *(cell.percent for cell in cells))
        rows.append(
            (f"stable {100 * stable:g} %, canary {100 * canary:g} %", *map(false_rate, cells))
        )
    how = f"{settings.scaled(BETTER_RUNS)} runs a cell"
    return Section(
        "better",
        "A better canary",
        "S15. Columns: sessions a window.",
        [Block(rows)],
        [Figure("a better canary, alpha .05, worst cell", worst, "%", at_most(100 * ALPHA), how)],
    )


WALK_RUNS = 400
WALK_WINDOWS = 600
WALK_TRAFFIC = 200


def walk(settings: Settings) -> Section:
    outcomes = compete(
        [ours(settings.judge, Rules(alpha=ALPHA)), *_long_peers()],
        partial(random_walk, traffic=WALK_TRAFFIC, windows=WALK_WINDOWS),
        settings.scaled(WALK_RUNS),
        (settings.seed, "walk"),
    )
    rows = [(name, false_rate(outcome)) for name, outcome in outcomes.items()]
    return Section(
        "walk",
        "600 windows of rates that wander and weights that jump",
        "S17. A healthy canary; a rate both arms share walks from .2 to 20 %, and every 20 windows "
        f"a weight is drawn from 5 to 60 %; {WALK_TRAFFIC} sessions a window; "
        f"{settings.scaled(WALK_RUNS)} ramps. Rules that need a plan or a constant rate are left "
        "out.",
        [Block([("false rollback %", ""), *rows])],
        [_bounded("600 windows of random walk, alpha .05", outcomes[OURS], 100 * ALPHA)],
    )


def _long_peers() -> list[Entrant]:
    known = {"z-test each window", "mSPRT tau .02", "AsympCS"}
    return [one for one in peers(WALK_TRAFFIC, 0.01) if one.name in known]
