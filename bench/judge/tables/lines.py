"""Windows that come as lines of JSON: with NaN, twice, late and out of order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from agentramp.judge.docket import Docket, Said
from agentramp.judge.entry import parse_entry
from agentramp.judge.verdict import Decision, Rules
from bench.figures import Figure, at_least, at_most
from bench.judge.chance import seeded
from bench.judge.counts import Counts
from bench.judge.page import Block, Section
from bench.judge.roster import ALPHA
from bench.judge.settings import Settings
from bench.judge.streams import flat, ladder

RAMPS = 300
LATEST = 5.0
TWICE, IN_DOUBT = 0.2, 0.1
SAME_E = 1e-6
FAULTS = ("NaN", "-1", "null", '"many"', "1e999", "0.5")


@dataclass(frozen=True)
class Line:
    """``kind``: counted, again (the same counts once more) or doubt (no counts, or others)."""

    ramp: int
    kind: str
    text: str


@dataclass
class Answers:
    """Lines by their kind, and those that were answered wrongly."""

    ramps: int = 0
    rolled_back: int = 0
    lines: int = 0
    wrong: int = 0
    differing: int = 0


def lines(settings: Settings) -> Section:
    """Drives the pure core of ``agentramp judge``, line by line."""
    healthy = _answers(settings, "healthy", 0.01)
    worse = _answers(settings, "worse", 0.06)
    rows: list[tuple[str, ...]] = [
        ("", "ramps", "lines", "rolled back %", "wrong answers", "E unlike the clean one's")
    ]
    for name, one in (("healthy", healthy), ("+5 points", worse)):
        percent = 100 * one.rolled_back / one.ramps
        rows.append(
            (
                name,
                f"{one.ramps}",
                f"{one.lines}",
                f"{percent:.1f}",
                f"{one.wrong}",
                f"{one.differing}",
            )
        )
    return Section(
        "lines",
        "Windows late, twice, out of order, or not numbers",
        "S10. agentramp judge reads many ramps interleaved: every window comes up to "
        f"{LATEST:g} windows late, {100 * TWICE:g} % come twice, and at {100 * IN_DOUBT:g} % a "
        "line comes that is no count (NaN, below 0, null, text, infinite, half a session) or "
        "contradicts what was counted. Wrong is an answer that counts such a line or advances by "
        "it, and a ramp whose E or sessions are not those of the clean windows in order.",
        [Block(rows)],
        [
            Figure(
                "NaN, late, doubled windows: wrong verdicts",
                healthy.wrong + worse.wrong + healthy.differing + worse.differing,
                "",
                at_most(0),
                f"{healthy.lines + worse.lines} lines",
            ),
        ],
        [
            Figure(
                "rolled back in that disorder, healthy",
                100 * healthy.rolled_back / healthy.ramps,
                "%",
                at_most(100 * ALPHA),
                f"{healthy.ramps} ramps",
            ),
            Figure(
                "rolled back in that disorder, +5 points",
                100 * worse.rolled_back / worse.ramps,
                "%",
                at_least(100),
                f"{worse.ramps} ramps",
            ),
        ],
    )


def _answers(settings: Settings, name: str, rate: float) -> Answers:
    streams = {
        ramp: ladder(seeded(settings.seed, "lines", name, ramp), 200, flat(rate, 0.01))
        for ramp in range(settings.scaled(RAMPS))
    }
    random = seeded(settings.seed, "lines", name, "disorder")
    docket, found = Docket(Rules(alpha=ALPHA)), Answers(ramps=len(streams))
    last: dict[int, Said] = {}
    for line in _disorder(random, streams):
        said = docket.hear(parse_entry(line.text))
        found.lines += 1
        found.wrong += _is_wrong(line, said, last.get(line.ramp))
        last[line.ramp] = said
    found.rolled_back = sum(said.decision is Decision.ROLLBACK for said in last.values())
    found.differing = sum(_differs(last[ramp], streams[ramp]) for ramp in streams)
    return found


def _disorder(random: Random, streams: dict[int, list[Counts]]) -> Iterator[Line]:
    """By the time each line arrives; a doubt about a window comes before or after it."""
    due: list[tuple[float, Line]] = []
    for ramp, stream in streams.items():
        for counts in stream:
            arrives = counts.at + random.random() * LATEST
            due.append((arrives, Line(ramp, "counted", _text(ramp, counts))))
            if random.random() < TWICE:
                due.append(
                    (arrives + random.random() * LATEST, Line(ramp, "again", _text(ramp, counts)))
                )
            if random.random() < IN_DOUBT:
                late = arrives + (random.random() - 0.5) * LATEST
                due.append((late, _doubt(random, ramp, counts, contradicts=late > arrives)))
    return (line for _, line in sorted(due, key=lambda one: one[0]))


def _text(ramp: int, counts: Counts, bad: str | None = None) -> str:
    canary = f'{{"sessions": {counts.canary}, "bad": {bad or counts.canary_bad}}}'
    stable = json.dumps({"sessions": counts.stable, "bad": counts.stable_bad})
    named = f'"ramp": {ramp}, "window": {counts.at}, "weight": {counts.weight}'
    return f'{{{named}, "canary": {canary}, "stable": {stable}}}'


def _doubt(random: Random, ramp: int, counts: Counts, *, contradicts: bool) -> Line:
    if contradicts and counts.canary and random.random() < 0.5:
        other = counts.canary_bad - 1 if counts.canary_bad else 1
        return Line(ramp, "doubt", _text(ramp, counts, str(other)))
    return Line(ramp, "doubt", _text(ramp, counts, random.choice(FAULTS)))


def _is_wrong(line: Line, said: Said, before: Said | None) -> bool:
    if line.kind == "counted":
        return False
    moved = before is not None and (
        (said.e, said.canary_sessions) != (before.e, before.canary_sessions)
    )
    return moved or (line.kind == "doubt" and said.decision is Decision.ADVANCE)


def _differs(said: Said, stream: list[Counts]) -> bool:
    """A ramp that is over stands where it ended; one that goes on has counted everything, once."""
    if said.decision is Decision.ROLLBACK:
        return False
    clean = Docket(Rules(alpha=1e-300))
    answers = [clean.hear(parse_entry(_text(0, counts))) for counts in stream]
    same_e = abs(said.e - answers[-1].e) <= SAME_E * max(said.e, answers[-1].e)
    return not same_e or said.canary_sessions != sum(counts.canary for counts in stream)
