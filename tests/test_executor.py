"""The executor with the shipped fakes, and a platform that fails where it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from agentramp import tick
from agentramp.effects import Outcome
from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.execution import look_only
from agentramp.executor import Executor
from agentramp.journal.memory import MemoryJournal
from agentramp.journal.port import HeldError, JournalError
from agentramp.model import (
    Code,
    CustomDomain,
    DomainRoute,
    Endpoint,
    Observed,
    RuntimeSpec,
    Split,
    Status,
)
from agentramp.plan import (
    CreateEndpoint,
    CreateRuntime,
    MoveTraffic,
    Plan,
    PublishVersion,
    SetDomain,
    Step,
    Subject,
    UpdateRuntime,
)
from agentramp.planning import plan_leading, plan_remove, plan_rollback, plan_shift
from agentramp.planning.direct import plan_direct
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.memory_functions import MemoryFunction, MemoryFunctions
from agentramp.platform.port import NotAppliedError, UnreachableError
from agentramp.policy import DEFAULT_POLICY
from agentramp.ramp import Standing, standing
from agentramp.record import Begun, Event, Moved, Moving, Record, Removed, Removing, Undone

SPEC = RuntimeSpec("agent", Code("python3.12"))
SUBJECT = Subject("agent", "production")


@dataclass
class Told:
    """A listener that remembers."""

    lines: list[str] = field(default_factory=list)

    def begin(self, step: Step) -> None:
        self.lines.append(f"begin {type(step).__name__}")

    def end(self, step: Step) -> None:
        self.lines.append(f"end {type(step).__name__}")

    def going_back(self, step: Step) -> None:
        self.lines.append(f"back {type(step).__name__}")

    def went_back(self, step: Step) -> None:
        self.lines.append(f"arrived {type(step).__name__}")


@dataclass
class Flaky(MemoryPlatform):
    """Fails the next calls of ``set_split``: each error is raised after the effect if it acted."""

    failures: list[tuple[BaseException, bool]] = field(default_factory=list)
    deaf: bool = False
    ends: list[Status] = field(default_factory=list)
    deletion: tuple[BaseException, bool] | None = None
    silent: bool = False
    sets: list[Split] = field(default_factory=list)

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        self.sets.append(split)
        if self.failures:
            error, acted = self.failures.pop(0)
            if acted:
                super().set_split(runtime_id, endpoint_id, split)
            raise error
        return super().set_split(runtime_id, endpoint_id, split)

    def get_endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        if self.deaf:
            raise UnreachableError("no answer")
        status = self.ends.pop(0) if self.ends else Status.READY
        return replace(super().get_endpoint(runtime_id, endpoint_id), status=status)

    def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
        error, acted = self.deletion or (None, True)
        if acted:
            super().delete_endpoint(runtime_id, endpoint_id)
        if error:
            raise error

    def observe(self, runtime_name: str) -> Observed:
        if self.silent:
            raise UnreachableError("no answer")
        found = super().observe(runtime_name)
        status = self.ends.pop(0) if self.ends else Status.READY
        endpoints = tuple(replace(one, status=status) for one in found.endpoints)
        return replace(found, endpoints=endpoints)


@dataclass
class World:
    platform: Flaky = field(default_factory=lambda: Flaky(clock=lambda: 7.0))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        runtime = self.platform.create_runtime(SPEC, None)
        for number in (1, 2):
            assert self.platform.publish_version(runtime.id, f"v{number}") == number
        self.platform.create_endpoint(runtime.id, "production", Split(1))

    @property
    def split(self) -> Split:
        return self.platform.observe("agent").endpoints[0].split

    def run(self, plan: Plan) -> Outcome:
        return Executor(self.platform, self.journal, self.told, "me")(plan)

    def shift(self, version: int, weight: int) -> Plan:
        return plan_shift(tick.look(self.platform, self.journal, SUBJECT), version, weight)

    def rollback(self, version: int) -> Plan:
        return plan_rollback(tick.look(self.platform, self.journal, SUBJECT), version)

    def removal(self) -> Plan:
        (plan,) = plan_remove("agent", self.platform.observe("agent"), {}, "production")
        return plan

    def words(self, description: str, split: Split | None = None) -> Plan:
        seen = tick.look(self.platform, self.journal, SUBJECT)
        return plan_direct(seen, split or self.split, description)

    def by_hand(self, split: Split) -> None:
        found = self.platform.observe("agent")
        assert found.runtime
        MemoryPlatform.set_split(self.platform, found.runtime.id, found.endpoints[0].id, split)

    @property
    def is_there(self) -> bool:
        return bool(MemoryPlatform.observe(self.platform, "agent").endpoints)

    @property
    def phases(self) -> list[type[Event]]:
        return [type(record.event) for record in self.journal.read(SUBJECT)]


@pytest.fixture
def world() -> World:
    return World()


def test_every_step(world: World) -> None:
    platform = MemoryPlatform()
    run = Executor(platform, world.journal, world.told)
    created = run(Plan("deploy", Subject("agent"), (CreateRuntime(SPEC, None),)))
    assert created.runtime
    runtime_id = created.runtime.id
    run(Plan("deploy", Subject("agent"), (UpdateRuntime(runtime_id, SPEC, None, ()),)))
    outcome = run(Plan("publish", Subject("agent"), (PublishVersion(runtime_id, "first"),)))
    assert outcome.version == 1
    opened = run(Plan("shift", SUBJECT, (CreateEndpoint(runtime_id, "production", Split(1)),)))
    assert opened.endpoint
    assert opened.endpoint.split == Split(1)
    assert world.told.lines[:2] == ["begin CreateRuntime", "end CreateRuntime"]
    assert world.phases == [Moving, Moved]


def test_a_dry_run_changes_nothing(world: World) -> None:
    assert look_only(world.shift(2, 10)) == Outcome()
    assert world.split == Split(1)


def test_nothing_to_do_is_not_a_change(world: World) -> None:
    assert world.run(world.shift(2, 0)) == Outcome(changed=False)
    assert world.phases == []


def test_a_move_is_journaled_before_and_after(world: World) -> None:
    outcome = world.run(world.shift(2, 10))
    assert outcome.changed
    assert world.split == Split(1, ((2, 10),))
    intent, done = world.journal.read(SUBJECT)
    after = Split(1, ((2, 10),))
    assert intent == Record("shift-traffic", 7.0, Moving(Split(1), after), "me")
    assert done == Record("shift-traffic", 7.0, Moved(Split(1), after), "me")


@pytest.mark.parametrize("acted", [True, False])
@pytest.mark.parametrize(
    "error", [NotAppliedError("no"), UnreachableError("no"), OSError("no space"), KeyError("x")]
)
def test_a_failed_move_goes_back(world: World, error: Exception, *, acted: bool) -> None:
    world.platform.failures = [(error, acted)]
    with pytest.raises(type(error)):
        world.run(world.shift(2, 10))
    assert world.split == Split(1)
    assert world.phases == [Moving, Moving, Undone]
    assert world.told.lines[-2:] == ["back MoveTraffic", "arrived MoveTraffic"]


def test_an_interrupted_move_goes_back(world: World) -> None:
    world.platform.failures = [(KeyboardInterrupt(), True)]
    with pytest.raises(KeyboardInterrupt):
        world.run(world.shift(2, 10))
    assert world.split == Split(1)
    assert world.phases == [Moving, Moving, Undone]


@dataclass
class Cut(MemoryJournal):
    """A person's Ctrl-C comes when the end of a move has just been written down."""

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        super().append(subject, *records, expected=expected)
        if any(isinstance(record.event, Moved) for record in records):
            raise KeyboardInterrupt


