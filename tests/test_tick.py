from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from agentramp import tick as ticking
from agentramp.effects import Outcome
from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.executor import Executor
from agentramp.journal.memory import MemoryJournal
from agentramp.journal.port import HeldError
from agentramp.judge.window import Arm, Tally, Unit, Window
from agentramp.model import Code, RuntimeSpec, Split
from agentramp.plan import KeepRecord, Plan, Step, Subject
from agentramp.planning import Ruled, plan_abort, plan_begin
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import PlatformError, UnreachableError
from agentramp.policy import DEFAULT_POLICY, Policy
from agentramp.ramp import Standing, standing
from agentramp.record import Judged, Moving, Paused, Queued, Record
from agentramp.tick import Desk, Insistent, Ticked

SUBJECT = Subject("agent", "production")
FIRST = Split(1, ((2, 10),))


class Silent:
    def begin(self, step: Step) -> None: ...
    def end(self, step: Step) -> None: ...
    def going_back(self, step: Step) -> None: ...
    def went_back(self, step: Step) -> None: ...


@dataclass
class Counts:
    """200 sessions a window; ``bad`` of the canary's fail."""

    bad: int = 0
    fails: bool = False
    unit: Unit = Unit.SESSIONS
    asked: list[Question] = field(default_factory=list)

    def read(self, question: Question) -> tuple[Answer, ...]:
        self.asked.append(question)
        if self.fails:
            raise EvidenceError("no answer")
        return tuple(self._window(span) for span in question.spans)

    def _window(self, span: Span) -> Window:
        canary, stable = Tally(2 * span.weight, self.bad), Tally(200 - 2 * span.weight, 2)
        return Window(span.start, span.end, Arm(canary), Arm(stable), span.weight)


@dataclass
class Nothing(Counts):
    def read(self, question: Question) -> tuple[Answer, ...]:
        return tuple(Missing(span, "NaN") for span in question.spans)


@dataclass
class World:
    now: float = 1000.0
    counts: Counts = field(default_factory=Counts)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    told: list[Plan] = field(default_factory=list)
    policy: Policy = DEFAULT_POLICY

    def __post_init__(self) -> None:
        self.platform = MemoryPlatform(clock=lambda: self.now)
        runtime = self.platform.create_runtime(RuntimeSpec("agent", Code("python3.12")), None)
        for name in "abc":
            self.platform.publish_version(runtime.id, name)
        self.endpoint = self.platform.create_endpoint(runtime.id, "production", Split(1)).id
        self.runtime = runtime.id

    @property
    def split(self) -> Split:
        return self.platform.get_endpoint(self.runtime, self.endpoint).split

    @property
    def standing(self) -> Standing:
        return standing(self.journal.read(SUBJECT))

    def desk(self) -> Desk:
        execute = Executor(self.platform, self.journal, Silent(), "me")
        source = self.counts
        return Desk(
            self.platform,
            self.journal,
            execute,
            lambda _: source,
            self.policy,
            (),
            self.told.append,
        )

    def begin(self, version: int = 2) -> None:
        seen = ticking.look(self.platform, self.journal, SUBJECT)
        self.desk().execute(plan_begin(seen, version, self.policy))

    def tick(self, later: float = 300.0) -> Ticked:
        self.now += later
        return ticking.tick(self.desk(), SUBJECT)

    def by_hand(self, split: Split) -> None:
        self.platform.set_split(self.runtime, self.endpoint, split)

    def wrote(self, *events: Moving | Queued | Paused, verb: str = "promote") -> None:
        records = self.journal.read(SUBJECT)
        new = tuple(Record(verb, self.now, event, "another") for event in events)
        self.journal.append(SUBJECT, *new, expected=len(records))


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_to_do(world: World) -> None:
    ticked = world.tick()
    assert ticked.ruling.ruled is Ruled.NONE
    assert ticked.outcome == Outcome()
    assert world.journal.read(SUBJECT) == ()


def test_a_healthy_canary_climbs_one_step_at_a_time(world: World) -> None:
    world.begin()
    seen = [world.split]
    for _ in range(60):
        world.tick()
        if world.split != seen[-1]:
            seen.append(world.split)
    weights = [10, 30, 50]
    assert seen == [*(Split(1, ((2, weight),)) for weight in weights), Split(2)]


def test_a_bad_canary_goes_back_by_evidence(world: World) -> None:
    world.begin()
    world.counts.bad = 10
    ticked = world.tick(400)
    assert ticked.ruling.ruled is Ruled.ROLLBACK
    assert ticked.ruling.by_evidence
    assert world.split == Split(1)
    assert world.standing.rejected[0][0] == 2


