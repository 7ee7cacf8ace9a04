"""One endpoint, its journal and a clock: plans are made from what these show, and carried out.

The platform's agent has the versions 1 to 4; ``production`` serves version 1 at first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agentramp.executor import Executor
from agentramp.journal.memory import MemoryJournal
from agentramp.judge.verdict import Decision, Verdict
from agentramp.judge.window import Arm, Tally, Window
from agentramp.model import Code, RuntimeSpec, Split, Status
from agentramp.plan import KeepRecord, MoveTraffic, Plan, Step, Subject
from agentramp.planning import Evidence, Ruling, Seen, plan_begin, reconcile
from agentramp.platform.memory import MemoryPlatform
from agentramp.policy import Policy, Rung
from agentramp.ramp import Ramp, Standing, standing
from agentramp.record import Event, Judged, Record

SUBJECT = Subject("agent", "production")
STABLE = Split(1)
FIRST, SECOND = Split(1, ((2, 10),)), Split(1, ((2, 30),))
POLICY = Policy(tuple(Rung(weight, 600.0, 50) for weight in (10, 30, 100)), timeout=9000.0)
PATIENCE = POLICY.lease


class Silent:
    def begin(self, step: Step) -> None: ...
    def end(self, step: Step) -> None: ...
    def going_back(self, step: Step) -> None: ...
    def went_back(self, step: Step) -> None: ...


@dataclass
class Scene:
    now: float = 1000.0
    policy: Policy = POLICY
    first: Split | None = STABLE
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    withdrawn: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.platform = MemoryPlatform(clock=lambda: self.now)
        self.runtime = self.platform.create_runtime(RuntimeSpec("agent", Code("python3.12")), None)
        for name in ("a", "b", "c", "d"):
            self.platform.publish_version(self.runtime.id, name)
        if self.first:
            self.platform.create_endpoint(self.runtime.id, "production", self.first)

    @property
    def standing(self) -> Standing:
        return standing(self.journal.read(SUBJECT))

    @property
    def ramp(self) -> Ramp:
        found = self.standing.ramp
        assert found, "no ramp is in progress"
        return found

    @property
    def split(self) -> Split:
        found = self.seen().found
        assert found, "the endpoint is gone"
        return found.split

    def seen(self, status: Status = Status.READY) -> Seen:
        observed = self.platform.observe("agent")
        endpoints = tuple(replace(one, status=status) for one in observed.endpoints)
        versions = tuple(one for one in observed.versions if one.number not in self.withdrawn)
        observed = replace(observed, endpoints=endpoints, versions=versions)
        return Seen("agent", observed, "production", self.standing, self.now)

    def do(self, plan: Plan) -> None:
        Executor(self.platform, self.journal, Silent(), "me")(plan)

    def begin(self, version: int = 2, frozen: str = "", *, retry: bool = False) -> Plan:
        plan = plan_begin(self.seen(), version, self.policy, retry=retry, frozen=frozen)
        self.do(plan)
        return plan

    def wrote(self, verb: str, *events: Event) -> None:
        """What another run put down, and maybe died after."""
        records = self.journal.read(SUBJECT)
        new = (Record(verb, self.now, event, "another") for event in events)
        self.journal.append(SUBJECT, *new, expected=len(records))

    def by_hand(self, split: Split) -> None:
        found = self.seen().found
        assert found
        self.platform.set_split(self.runtime.id, found.id, split)

    def delete(self) -> None:
        self.platform.shelves[self.runtime.id].endpoints.clear()

    def mended(self, later: float = PATIENCE) -> Ruling:
        """What is ruled once a silent run is taken for dead, carried out."""
        self.now += later
        ruling = reconcile(self.seen())
        assert ruling, "nothing is to be mended"
        self.do(ruling.plan)
        return ruling


def judged(decision: Decision = Decision.ROLLBACK, *, blind: bool = False) -> Judged:
    return Judged("r", decision, "14 of 212 failed", 300.0, 100.0, 1000.0, blind=blind)


def said(
    decision: Decision, until: float, *, came: int = 50, blind: str = "", start: float = 1000.0
) -> Evidence:
    """A verdict on one window from ``start`` with ``came`` canary sessions, or on nothing new."""
    verdict = Verdict(decision, f"{decision.value} it", 1.0, 100.0, Tally(), Tally(), needed=40)
    window = Window(start, start + 300, Arm(Tally(came)), Arm(Tally(450)), 10)
    return Evidence(verdict, () if blind else (window,), until, blind)


def moves(plan: Plan) -> list[Split]:
    return [step.after for step in plan.steps if isinstance(step, MoveTraffic)]


def written(plan: Plan) -> list[Event]:
    return [step.event for step in plan.steps if isinstance(step, KeepRecord)]


def policy(rungs: Iterable[Rung]) -> Policy:
    return replace(POLICY, rungs=tuple(rungs))