@pytest.mark.parametrize("weight", [10, 100])
def test_a_move_that_is_told_as_done_is_not_undone(world: World, weight: int) -> None:
    """A ramp may have ended with it: back again it would be a trial that nobody goes on with."""
    world.journal = Cut()
    plan = world.shift(2, weight)
    with pytest.raises(KeyboardInterrupt):
        world.run(plan)
    assert world.split == (Split(1, ((2, 10),)) if weight == 10 else Split(2))
    assert world.phases == [Moving, Moved]
    assert "back MoveTraffic" not in world.told.lines


def test_when_the_way_back_fails_too_nobody_knows(world: World) -> None:
    lost = UnreachableError("no answer")
    world.platform.failures = [(lost, True), (lost, False)]
    with pytest.raises(WayBackFailedError, match="the way back failed too") as told:
        world.run(world.shift(2, 10))
    assert told.value.exit_code == 5
    assert "agent/production" in told.value.advice


def test_a_failed_endpoint_is_not_taken_for_the_way_back(world: World) -> None:
    """It names the old split, but it is not ready: the old split is set once more."""
    world.platform.failures = [(NotAppliedError("no"), False)]
    world.platform.ends = [Status.READY, Status.UPDATE_FAILED]
    with pytest.raises(NotAppliedError):
        world.run(world.shift(2, 10))
    assert world.platform.sets == [Split(1, ((2, 10),)), Split(1)]


