"""Several endpoints in one deploy: all of them, or none."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from agentramp.config.settings import EndpointConfig
from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.execution import Listener, look_only
from agentramp.executor import Executor
from agentramp.journal.memory import MemoryJournal
from agentramp.journal.port import JournalError
from agentramp.model import Code, Endpoint, RuntimeSpec, Split
from agentramp.plan import Plan, Step, Subject
from agentramp.planning import plan_endpoints, removes
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import UnreachableError
from agentramp.policy import DEFAULT_POLICY
from agentramp.ramp import standing
from agentramp.record import Begun, Event, Moving, Queued, Record, Removed
from agentramp.wiring.undertaking import HalfDoneError, all_or_none
from tests.verbs.scene import Nobody

WANTED = tuple(EndpointConfig(name, 2) for name in ("a", "b", "c"))


@dataclass
class Failing(MemoryPlatform):
    """What happens when the split of an endpoint is set, by its name; once for each entry."""

    happens: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    removals: dict[str, Callable[[], None]] = field(default_factory=dict)

    def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
        self.removals.get(self.get_endpoint(runtime_id, endpoint_id).name, works)()
        super().delete_endpoint(runtime_id, endpoint_id)

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        name = self.get_endpoint(runtime_id, endpoint_id).name
        if self.happens.get(name):
            self.happens[name].pop(0)()
        return super().set_split(runtime_id, endpoint_id, split)


def works() -> None:
    """As if nothing were the matter."""


def fails() -> None:
    raise UnreachableError("no answer")


def is_interrupted() -> None:
    raise KeyboardInterrupt


@dataclass
class World:
    platform: Failing = field(default_factory=lambda: Failing(clock=lambda: 7.0))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    told: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runtime = self.platform.create_runtime(RuntimeSpec("agent", Code("python3.12")), None)
        for number in (1, 2):
            assert self.platform.publish_version(self.runtime.id, "") == number
        for name in ("a", "b", "c"):
            self.platform.create_endpoint(self.runtime.id, name, Split(1))

    def plans(self, wanted: tuple[EndpointConfig, ...], *, prune: bool = False) -> tuple[Plan, ...]:
        observed = self.platform.observe("agent")
        names = [one.name for one in observed.endpoints]
        known = {name: standing(self.journal.read(Subject("agent", name))) for name in names}
        return plan_endpoints("agent", wanted, observed, known, prune=prune)

    def run(
        self,
        wanted: tuple[EndpointConfig, ...] = WANTED,
        *,
        prune: bool = False,
        listener: Listener | None = None,
        stays: str = "",
    ) -> None:
        execute = Executor(self.platform, self.journal, listener or Nobody(), "me")
        with all_or_none(self.hear, self.heard.append) as undertaking:
            if stays:
                undertaking.stays(stays)
            for plan in self.plans(wanted, prune=prune):
                (undertaking.remove if removes(plan) else undertaking.carry_out)(plan, execute)

    def hear(self, step: Step) -> None:
        self.told.append(getattr(step, "name", ""))

    @property
    def splits(self) -> dict[str, Split]:
        return {one.name: one.split for one in self.platform.observe("agent").endpoints}

    def settled(self, name: str) -> Split | None:
        now = standing(self.journal.read(Subject("agent", name)))
        assert now.open is None
        return now.settled

    def moves_by_hand(self, name: str, split: Split) -> None:
        found = self.platform.observe("agent").endpoint(name)
        assert found
        MemoryPlatform.set_split(self.platform, self.runtime.id, found.id, split)


def test_all_of_them() -> None:
    world = World()
    world.run()
    assert world.splits == dict.fromkeys("abc", Split(2))
    assert world.told == []


def test_one_that_fails_takes_the_others_back() -> None:
    world = World()
    world.platform.happens = {"c": [fails]}
    with pytest.raises(UnreachableError) as told:
        world.run()
    assert told.value.exit_code == 3
    assert world.splits == dict.fromkeys("abc", Split(1))
    assert world.told == ["b", "a"]
    assert [world.settled(name) for name in "abc"] == [Split(1)] * 3


def test_an_interrupt_takes_the_others_back_too() -> None:
    world = World()
    world.platform.happens = {"b": [is_interrupted]}
    with pytest.raises(KeyboardInterrupt):
        world.run()
    assert world.splits == dict.fromkeys("abc", Split(1))


def test_what_cannot_be_put_back_is_for_a_person_and_the_rest_goes_back() -> None:
    world = World()
    world.platform.happens = {"c": [fails], "b": [works, fails]}
    with pytest.raises(WayBackFailedError, match="no answer; no answer") as told:
        world.run()
    assert told.value.exit_code == 5
    assert world.splits == {"a": Split(1), "b": Split(2), "c": Split(1)}


def test_what_somebody_moved_meanwhile_is_left_alone() -> None:
    world = World()

    def meanwhile() -> None:
        world.moves_by_hand("b", Split(1, ((2, 5),)))
        fails()

    world.platform.happens = {"c": [meanwhile]}
    with pytest.raises(SupersededError, match="no answer; agent/b serves") as told:
        world.run()
    assert told.value.exit_code == 6
    assert world.splits == {"a": Split(1), "b": Split(1, ((2, 5),)), "c": Split(1)}


BEGUN = Begun("r", 2, 1, DEFAULT_POLICY)


@pytest.mark.parametrize(
    "since",
    [
        (BEGUN,),
        (BEGUN, Moving(Split(2), Split(2, ((1, 10),)), "first step")),
        (Queued(1),),
        (Moving(Split(2), Split(1), "asked for"),),
    ],
    ids=["ramp", "ramp that moves", "queue", "open intent"],
)
def test_what_was_begun_since_is_not_put_back(since: tuple[Event, ...]) -> None:
    """It still serves what this deploy set; the journal says that it is not this deploy's now."""
    world = World()

    def meanwhile() -> None:
        known = len(world.journal.read(Subject("agent", "b")))
        new = tuple(Record("release", 7.0, event) for event in since)
        world.journal.append(Subject("agent", "b"), *new, expected=known)
        fails()

    world.platform.happens = {"c": [meanwhile]}
    with pytest.raises(SupersededError, match="another run wrote to the journal of agent/b"):
        world.run()
    assert world.splits == {"a": Split(1), "b": Split(2), "c": Split(1)}
    assert world.journal.read(Subject("agent", "b"))[-1].event == since[-1]


