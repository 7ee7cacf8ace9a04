from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from agentramp import tick as ticking
from agentramp.effects import Outcome
from agentramp.executor import Executor
from agentramp.judge.verdict import Decision
from agentramp.model import Split
from agentramp.plan import KeepRecord, MoveTraffic, Plan, Step, Subject
from agentramp.planning import Ruled, Ruling
from agentramp.record import Judged, Moving, Record, Removing
from agentramp.tick import Desk, Ticked
from bench.crash import invariants, start
from bench.crash.commands import Works
from bench.crash.invariants import BACK, EVIDENCE, ONCE, ONE_CANARY, REST, SUCCESS, WEIGHTS, check
from bench.crash.many import Sum, many, some, table
from bench.crash.ports import FaultyJournal
from bench.crash.schedule import run
from bench.crash.truth import SUBJECT, Truth, wire_sum

SEEDS = range(300)


@pytest.fixture(scope="module")
def real() -> Sum:
    return some(SEEDS)


def test_nothing_breaks(real: Sum) -> None:
    assert real.broken == []
    assert real.schedules == 300


@pytest.mark.parametrize(
    "kind",
    [
        "kills",
        "stalls",
        "interrupted",
        "5xx before: append",
        "5xx before: observe",
        "5xx before: set_split",
        "answer lost: append",
        "answer lost: set_split",
        "arrives late: append",
        "arrives late: set_split",
        "stale: get_endpoint",
        "stale: journal.read",
        "stale: observe",
        "advances on evidence",
        "rollback verdicts",
        "rollbacks and aborts asked for",
        "schedules with a person's hand",
    ],
)
def test_it_was_no_calm_sea(real: Sum, kind: str) -> None:
    assert real.counts[kind] > 0


def test_a_seed_tells_the_same_story_each_time() -> None:
    first, second = run(17, telling=True), run(17, telling=True)
    assert first.story == second.story
    assert len(first.story) > 20
    assert first.counts == run(17).counts


def test_several_processes_come_to_the_same() -> None:
    both = many(SEEDS[:200], workers=2)
    assert both.schedules == 200
    assert both.counts == some(SEEDS[:200]).counts


def test_the_table_names_every_invariant(real: Sum) -> None:
    lines = table(real, 1.0)
    assert all(any(name in line for line in lines) for name in invariants.ALL)


@dataclass
class NoSwap(FaultyJournal):
    """Takes every record, whatever was there when it was planned."""

    def write(self, records: tuple[Record, ...], expected: int) -> None:
        super().write(records, len(self.truth.records))


class Unannounced(Executor):
    def _intend(self, plan: Plan, intent: Moving | Removing) -> None:
        self._moving = intent


class Idle(Executor):
    """Says that all is done, and does nothing."""

    def __call__(self, plan: Plan) -> Outcome:
        return Outcome(changed=bool(plan.steps))


def hasty(desk: Desk, subject: Subject) -> Ticked:
    """Advances whatever the evidence says."""
    seen = ticking.look(desk.platform, desk.journal, subject)
    ramp, found, runtime = seen.standing.ramp, seen.found, seen.observed.runtime
    if ramp is None or found is None or runtime is None or not 0 < ramp.weight < 50:
        return ticking.tick(desk, subject)
    said = Judged(ramp.id, Decision.ADVANCE, "looks good", 1.0, 100.0, ramp.watermark)
    after = Split(ramp.stable, ((ramp.canary, 50),))
    move = MoveTraffic(runtime.id, found.id, found.name, found.split, after)
    steps, generation = (KeepRecord(said), move), seen.standing.generation
    desk.execute(Plan("promote", subject, steps, generation=generation))
    return ticking.tick(desk, subject)


def careless(desk: Desk, subject: Subject) -> Ticked:
    """Never finishes what a run that died had begun."""
    seen = ticking.look(desk.platform, desk.journal, subject)
    if seen.standing.open is None:
        return ticking.tick(desk, subject)
    ruling = Ruling(Ruled.HOLD, "somebody will", Plan("promote", subject))
    return Ticked(ruling, Outcome(), seen)


def forgetful(desk: Desk, subject: Subject) -> Ticked:
    """Reads the same windows again and again."""

    @dataclass
    class Again:
        execute: Callable[[Plan], Outcome]

        def __call__(self, plan: Plan) -> Outcome:
            return self.execute(replace(plan, steps=tuple(_twice(step) for step in plan.steps)))

    return ticking.tick(replace(desk, execute=Again(desk.execute)), subject)


def _twice(step: Step) -> Step:
    if isinstance(step, KeepRecord) and isinstance(step.event, Judged):
        return KeepRecord(replace(step.event, windows=step.event.windows * 2))
    return step


@pytest.mark.parametrize(
    ("works", "invariant"),
    [
        (Works(journal=NoSwap), ONCE),
        (Works(executor=Unannounced), ONCE),
        (Works(executor=Unannounced), EVIDENCE),
        (Works(executor=Idle), SUCCESS),
        (Works(tick=hasty), EVIDENCE),
        (Works(tick=careless), BACK),
        (Works(tick=careless), REST),
        (Works(tick=forgetful), ONCE),
    ],
    ids=["swap", "intent", "intent-evidence", "idle", "hasty", "back", "rest", "twice"],
)
def test_what_is_broken_is_found(works: Works, invariant: str) -> None:
    assert some(SEEDS[:150], works).violations[invariant] > 0


def test_two_canaries_are_seen() -> None:
    truth, first = _begun()
    endpoint = truth.endpoint
    assert endpoint
    truth.set_split(endpoint.id, Split(1, ((2, 10), (3, 10))), "A1")
    assert ONE_CANARY in {invariant for invariant, _ in check(truth, first).broken}


def test_weights_are_summed_as_they_are_sent() -> None:
    assert wire_sum(Split(1, ((2, 10),))) == 100
    odd = Split(1, ((2, 10),))
    object.__setattr__(odd, "canaries", ((2, 110),))
    truth, first = _begun()
    endpoint = truth.endpoint
    assert endpoint
    truth.set_split(endpoint.id, odd, "A1")
    assert WEIGHTS in {invariant for invariant, _ in check(truth, first).broken}


def _begun() -> tuple[Truth, int]:
    truth = start.begin(0, "begun")
    assert truth.journal.read(SUBJECT)
    return truth, len(truth.records)