def test_a_split_that_nobody_of_ours_set_is_left_alone(world: World) -> None:
    plan = world.shift(2, 10)

    @dataclass
    class Elsewhere(Flaky):
        def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
            super().set_split(runtime_id, endpoint_id, Split(1, ((2, 77),)))
            raise NotAppliedError("somebody was quicker")

    world.platform = Elsewhere(world.platform.shelves, world.platform.clock)
    with pytest.raises(SupersededError, match="v2 77 %, which this run never set"):
        world.run(plan)
    assert world.split == Split(1, ((2, 77),))


def test_finishing_what_a_dead_run_began_is_no_change(world: World) -> None:
    (move,) = world.shift(2, 10).steps
    assert isinstance(move, MoveTraffic)
    world.journal.append(
        SUBJECT, Record("shift-traffic", 0, Moving(Split(1), Split(1))), expected=0
    )
    again = replace(move, after=Split(1))
    outcome = world.run(Plan("shift-traffic", SUBJECT, (again,), (again,)))
    assert outcome.changed is False
    assert world.phases == [Moving, Moving, Moved]


def test_unreachable_before_anything_was_sent_is_no_lost_traffic(world: World) -> None:
    plan = world.shift(2, 10)
    world.platform.deaf = True
    with pytest.raises(UnreachableError) as told:
        world.run(plan)
    assert told.value.exit_code == 3
    assert world.phases == []


def test_what_was_moved_before_a_refusal_is_told(world: World) -> None:
    """A release that replaces a trial ends that one first, and nothing begins it again."""

    class Deafening(Told):
        def end(self, step: Step) -> None:
            super().end(step)
            world.platform.deaf = True

    world.run(world.shift(2, 10))
    (back,) = world.shift(2, 0).steps
    assert isinstance(back, MoveTraffic)
    world.told = Deafening()
    said = "no answer; agent/production was moved to v1 100 % before that, and stays"
    with pytest.raises(WayBackFailedError, match=said):
        world.run(Plan("release", SUBJECT, (back, replace(back, before=back.after))))
    assert world.split == Split(1)


def test_nor_is_what_was_only_looked_at_once_more(world: World) -> None:
    """The adapter reads before it writes: where that fails, nothing has to be put back."""
    plan = world.shift(2, 10)
    error = UnreachableError("no answer")
    error.untouched = True
    world.platform.failures = [(error, False)]
    with pytest.raises(UnreachableError):
        world.run(plan)
    assert len(world.platform.sets) == 1
    assert world.phases == [Moving, Undone]
    assert not standing(world.journal.read(SUBJECT)).open


def test_a_plan_from_yesterday(world: World) -> None:
    plan = world.shift(2, 10)
    world.run(world.shift(2, 100))
    with pytest.raises(SupersededError, match="as when this was planned") as told:
        world.run(plan)
    assert told.value.exit_code == 6
    assert world.split == Split(2)


def test_who_holds_the_release_is_not_disturbed(world: World) -> None:
    plan = world.shift(2, 10)
    with world.journal.hold(SUBJECT), pytest.raises(HeldError):
        world.run(plan)
    assert world.split == Split(1)