def test_windows_are_asked_for_once(world: World) -> None:
    world.begin()
    for _ in range(3):
        world.tick(360)
    starts = [span.start for question in world.counts.asked for span in question.spans]
    assert starts == sorted(set(starts))
    assert len(starts) >= 3


def test_a_source_that_fails_holds(world: World) -> None:
    world.begin()
    world.counts.fails = True
    ticked = world.tick(400)
    assert ticked.ruling.ruled is Ruled.HOLD
    assert "no answer" in ticked.ruling.reason
    assert world.split == FIRST


def test_windows_that_nobody_knows_hold(world: World) -> None:
    world.counts = Nothing()
    world.begin()
    ticked = world.tick(400)
    assert ticked.ruling.ruled is Ruled.HOLD
    assert "NaN" in ticked.ruling.reason


def test_another_run_at_work_is_left_alone(world: World) -> None:
    world.begin()
    world.wrote(Moving(FIRST, Split(1, ((2, 30),))))
    ticked = world.tick(10)
    assert ticked.ruling.ruled is Ruled.SUPERSEDED
    assert ticked.ruling.reason.endswith(
        "by another began to move agent/production to v1 70 %, v2 30 % 10 s ago"
    )


def test_after_the_lease_it_is_taken_for_dead(world: World) -> None:
    world.begin()
    world.wrote(Moving(FIRST, Split(1, ((2, 30),))))
    ticked = world.tick(DEFAULT_POLICY.lease)
    assert ticked.ruling.ruled is Ruled.HOLD
    assert world.standing.open is None
    assert world.split == FIRST


def test_a_late_write_of_it_is_put_back(world: World) -> None:
    world.begin()
    world.wrote(Moving(FIRST, Split(1, ((2, 30),))))
    world.tick(DEFAULT_POLICY.lease)
    world.by_hand(Split(1, ((2, 30),)))
    ticked = world.tick(10)
    assert "late write" in ticked.ruling.reason
    assert world.split == FIRST


def test_a_late_way_back_ends_the_ramp(world: World) -> None:
    """It looks like a person's emergency, which nothing may undo."""
    world.begin()
    world.wrote(Moving(FIRST, Split(1)), Moving(FIRST, FIRST))
    world.tick(DEFAULT_POLICY.lease)
    world.by_hand(Split(1))
    world.tick(10)
    assert world.split == Split(1)
    assert world.standing.ramp is None


def test_a_killed_abort_is_finished_and_is_no_verdict(world: World) -> None:
    world.begin()
    world.wrote(Moving(FIRST, Split(1)), verb="abort")
    ticked = world.tick(DEFAULT_POLICY.lease)
    assert ticked.ruling.ruled is Ruled.HOLD
    assert not ticked.ruling.by_evidence
    assert world.split == Split(1)
    assert world.standing.ramp is None


def test_a_hand_is_drift_and_nothing_moves(world: World) -> None:
    world.begin()
    world.by_hand(Split(1, ((2, 77),)))
    ticked = world.tick()
    assert ticked.ruling.drifted
    assert "adopt" in ticked.ruling.reason
    assert world.split == Split(1, ((2, 77),))


def test_what_another_run_did_meanwhile_is_no_drift(world: World) -> None:
    """The journal was read before the other wrote, the platform after it moved."""
    world.begin()

    @dataclass
    class Meanwhile(MemoryJournal):
        reads: int = 0

        def read(self, subject: Subject) -> tuple[Record, ...]:
            records = super().read(subject)
            self.reads += 1
            if self.reads == 1:
                self.append(subject, Record("abort", 0, Moving(FIRST, Split(1))), expected=3)
                world.by_hand(Split(1))
            return records

    world.journal = Meanwhile(world.journal.records)
    ticked = world.tick()
    assert ticked.ruling.ruled is Ruled.SUPERSEDED
    assert not ticked.ruling.drifted


@dataclass
class Taken(MemoryJournal):
    """Another run is always faster, ``times`` times."""

    times: int = 1

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        if self.times:
            self.times -= 1
            raise HeldError("another run wrote")
        super().append(subject, *records, expected=expected)


def test_a_lost_swap_is_a_ruling(world: World) -> None:
    world.begin()
    world.journal = Taken(world.journal.records)
    assert world.tick(400).ruling.ruled is Ruled.SUPERSEDED


