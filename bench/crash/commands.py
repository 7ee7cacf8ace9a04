"""What the verbs do, without their command lines: the same calls in the same order."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import tenacity

from agentramp import tick as ticking
from agentramp.execution import Execute
from agentramp.executor import Executor
from agentramp.journal.port import Journal
from agentramp.model import Split
from agentramp.plan import CreateEndpoint, MoveTraffic, Plan, Step, Subject
from agentramp.planning import (
    Ruled,
    Seen,
    plan_abort,
    plan_adopt,
    plan_begin,
    plan_restore,
    plan_rollback,
    plan_say,
    version_before,
)
from agentramp.platform.port import Platform
from agentramp.policy import Policy
from agentramp.record import Approved, Paused, Resumed
from agentramp.tick import Desk, Insistent, Ticked
from bench.crash.ports import FaultyEvidence, FaultyJournal, FaultyPlatform
from bench.crash.process import Process
from bench.crash.truth import PERSON, SUBJECT, Truth


@dataclass(frozen=True)
class Works:
    """The code on trial; a test puts something broken in its place."""

    tick: Callable[[Desk, Subject], Ticked] = ticking.tick
    executor: Callable[..., Execute] = Executor
    journal: Callable[[Process, Truth], Journal] = FaultyJournal


REAL = Works()


@dataclass(frozen=True)
class Claim:
    """A command ended well and says what serves; true if it did at any moment after ``since``."""

    split: Split
    since: float


@dataclass(frozen=True)
class Run:
    """One process at work: its ports and what it is to go by."""

    process: Process
    truth: Truth
    policy: Policy
    bad: frozenset[int]
    missing: float
    works: Works = REAL

    def desk(self) -> Desk:
        platform: Platform = FaultyPlatform(self.process, self.truth)
        journal = self.works.journal(self.process, self.truth)
        execute = self.works.executor(
            platform,
            journal,
            _Silent(),
            self.process.name,
            self.process.clock,
            self.policy.lease,
        )
        evidence = FaultyEvidence(self.process, self.bad, self.missing)
        return Desk(platform, journal, execute, lambda _: evidence, self.policy)

    def insist(self, wanted: Callable[[], bool] = lambda: True) -> tenacity.Retrying:
        return ticking.insisting(
            self.process.sleep, self.process.world.random.random, _unheard, wanted
        )


def _unheard(_: str) -> None:
    pass


class _Silent:
    def begin(self, step: Step) -> None:
        pass

    def end(self, step: Step) -> None:
        pass

    def going_back(self, step: Step) -> None:
        pass

    def went_back(self, step: Step) -> None:
        pass


def promote(run: Run) -> Claim | None:
    insistent = Insistent(lambda _: None)
    desk = replace(run.desk(), told=insistent)
    since = run.truth.now

    def once() -> Ticked:
        nonlocal since
        since = run.truth.now
        return run.works.tick(desk, SUBJECT)

    ticked = run.insist(lambda: insistent.back)(once)
    run.process.world.tell(run.process.name, f"{ticked.ruling.ruled.value}: {ticked.ruling.reason}")
    if ticked.ruling.ruled is Ruled.SUPERSEDED:
        return None
    return _claim(ticked.ruling.plan, since)


def release(run: Run, version: int) -> Claim | None:
    return _said(run, lambda seen: plan_begin(seen, version, run.policy))


def rollback(run: Run) -> Claim | None:
    desk = run.desk()
    seen = _look(desk)
    intent = seen.standing.open
    if intent and intent.verb == "rollback" and isinstance(intent.after.stable, int):
        version = intent.after.stable
    else:
        version = version_before(seen)
    return _insisted(run, desk, seen, lambda now: plan_rollback(now, version))


def abort(run: Run) -> Claim | None:
    desk = run.desk()
    return _insisted(run, desk, _look(desk), plan_abort)


def _insisted(run: Run, desk: Desk, first: Seen, plan: Callable[[Seen], Plan]) -> Claim | None:
    def once() -> Claim | None:
        return _carried_out(desk, plan, run.truth)

    claim = run.insist()(once)
    if claim:
        _guard(run, desk, first, claim.split)
    return claim


def _guard(run: Run, desk: Desk, seen: Seen, split: Split) -> None:
    """As ``verbs.ramping.guard``."""
    intent = seen.standing.open
    if intent is None or intent.after == split:
        return
    ramp = seen.standing.ramp
    left = (ramp.policy if ramp else run.policy).lease - (seen.now - intent.at)
    if left > 0:
        ticking.stand_guard(desk, SUBJECT, split, left, run.process.sleep)


def pause(run: Run) -> Claim | None:
    return _said(run, lambda seen: plan_say("pause", seen, Paused("asked for")))


def resume(run: Run) -> Claim | None:
    return _said(run, lambda seen: plan_say("resume", seen, Resumed()))


def approve(run: Run) -> Claim | None:
    return _said(run, lambda seen: plan_say("approve", seen, Approved(50)))


def adopt(run: Run) -> Claim | None:
    return _said(run, plan_adopt)


def restore(run: Run) -> Claim | None:
    return _said(run, plan_restore)


def _said(run: Run, plan: Callable[[Seen], Plan]) -> Claim | None:
    return _carried_out(run.desk(), plan, run.truth)


def move_by_hand(run: Run) -> Claim | None:
    """In the vendor's console: no journal, no plan."""
    random, found = run.process.world.random, run.truth.endpoint
    if found:
        after = random.choice((Split(1), Split(1, ((2, 25),)), Split(2), Split(1, ((2, 10),))))
        run.truth.set_split(found.id, after, PERSON)
        run.process.world.tell(PERSON, f"sets {after} by hand")
    return None


def _look(desk: Desk) -> Seen:
    return ticking.look(desk.platform, desk.journal, SUBJECT)


def _carried_out(desk: Desk, plan: Callable[[Seen], Plan], truth: Truth) -> Claim | None:
    since = truth.now
    seen = _look(desk)
    planned = plan(seen)
    desk.execute(planned)
    return _claim(planned, since)


def _claim(plan: Plan, since: float) -> Claim | None:
    """What a verb's result says: where the plan's last change of traffic led."""
    moves = [step.after for step in plan.steps if isinstance(step, MoveTraffic)]
    opens = [step.split for step in plan.steps if isinstance(step, CreateEndpoint)]
    last = (moves + opens)[-1:]
    return Claim(last[0], since) if last else None