def test_a_run_that_lost_the_journal_puts_back_what_the_winner_decided(world: World) -> None:
    """Another run took over and moved while ours was asleep: the winner's word counts."""

    @dataclass
    class Overtaken(Flaky):
        journal: MemoryJournal = field(default_factory=MemoryJournal)

        def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
            if not self.sets:
                won = (Moving(Split(1), Split(2)), Moved(Split(1), Split(2)))
                self.journal.records[SUBJECT] += tuple(Record("shift-traffic", 8, e) for e in won)
            return super().set_split(runtime_id, endpoint_id, split)

    world.platform = Overtaken(world.platform.shelves, world.platform.clock, journal=world.journal)
    with pytest.raises(HeldError):
        world.run(world.shift(2, 10))
    assert world.platform.sets == [Split(1, ((2, 10),)), Split(2)]
    assert world.split == Split(2)


def test_a_way_back_is_a_move_and_nothing_else(world: World) -> None:
    move = world.shift(2, 10).steps
    world.platform.failures = [(NotAppliedError("no"), True)]
    plan = Plan("shift-traffic", SUBJECT, move, (PublishVersion("rt-1", "x"),))
    with pytest.raises(WayBackFailedError, match="no way back by"):
        world.run(plan)


def test_a_rollback_is_never_undone(world: World) -> None:
    """Its answer was lost after it acted: that is found out, and it is done for sure."""
    world.run(world.shift(2, 10))
    world.platform.failures = [(UnreachableError("no answer"), True)]
    outcome = world.run(world.rollback(1))
    assert outcome.endpoint
    assert world.split == Split(1)
    assert world.phases[2:] == [Moving, Moving, Moved]
    assert world.platform.sets[1:] == [Split(1), Split(1)]
    assert "back MoveTraffic" not in world.told.lines


def test_a_rollback_that_did_not_act_leaves_its_intent(world: World) -> None:
    world.run(world.shift(2, 10))
    world.platform.failures = [(UnreachableError("no answer"), False)]
    with pytest.raises(UnreachableError):
        world.run(world.rollback(1))
    assert world.phases[2:] == [Moving]


def test_a_plan_is_void_once_the_journal_has_gone_on(world: World) -> None:
    plan = world.shift(2, 10)
    world.journal.append(SUBJECT, Record("pause", 7, Moved(Split(1), Split(1))), expected=0)
    with pytest.raises(HeldError):
        world.run(plan)
    assert world.split == Split(1)


def test_without_a_journal_nothing_goes_back(world: World) -> None:
    """An unannounced way back that arrives late would look like a person's hand: one is called."""

    @dataclass
    class Gone(MemoryJournal):
        def append(self, subject: Subject, *records: Record, expected: int) -> None:
            if expected:
                raise JournalError("no space")
            super().append(subject, *records, expected=expected)

    world.journal = Gone()
    with pytest.raises(WayBackFailedError, match="no space; the way back failed too: no space"):
        world.run(world.shift(2, 10))
    assert world.split == Split(1, ((2, 10),))
    assert world.phases == [Moving]


def test_a_run_that_slept_too_long_does_not_act(world: World) -> None:
    ticks = iter([0.0, 61.0])
    plan = world.shift(2, 10)
    run = Executor(world.platform, world.journal, world.told, timer=lambda: next(ticks))
    with pytest.raises(SupersededError, match="asleep"):
        run(plan)
    assert world.split == Split(1)


def test_a_removal_is_journaled_before_and_after(world: World) -> None:
    world.run(world.shift(2, 10))
    assert world.run(world.removal()).changed
    assert not world.is_there
    assert world.phases[2:] == [Removing, Removed]
    assert standing(world.journal.read(SUBJECT)) == Standing(generation=4)
    runtime = world.platform.observe("agent").runtime
    assert runtime
    world.run(Plan("x", SUBJECT, (CreateEndpoint(runtime.id, "production", Split(2)),)))
    assert standing(world.journal.read(SUBJECT)).served == (2,)


