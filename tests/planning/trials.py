"""A canary at some weight, what is said of it, and what comes of that; nothing is carried out."""

from dataclasses import replace

from agentramp.judge.verdict import Decision, Verdict
from agentramp.judge.window import Arm, Tally, Window
from agentramp.model import (
    Code,
    Endpoint,
    Observed,
    Runtime,
    RuntimeSpec,
    Split,
    Status,
    Version,
)
from agentramp.plan import KeepRecord, MoveTraffic, Plan
from agentramp.planning import Evidence, Ruling, Seen, rule
from agentramp.policy import Policy, Rung
from agentramp.ramp import Ramp, Standing
from agentramp.record import Judged

RUNTIME = Runtime("rt", RuntimeSpec("agent", Code("python3.12")))
POLICY = Policy(tuple(Rung(weight, 600.0, 50) for weight in (10, 30, 100)), timeout=9000.0)
ENTERED = 1000.0
BAKED = ENTERED + 600
FIRST = Split(1, ((2, 10),))


def on_trial(weight: int = 10, policy: Policy = POLICY) -> Ramp:
    return Ramp("r", 1, 2, policy, 0.0, weight, ENTERED, ENTERED)


def serving(
    split: Split | None,
    ramp: Ramp | None = None,
    now: float = BAKED,
    published: tuple[int, ...] = (1, 2, 3),
    status: Status = Status.READY,
    **known: object,
) -> Seen:
    endpoints = (Endpoint("ep", "production", split, status),) if split else ()
    versions = tuple(Version(number) for number in published)
    standing = replace(Standing(generation=7, settled=split, ramp=ramp), **known)  # type: ignore[arg-type]
    return Seen("agent", Observed(RUNTIME, versions, endpoints), "production", standing, now)


def said(decision: Decision, canary: int = 50, blind: str = "", until: float = BAKED) -> Evidence:
    verdict = Verdict(decision, f"{decision.value} it", 1.0, 100.0, Tally(), Tally(), needed=40)
    window = Window(ENTERED, ENTERED + 300, Arm(Tally(canary)), Arm(Tally(450)), 10)
    return Evidence(verdict, () if blind else (window,), until, blind)


def ruled(decision: Decision, ramp: Ramp, now: float = BAKED, frozen: str = "") -> Ruling:
    split = Split(1, ((2, ramp.weight),)) if ramp.weight else Split(1)
    return rule(serving(split, ramp, now), ramp, said(decision, until=now), frozen)


def moves(plan: Plan) -> list[Split]:
    return [step.after for step in plan.steps if isinstance(step, MoveTraffic)]


def kept(plan: Plan) -> list[Judged]:
    events = [step.event for step in plan.steps if isinstance(step, KeepRecord)]
    return [event for event in events if isinstance(event, Judged)]