def test_a_lost_swap_of_a_rollback_is_tried_again(world: World) -> None:
    world.begin()
    world.counts.bad = 10
    world.journal = Taken(world.journal.records, times=2)
    slept: list[float] = []
    insistent = Insistent(lambda _: None)
    retrying = ticking.insisting(slept.append, lambda: 0.0, lambda _: None, lambda: insistent.back)
    world.now += 400
    ticked = retrying(ticking.tick, replace(world.desk(), told=insistent), SUBJECT)
    assert ticked.ruling.ruled is Ruled.ROLLBACK
    assert slept == [1.0, 2.0]
    assert world.split == Split(1)


def test_a_queued_version_begins_when_the_ramp_has_ended(world: World) -> None:
    world.begin()
    world.wrote(Queued(3), verb="release")
    seen = ticking.look(world.platform, world.journal, SUBJECT)
    world.desk().execute(plan_abort(seen))
    world.tick()
    assert world.split == Split(1, ((3, 10),))


def test_who_listens_hears_of_the_plan_first(world: World) -> None:
    world.begin()
    world.tick(400)
    (plan,) = world.told
    (step,) = plan.steps
    assert isinstance(step, KeepRecord)
    assert isinstance(step.event, Judged)


def failing(*errors: BaseException) -> Callable[[], str]:
    left = list(errors)

    def once() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return once


def insist(wanted: Callable[[], bool] = lambda: True) -> tuple[list[float], Callable[..., str]]:
    slept: list[float] = []
    return slept, ticking.insisting(slept.append, lambda: 0.25, lambda _: None, wanted)


def test_what_must_win_waits_longer_each_time() -> None:
    slept, retrying = insist()
    lost = [HeldError("faster") for _ in range(7)]
    assert retrying(failing(*lost, WayBackFailedError("no answer"))) == "done"
    assert slept == [1.25, 2.25, 3.25, 4.25, 5.25, 5.25, 5.25, 5.25]


@pytest.mark.parametrize("error", [KeyError("a bug"), KeyboardInterrupt(), EvidenceError("none")])
def test_what_does_not_pass_is_not_tried_again(error: BaseException) -> None:
    slept, retrying = insist()
    with pytest.raises(type(error)):
        retrying(failing(error))
    assert slept == []


def test_nor_what_nobody_wants_any_more() -> None:
    slept, retrying = insist(lambda: False)
    with pytest.raises(UnreachableError):
        retrying(failing(UnreachableError("no answer")))
    assert slept == []


def test_nor_what_a_person_stopped() -> None:
    error = WayBackFailedError("interrupted")
    error.__cause__ = KeyboardInterrupt()
    slept, retrying = insist()
    with pytest.raises(WayBackFailedError):
        retrying(failing(error))
    assert slept == []


def test_what_is_not_known_is_not_told_as_nothing_moved() -> None:
    """The last attempt could not even look, so it does not know better than the first."""
    _, retrying = insist()
    unknown = WayBackFailedError("asked, and no answer")
    blind = [UnreachableError("no answer")] * (ticking.ATTEMPTS - 1)
    with pytest.raises(WayBackFailedError, match="asked, and no answer"):
        retrying(failing(unknown, *blind))
    with pytest.raises(WayBackFailedError):
        retrying(failing(unknown, PlatformError("throttled")))
    with pytest.raises(UnreachableError):
        retrying(failing(*blind, UnreachableError("no answer")))


def test_in_the_end_it_gives_up() -> None:
    slept, retrying = insist()
    with pytest.raises(SupersededError):
        retrying(failing(*[SupersededError("faster")] * ticking.ATTEMPTS))
    assert len(slept) == ticking.ATTEMPTS - 1


def test_a_guard_puts_a_late_write_back(world: World) -> None:
    world.begin()
    world.wrote(Moving(FIRST, Split(1, ((2, 30),))))
    seen = ticking.look(world.platform, world.journal, SUBJECT)
    world.desk().execute(plan_abort(seen))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            world.by_hand(Split(1, ((2, 30),)))

    ticking.stand_guard(world.desk(), SUBJECT, Split(1), 12.0, sleep)
    assert slept == [5.0, 5.0, 2.0]
    assert world.split == Split(1)


def test_a_guard_leaves_when_something_else_is_meant(world: World) -> None:
    world.begin()
    slept: list[float] = []
    ticking.stand_guard(world.desk(), SUBJECT, Split(1), 100.0, slept.append)
    assert slept == [5.0]
    assert world.split == FIRST