@pytest.mark.parametrize("first", ["cause", "failure"])
def test_what_nobody_knows_is_never_told_as_somebody_elses(first: str) -> None:
    world = World()

    def meanwhile() -> None:
        world.moves_by_hand("b", Split(1, ((2, 5),)))
        fails()

    if first == "cause":  # its own way back fails too
        world.platform.happens = {"c": [meanwhile, fails]}
    else:
        world.platform.happens = {"c": [meanwhile], "a": [works, fails]}
    with pytest.raises(WayBackFailedError, match="agent/b serves") as told:
        world.run()
    assert told.value.exit_code == 5


def test_an_interrupt_stays_one_where_somebody_else_moved_meanwhile() -> None:
    world = World()

    def meanwhile() -> None:
        world.moves_by_hand("b", Split(1, ((2, 5),)))
        is_interrupted()

    world.platform.happens = {"c": [meanwhile]}
    with pytest.raises(KeyboardInterrupt):
        world.run()
    assert world.splits == {"a": Split(1), "b": Split(1, ((2, 5),)), "c": Split(1)}
    assert any("agent/b serves" in line for line in world.heard)


@dataclass
class Impatient(Nobody):
    """Interrupts at the end of a step, when its effect is read back and recorded."""

    ends: int

    def end(self, step: Step) -> None:
        self.ends -= 1
        if self.ends == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("ends", [1, 2, 3])
