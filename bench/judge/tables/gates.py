"""What stands between a canary and its next step: certification, the SLO, the planned split."""

from dataclasses import dataclass
from functools import partial

from agentramp.judge.verdict import Decision, Rules
from bench.figures import Figure, at_least, at_most
from bench.judge.chance import seeded
from bench.judge.page import Block, Section
from bench.judge.roster import ALPHA, OURS, ours
from bench.judge.settings import Settings, false_rate
from bench.judge.streams import WEIGHTS, flat, ladder
from bench.judge.tables.errors import OUTAGE, RATES, TRAFFIC, rate_names
from bench.judge.trial import Outcome, compete, interval

CERTIFY_ALPHA = 0.05
CERTIFY_RUNS = 200
MARGINS = (0.01, 0.02)


@dataclass
class Certified:
    """Ramps that were certified at some window, and the canary sessions until then."""

    runs: int = 0
    hits: int = 0
    sessions: int = 0

    @property
    def percent(self) -> float:
        return 100 * self.hits / self.runs

    def shown(self) -> str:
        return f"{self.percent:.0f} @ {self.sessions / self.hits:.0f}" if self.hits else "0 @ -"

    def false(self) -> str:
        low, high = interval(self.hits, self.runs)
        return f"{self.percent:.1f} [{low:.1f}, {high:.1f}]"


def certification(settings: Settings) -> Section:
    blocks: list[Block] = []
    false: list[Certified] = []
    for traffic in TRAFFIC:
        rows = [("certified", *rate_names())]
        for margin in MARGINS:
            cells = [_certified(settings, traffic, (rate, rate), margin) for rate in RATES]
            rows.append(
                (f"below stable + {100 * margin:g} points, equal", *(c.shown() for c in cells))
            )
        for margin in MARGINS:
            cells = [_certified(settings, traffic, (rate, rate + margin), margin) for rate in RATES]
            false += cells
            rows.append(
                (f"falsely: canary at + {100 * margin:g} points", *(c.false() for c in cells))
            )
        blocks.append(Block(rows, f"{traffic} sessions a window"))
    return Section(
        "certification",
        "Certified before it advances",
        f"Percent of {settings.scaled(CERTIFY_RUNS)} ramps ever certified @ mean canary sessions "
        "until then; falsely where the canary is as bad as the margin just forbids.",
        blocks,
        figures=[
            Figure(
                "falsely certified at the margin, mean of 18 cells",
                sum(cell.percent for cell in false) / len(false),
                "%",
                at_most(100 * CERTIFY_ALPHA),
                f"{sum(cell.runs for cell in false)} runs",
            ),
            Figure(
                "falsely certified, worst cell, lower end",
                max(interval(cell.hits, cell.runs)[0] for cell in false),
                "%",
                at_most(100 * CERTIFY_ALPHA),
                f"worst {max(cell.percent for cell in false):.1f} %",
            ),
        ],
    )


def _certified(
    settings: Settings, traffic: float, rates: tuple[float, float], margin: float
) -> Certified:
    stable, canary = rates
    found = Certified()
    rules = Rules(alpha=ALPHA, margin=margin, certify_alpha=CERTIFY_ALPHA)
    for run in range(settings.scaled(CERTIFY_RUNS)):
        random = seeded(settings.seed, "certification", traffic, rates, run)
        rule, seen = settings.judge(rules), 0
        found.runs += 1
        for counts in ladder(random, traffic, flat(canary, stable)):
            seen += counts.canary
            decision = rule.observe(counts)
            if decision is Decision.ADVANCE:
                found.hits += 1
                found.sessions += seen
            if decision is not Decision.HOLD:
                break
    return found


SLO = 0.02
SLO_RUNS = 300
KEPT = "no outage, 1 %"
SLO_RATES = {KEPT: flat(0.01, 0.01), "shared outage, 1 to 6 %": OUTAGE}


def slo(settings: Settings) -> Section:
    """The one promise that alpha does not cover: an absolute rate, while both arms break it."""
    cells = {
        name: [_with_slo(settings, traffic, name) for traffic in TRAFFIC] for name in SLO_RATES
    }
    rows = [(name, *map(false_rate, found)) for name, found in cells.items()]
    worst = max(cells[KEPT], key=lambda one: one.percent)
    return Section(
        "slo",
        "An absolute SLO of 2 % beside the comparison",
        f"R4. Rolls back when the SLO is broken and E-share is at least 3; alone, a breach is a "
        f"hold. {settings.scaled(SLO_RUNS)} ramps. In an outage that both arms share its chance is "
        "bounded by 1/3 and not by alpha: that is the price of an absolute promise, shown here.",
        [Block([("false rollback %", *(f"{traffic} " for traffic in TRAFFIC)), *rows])],
        figures=[
            Figure(
                "SLO kept by both, two rules of .05, worst",
                worst.percent,
                "%",
                at_most(100 * 2 * ALPHA),
                f"{worst.runs} runs",
            )
        ],
    )


def _with_slo(settings: Settings, traffic: float, name: str) -> Outcome:
    return compete(
        [ours(settings.judge, Rules(alpha=ALPHA, slo=SLO))],
        partial(ladder, traffic=traffic, rates=SLO_RATES[name]),
        settings.scaled(SLO_RUNS),
        (settings.seed, "slo", name, traffic),
    )[OURS]


SPLIT_RUNS = 200
STRAY = 1.5
PLANNED, STRAYED = "as planned", "1.5 times the plan"


def split(settings: Settings) -> Section:
    cells = {
        name: [_advancing(settings, traffic, factor) for traffic in TRAFFIC]
        for name, factor in ((PLANNED, 1.0), (STRAYED, STRAY))
    }
    rows = [(name, *(f"{cell:.0f}" for cell in found)) for name, found in cells.items()]
    return Section(
        "split",
        "A split that is not the planned one",
        "S14. The canary is healthy at 1 % and gets its planned weight, or 1.5 times that; "
        f"percent of {settings.scaled(SPLIT_RUNS)} ramps whose last verdict is advance. Columns: "
        "sessions a window; at 20 most ramps lack sessions.",
        [Block([("ends in advance %", *(f"{traffic}" for traffic in TRAFFIC)), *rows])],
        figures=[
            Figure("split broken: advances", max(cells[STRAYED]), "%", at_most(0), "worst cell"),
            Figure(
                "split as planned, 200 and 2000: advances",
                min(cells[PLANNED][1:]),
                "%",
                at_least(100 - 100 * ALPHA),
                "worst cell",
            ),
        ],
    )


def _advancing(settings: Settings, traffic: float, factor: float) -> float:
    found, runs = 0, settings.scaled(SPLIT_RUNS)
    real = tuple(round(weight * factor) for weight in WEIGHTS)
    for run in range(runs):
        random = seeded(settings.seed, "split", traffic, factor, run)
        rule, last = settings.judge(Rules(alpha=ALPHA)), Decision.HOLD
        for counts, planned in zip(
            ladder(random, traffic, flat(0.01, 0.01), real), WEIGHTS, strict=True
        ):
            counts.weight = planned
            last = rule.observe(counts)
        found += last is Decision.ADVANCE
    return 100 * found / runs
