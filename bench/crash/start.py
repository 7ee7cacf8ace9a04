"""Where a schedule begins: a journal and a platform that clean runs left, made once a process."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from random import Random

from agentramp.judge.verdict import Rules
from agentramp.model import Code, RuntimeSpec, Split
from agentramp.policy import OnRelease, OnTimeout, Policy, Rung
from agentramp.record import Record
from bench.crash.commands import Run, promote, release
from bench.crash.process import CALM, Process
from bench.crash.truth import SUBJECT, Effect, Truth
from bench.crash.world import World

BEGAN = 1_700_000_000.0
_RULES = Rules(margin=0.1)


def _policy(*weights: int, **more: object) -> Policy:
    rungs = tuple(Rung(weight, 60.0, 30, weight == more.get("asks")) for weight in weights)
    rest = {key: value for key, value in more.items() if key != "asks"}
    return Policy(rungs=rungs, rules=_RULES, window=60.0, settle=10.0, **rest)  # type: ignore[arg-type]


POLICIES = (
    _policy(10, 50, 100),
    _policy(10, 50, 100),
    _policy(10, 30, 50, 100),
    _policy(20, 100),
    _policy(10, 50, 100, on_release=OnRelease.REPLACE),
    _policy(10, 50, 100, on_release=OnRelease.REJECT, max_blind=2),
    _policy(10, 50, 100, asks=50),
    _policy(5, 50, 100, timeout=200.0, on_timeout=OnTimeout.ADVANCE),
    _policy(5, 50, 100, timeout=200.0, on_timeout=OnTimeout.ROLLBACK),
)
STAGES = ("new", "unknown", "stable", "begun", "begun", "climbing", "climbing", "promoted")


@dataclass(frozen=True)
class Start:
    now: float
    records: tuple[Record, ...]
    said: tuple[float, ...]
    authors: tuple[str, ...]
    effects: tuple[Effect, ...]
    split: Split | None


@cache
def start(policy: int, stage: str) -> Start:
    truth = bare()
    run = _clean(truth, POLICIES[policy])
    if stage == "unknown":
        truth.platform.create_endpoint(truth.runtime_id, SUBJECT.endpoint or "", Split(1))
    elif stage != "new":
        release(run, 1)
        truth.now += 300
        if stage != "stable":
            release(run, 2)
            _climb(run, {"begun": 0, "climbing": 4, "promoted": 40}[stage])
    return Start(
        truth.now + 30,
        truth.records,
        tuple(truth.said),
        tuple(truth.authors),
        tuple(truth.effects),
        truth.split,
    )


def _climb(run: Run, ticks: int) -> None:
    first = run.truth.split
    for _ in range(ticks):
        run.truth.now += 40
        promote(run)
        if ticks < 10 and run.truth.split != first:
            return


def _clean(truth: Truth, policy: Policy) -> Run:
    world = World(truth, Random(0))  # noqa: S311 - a schedule, no secret
    process = Process("before", world, CALM, 0.0, Counter())
    return Run(process, truth, policy, frozenset(), 0.0)


def bare() -> Truth:
    """A runtime with three versions and no endpoint."""
    truth = Truth(BEGAN)
    spec = RuntimeSpec(SUBJECT.runtime, Code("python3.12"))
    truth.runtime_id = truth.platform.create_runtime(spec, None).id
    for name in ("one", "two", "three"):
        truth.platform.publish_version(truth.runtime_id, name)
    return truth


def begin(policy: int, stage: str) -> Truth:
    """A fresh truth that stands where the clean runs left off."""
    left, truth = start(policy, stage), bare()
    truth.now = left.now
    if left.split:
        truth.platform.create_endpoint(truth.runtime_id, SUBJECT.endpoint or "", left.split)
    truth.journal.records[SUBJECT] = left.records
    truth.said, truth.authors = list(left.said), list(left.authors)
    truth.effects = list(left.effects)
    return truth