def test_an_interrupt_after_a_move_takes_it_back_too(ends: int) -> None:
    world = World()
    with pytest.raises(KeyboardInterrupt):
        world.run(listener=Impatient(ends))
    assert world.splits == dict.fromkeys("abc", Split(1))
    assert world.heard == []


def test_an_interrupt_before_a_move_leaves_nothing_to_put_back() -> None:
    world = World()

    @dataclass
    class Early(Nobody):
        begun: int = 0

        def begin(self, step: Step) -> None:
            self.begun += 1
            if self.begun == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.run(listener=Early())
    assert world.splits == dict.fromkeys("abc", Split(1))
    assert world.journal.read(Subject("agent", "b")) == ()


def test_a_dry_run_puts_nothing_back() -> None:
    world = World()

    def look() -> None:
        with all_or_none(world.hear) as undertaking:
            for plan in world.plans(WANTED):
                undertaking.carry_out(plan, look_only)
            fails()

    with pytest.raises(UnreachableError):
        look()
    assert world.told == []


def test_a_first_removal_that_is_refused_takes_all_back() -> None:
    world = World()
    world.platform.removals = {"b": fails}
    with pytest.raises(UnreachableError) as told:
        world.run(WANTED[:1], prune=True)
    assert told.value.exit_code == 3
    assert world.splits == dict.fromkeys("abc", Split(1))


def test_after_a_removal_nothing_is_taken_back_and_each_is_told() -> None:
    world = World()
    world.platform.removals = {"c": fails}
    with pytest.raises(HalfDoneError, match="no answer; agent/b is removed; what was") as told:
        world.run(WANTED[:1], prune=True)
    assert told.value.exit_code == 5
    assert world.splits == {"a": Split(2), "c": Split(1)}
    world.platform.removals = {}
    world.run(WANTED[:1], prune=True)
    assert world.splits == {"a": Split(2)}


def test_an_interrupted_removal_takes_nothing_back_and_says_so() -> None:
    world = World()
    world.platform.removals = {"b": is_interrupted}
    with pytest.raises(KeyboardInterrupt):
        world.run(WANTED[:1], prune=True)
    assert world.splits == {"a": Split(2), "b": Split(1), "c": Split(1)}
    assert world.heard == ["agent/b may be removed"]


def test_a_removal_that_cannot_be_written_down_is_told() -> None:
    @dataclass
    class Full(MemoryJournal):
        def append(self, subject: Subject, *records: Record, expected: int) -> None:
            if any(isinstance(record.event, Removed) for record in records):
                raise JournalError("no space")
            super().append(subject, *records, expected=expected)

    world = World(journal=Full())
    world.run(WANTED[:1], prune=True)
    assert world.splits == {"a": Split(2)}
    assert (
        "warning: agent/b is removed, and that could not be written down: no space" in world.heard
    )


@pytest.mark.parametrize("interrupt", [False, True])
def test_what_stays_for_good_is_told_and_the_rest_goes_back(*, interrupt: bool) -> None:
    world = World()
    world.platform.happens = {"c": [is_interrupted if interrupt else fails]}
    with pytest.raises(KeyboardInterrupt if interrupt else HalfDoneError) as told:
        world.run(stays="x serves the new head (LATEST)")
    if interrupt:
        assert world.heard == ["x serves the new head (LATEST)"]
    else:
        assert "no answer; x serves the new head (LATEST)" in str(told.value)
    assert world.splits == dict.fromkeys("abc", Split(1))


def test_a_new_endpoint_may_stay() -> None:
    world = World()
    world.platform.happens = {"a": [fails]}
    with pytest.raises(UnreachableError):
        world.run((EndpointConfig("a", 2), EndpointConfig("new", 2)))
    assert world.splits["new"] == Split(2)
    assert world.splits["a"] == Split(1)
