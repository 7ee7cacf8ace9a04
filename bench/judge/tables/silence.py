"""Windows without traffic, with little, or with nothing bad on one side."""

from collections.abc import Callable
from functools import partial
from random import Random

from agentramp.judge.verdict import Decision, Rules
from bench.figures import Figure, at_least, at_most
from bench.judge.chance import poisson, seeded
from bench.judge.counts import Counts
from bench.judge.page import Block, Section
from bench.judge.peers.argo import Argo, ArgoMetric
from bench.judge.peers.kayenta import Kayenta
from bench.judge.roster import ALPHA, OURS, ours, peers
from bench.judge.settings import Settings
from bench.judge.streams import WEIGHTS, Stream, flat, ladder
from bench.judge.trial import Entrant, Outcome, compete

RUNS = 300
STEP_3 = 40
SPARSE = 0.2


def nothing(random: Random) -> Stream:
    """Stable serves 200 sessions a window; the canary none, in none of them."""
    return [Counts(at, weight, 0, 0, *_stable(random, 200)) for at, weight in enumerate(WEIGHTS)]


def vanishing(random: Random) -> Stream:
    """Clean traffic for two steps, then no canary session any more."""
    stream = ladder(random, 200, flat(0.01, 0.01))
    for counts in stream[STEP_3:]:
        counts.canary = counts.canary_bad = counts.twin = counts.twin_bad = 0
    return stream


def sparse(random: Random) -> Stream:
    """A night: one canary session in five windows, and the first of them may well be bad."""
    return [
        Counts(at, weight, *_arm(random, SPARSE, 0.05), *_stable(random, 2))
        for at, weight in enumerate(WEIGHTS)
    ]


def _arm(random: Random, mean: float, rate: float) -> tuple[int, int]:
    bad = poisson(random, mean * rate)
    return bad + poisson(random, mean * (1 - rate)), bad


def _stable(random: Random, mean: float) -> tuple[int, int]:
    return _arm(random, mean, 0.01)


STREAMS: dict[str, Callable[[Random], Stream]] = {
    "no traffic": nothing,
    "none from step 3": vanishing,
    "sparse": sparse,
    "stable clean": partial(ladder, traffic=200, rates=flat(0.05, 0.0)),
}
HEALTHY = tuple(STREAMS)[:3]
WORSE = tuple(STREAMS)[3]


def silence(settings: Settings) -> Section:
    entrants = [
        ours(settings.judge, Rules(alpha=ALPHA)),
        *peers(200, 0.01),
        Entrant(
            "Argo docs, empty vector", partial(Argo, ArgoMetric(0.95, failure_limit=3, empty=True))
        ),
        Entrant("Kayenta, NaN as 0", partial(Kayenta, replace=True), 0.1),
    ]
    cells = {
        name: compete(entrants, make, settings.scaled(RUNS), (settings.seed, "silence", name))
        for name, make in STREAMS.items()
    }
    rows = [(one.name, *(_shown(cell[one.name]) for cell in cells.values())) for one in entrants]
    advanced = _advanced(settings)
    return Section(
        "silence",
        "Little traffic, none, or none that fails",
        f"S7, S8, S9. Percent of {settings.scaled(RUNS)} ramps rolled back. The first three are "
        "healthy canaries; in the last one stable has no error and the canary 5 %. Argo is shown "
        "with a query that gives NaN and with one that gives an empty vector, Kayenta with NaN "
        "removed and as 0.",
        [Block([("rolled back %", *STREAMS), *rows])],
        [
            _wrong(cells),
            Figure(
                "no traffic: verdicts other than hold",
                advanced,
                "",
                at_most(0),
                "all windows",
            ),
        ],
        [
            Figure(
                "stable without errors, canary 5 %: found",
                cells[WORSE][OURS].percent,
                "%",
                at_least(100),
                "S9",
            ),
        ],
    )


def _shown(outcome: Outcome) -> str:
    return f"{outcome.percent:.0f}"


def _wrong(cells: dict[str, dict[str, Outcome]]) -> Figure:
    worst = max((cells[name][OURS] for name in HEALTHY), key=lambda one: one.percent)
    how = f"{worst.runs} runs a cell"
    return Figure("little or no traffic: rollbacks", worst.percent, "%", at_most(100 * ALPHA), how)


def _advanced(settings: Settings) -> int:
    found = 0
    for run in range(settings.scaled(RUNS)):
        rule = settings.judge(Rules(alpha=ALPHA))
        stream = nothing(seeded(settings.seed, "silence", "advance", run))
        found += sum(rule.observe(counts) is not Decision.HOLD for counts in stream)
    return found
