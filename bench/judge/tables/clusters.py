"""Sessions whose turns fail together: who counts requests, and what that does to the promise."""

from dataclasses import dataclass, replace
from random import Random

from agentramp.judge.verdict import Rules
from agentramp.judge.window import Unit
from bench.figures import Figure, at_most
from bench.judge.page import Block, Section
from bench.judge.roster import ALPHA, OURS, ours, peers
from bench.judge.settings import Settings, false_rate
from bench.judge.streams import Kind, Stream, clustered, kinds
from bench.judge.trial import Outcome, compete

BY_REQUEST = "agentramp, requests/5"
UNDISCOUNTED = "agentramp, requests/1"
RUNS = 500
PEERS_PORTION = 0.25
RATE = 0.02


@dataclass(frozen=True)
class Mix:
    name: str
    kinds: tuple[Kind, ...]


MIXES = (
    Mix("5 turns, half", kinds({5: 1.0}, 0.01, 0.0101)),
    Mix("5 turns, all", kinds({5: 1.0}, 0.02, 0.0)),
    Mix("1-2-5 turns, all", kinds({1: 0.4, 2: 0.3, 5: 0.3}, 0.02, 0.0)),
)
TRAFFIC = (200, 2000)


def clusters(settings: Settings) -> Section:
    cells = {
        (traffic, mix.name): _cell(settings, traffic, mix) for traffic in TRAFFIC for mix in MIXES
    }
    blocks = [
        Block(_rows([cells[traffic, mix.name] for mix in MIXES]), f"{traffic} requests a window")
        for traffic in TRAFFIC
    ]
    return Section(
        "clusters",
        "Failures that come by the session: false rollbacks of a healthy canary",
        "S6. 2 % of requests fail; half or all of that by whole sessions, of 5 turns or of 1, 2 "
        f"and 5 (40, 30, 30 %); {settings.scaled(RUNS)} ramps, a quarter of them for the peers. "
        "agentramp counts sessions; where a source knows requests only, it takes 5 of them for one "
        "session (requests/5). The peers count requests. requests/1 shows what the discount is "
        "for; no promise is made for it.",
        blocks,
        [
            _worst(name, how, cells)
            for name, how in ((OURS, "sessions"), (BY_REQUEST, "requests/5"))
        ],
    )


def _cell(settings: Settings, traffic: float, mix: Mix) -> dict[str, Outcome]:
    by_session = Rules(alpha=ALPHA)
    by_request = Rules(alpha=ALPHA, unit=Unit.REQUESTS)
    undiscounted = replace(by_request, cluster_size=1.0)
    entrants = [
        ours(settings.judge, by_request, BY_REQUEST),
        replace(ours(settings.judge, undiscounted, UNDISCOUNTED), portion=PEERS_PORTION),
        *peers(traffic, RATE, portion=PEERS_PORTION),
    ]
    outcomes = {OURS: Outcome(), **{entrant.name: Outcome() for entrant in entrants}}

    def make(random: Random) -> Stream:
        sessions, requests = clustered(random, traffic, mix.kinds)
        outcomes[OURS].add(settings.judge(by_session), sessions)
        return requests

    names = (settings.seed, "clusters", traffic, mix.name)
    return outcomes | compete(entrants, make, settings.scaled(RUNS), names)


def _rows(cells: list[dict[str, Outcome]]) -> list[tuple[str, ...]]:
    heading = ("false rollback %", *(f"{mix.name} " for mix in MIXES))
    return [heading, *((name, *(false_rate(cell[name]) for cell in cells)) for name in cells[0])]


def _worst(name: str, how: str, cells: dict[tuple[int, str], dict[str, Outcome]]) -> Figure:
    worst = max((cell[name] for cell in cells.values()), key=lambda one: one.percent)
    title = f"clustered failures, {how}, worst"
    return Figure(title, worst.percent, "%", at_most(100 * ALPHA), f"{worst.runs} runs a cell")