def test_what_somebody_moved_meanwhile_is_not_removed(world: World) -> None:
    plan = world.removal()
    world.run(world.shift(2, 10))
    with pytest.raises(SupersededError, match="as when this was planned"):
        world.run(plan)
    assert world.is_there
    assert world.phases == [Moving, Moved]


def test_what_is_gone_already_is_removed(world: World) -> None:
    plan = world.removal()
    runtime = world.platform.observe("agent").runtime
    assert runtime
    world.run(plan)
    world.run(plan)
    assert world.phases == [Removing, Removed, Removing, Removed]


@pytest.mark.parametrize("acted", [True, False])
def test_a_failed_removal_is_looked_up(world: World, *, acted: bool) -> None:
    """Its answer was lost: gone is done, and still there is told with nothing changed."""
    world.platform.deletion = (UnreachableError("no answer"), acted)
    if acted:
        assert world.run(world.removal()).changed
        assert world.phases == [Removing, Removed]
        return
    with pytest.raises(UnreachableError) as told:
        world.run(world.removal())
    assert told.value.exit_code == 3
    assert world.is_there
    assert world.phases == [Removing, Undone]
    assert standing(world.journal.read(SUBJECT)).settled == Split(1)


def test_an_interrupted_removal_is_an_interrupt(world: World) -> None:
    world.platform.deletion = (KeyboardInterrupt(), True)
    with pytest.raises(KeyboardInterrupt):
        world.run(world.removal())
    assert world.phases == [Removing, Removed]


def test_half_of_a_removal_is_for_a_person(world: World) -> None:
    plan = world.removal()
    world.platform.deletion = (UnreachableError("no answer"), False)
    world.platform.ends = [Status.READY, Status.DELETING]
    with pytest.raises(WayBackFailedError, match="DELETING"):
        world.run(plan)
    assert world.phases == [Removing]


def test_a_removal_that_nobody_can_look_up_is_for_a_person(world: World) -> None:
    plan = world.removal()
    world.platform.deletion = (UnreachableError("no answer"), False)
    world.platform.silent = True
    with pytest.raises(WayBackFailedError, match="nor can it be read"):
        world.run(plan)


@pytest.mark.parametrize("answered", [True, False])
def test_what_is_gone_is_told_as_gone_though_it_cannot_be_written_down(
    world: World, *, answered: bool
) -> None:
    @dataclass
    class Full(MemoryJournal):
        def append(self, subject: Subject, *records: Record, expected: int) -> None:
            if any(isinstance(record.event, Removed) for record in records):
                raise JournalError("no space")
            super().append(subject, *records, expected=expected)

    world.journal = Full()
    world.platform.deletion = None if answered else (UnreachableError("no answer"), True)
    outcome = world.run(world.removal())
    assert outcome.changed
    assert "agent/production is removed" in outcome.unwritten
    assert "no space" in outcome.unwritten
    assert not world.is_there
    now = standing(world.journal.read(SUBJECT))
    assert now.open
    assert now.open.removal


def test_words_are_journaled_as_a_move_that_moves_nothing(world: World) -> None:
    outcome = world.run(world.words("for all"))
    assert outcome.changed
    assert outcome.endpoint
    assert (outcome.endpoint.description, outcome.endpoint.split) == ("for all", Split(1))
    assert world.phases == [Moving, Moved]
    assert standing(world.journal.read(SUBJECT)).settled == Split(1)


def test_words_are_not_written_over_a_ramp_that_began_meanwhile(world: World) -> None:
    plan = world.words("for all")
    begun = Record("release", 7.0, Begun("r", 1, 2, DEFAULT_POLICY))
    world.journal.append(SUBJECT, begun, expected=0)
    with pytest.raises(HeldError):
        world.run(plan)
    assert world.platform.observe("agent").endpoints[0].description == ""


def test_words_are_not_written_over_a_move_by_hand(world: World) -> None:
    plan = world.words("for all")
    world.by_hand(Split(2))
    with pytest.raises(SupersededError, match="as when this was planned"):
        world.run(plan)
    assert world.phases == []


def test_a_rollback_between_the_reading_and_the_words_stands(world: World) -> None:
    """A platform takes the words with the split that was read: an older one by then."""
    world.run(world.shift(2, 30))
    plan = world.words("for all")

    @dataclass
    class Slow(Flaky):
        back: Callable[[], None] = lambda: None

        def describe_endpoint(
            self, runtime_id: str, endpoint_id: str, description: str
        ) -> Endpoint:
            read = self.get_endpoint(runtime_id, endpoint_id).split
            self.back()
            MemoryPlatform.set_split(self, runtime_id, endpoint_id, read)
            return super().describe_endpoint(runtime_id, endpoint_id, description)

    def rolled_back() -> None:
        journal = MemoryJournal(world.journal.records)  # another machine's: nothing is held there
        seen = tick.look(world.platform, journal, SUBJECT)
        Executor(world.platform, journal, Told(), "a person")(plan_rollback(seen, 1))

    world.platform = Slow(world.platform.shelves, world.platform.clock, back=rolled_back)
    with pytest.raises(HeldError):
        world.run(plan)
    assert world.split == Split(1)
    assert standing(world.journal.read(SUBJECT)).settled == Split(1)


def test_words_that_are_refused_leave_traffic_where_it_was(world: World) -> None:
    @dataclass
    class Deaf(Flaky):
        def describe_endpoint(
            self, runtime_id: str, endpoint_id: str, description: str
        ) -> Endpoint:
            raise NotAppliedError("other words are there")

    plan = world.words("for all", Split(2))
    world.platform = Deaf(world.platform.shelves, world.platform.clock)
    with pytest.raises(NotAppliedError) as told:
        world.run(plan)
    assert told.value.exit_code == 3
    assert world.split == Split(1)
    assert world.platform.sets == [Split(1)]
    assert world.phases == [Moving, Moving, Undone]


def test_words_that_came_with_another_split_are_somebody_elses_move(world: World) -> None:
    @dataclass
    class Moved2(Flaky):
        def describe_endpoint(
            self, runtime_id: str, endpoint_id: str, description: str
        ) -> Endpoint:
            MemoryPlatform.set_split(self, runtime_id, endpoint_id, Split(2))
            return super().describe_endpoint(runtime_id, endpoint_id, description)

    plan = world.words("for all")
    world.platform = Moved2(world.platform.shelves, world.platform.clock)
    with pytest.raises(SupersededError, match="serves v2 100 %"):
        world.run(plan)
    assert world.split == Split(2)


NEW_ROUTES = CustomDomain("a.example.com", routes=(DomainRoute("/*", "2"),))
OLD_ROUTES = CustomDomain("a.example.com", routes=(DomainRoute("/*", "1"),))


@dataclass
class Half(MemoryFunctions):
    """Says no after it has set the first domain, or to all of them."""

    refuses: int = 1

    def set_domain(self, runtime_id: str, domain: CustomDomain) -> CustomDomain:
        made = super().set_domain(runtime_id, domain)
        self.refuses -= 1
        if self.refuses >= 0:
            raise NotAppliedError("it leads elsewhere")
        return made


def leading(functions: Half) -> Plan:
    functions.functions["rt"] = MemoryFunction()
    functions.domains[OLD_ROUTES.name] = OLD_ROUTES, "rt"
    return plan_leading("agent", SetDomain("rt", NEW_ROUTES), functions.domain(OLD_ROUTES.name))


def test_a_domain_that_failed_leads_where_it_led(world: World) -> None:
    functions = Half()
    run = Executor(world.platform, world.journal, world.told, functions=lambda: functions)
    with pytest.raises(NotAppliedError):
        run(leading(functions))
    assert functions.domains[OLD_ROUTES.name][0].routes == OLD_ROUTES.routes


def test_a_domain_that_cannot_be_put_back_is_for_a_person(world: World) -> None:
    functions = Half(refuses=2)
    run = Executor(world.platform, world.journal, world.told, functions=lambda: functions)
    with pytest.raises(WayBackFailedError):
        run(leading(functions))
