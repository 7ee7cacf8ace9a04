"""Several endpoints in one deploy: all of them, or none."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from agentramp.config.settings import EndpointConfig
from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.executor import Executor
from agentramp.journal.memory import MemoryJournal
from agentramp.model import Code, Endpoint, RuntimeSpec, Split
from agentramp.plan import Plan, Step, Subject
from agentramp.planning import plan_endpoints
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import UnreachableError
from agentramp.ramp import standing
from agentramp.verbs.undertaking import all_or_none
from tests.verbs.scene import Nobody

WANTED = tuple(EndpointConfig(name, 2) for name in ("a", "b", "c"))


@dataclass
class Failing(MemoryPlatform):
    """What happens when the split of an endpoint is set, by its name; once for each entry."""

    happens: dict[str, list[Callable[[], None]]] = field(default_factory=dict)

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

    def __post_init__(self) -> None:
        self.runtime = self.platform.create_runtime(RuntimeSpec("agent", Code("python3.12")), None)
        for number in (1, 2):
            assert self.platform.publish_version(self.runtime.id, "") == number
        for name in ("a", "b", "c"):
            self.platform.create_endpoint(self.runtime.id, name, Split(1))

    def plans(self, wanted: tuple[EndpointConfig, ...], *, prune: bool = False) -> tuple[Plan, ...]:
        observed = self.platform.observe("agent")
        return plan_endpoints("agent", wanted, observed, {}, prune=prune)

    def run(self, wanted: tuple[EndpointConfig, ...] = WANTED, *, prune: bool = False) -> None:
        execute = Executor(self.platform, self.journal, Nobody(), "me")
        with all_or_none(self.hear) as undertaking:
            for plan in self.plans(wanted, prune=prune):
                undertaking.carry_out(plan, execute)

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


def test_a_removed_endpoint_is_made_again() -> None:
    world = World()
    removed = world.platform.observe("agent").endpoint("b")
    assert removed
    gone = next(
        plan for plan in world.plans(WANTED[:1], prune=True) if plan.subject.endpoint == "b"
    )
    execute = Executor(world.platform, world.journal, Nobody(), "me")

    def deploy() -> None:
        with all_or_none(world.hear) as undertaking:
            undertaking.carry_out(gone, execute)
            fails()

    with pytest.raises(UnreachableError):
        deploy()
    again = world.platform.observe("agent").endpoint("b")
    assert again
    assert replace(again, id="") == replace(removed, id="")
    assert world.settled("b") == Split(1)


def test_a_new_endpoint_may_stay() -> None:
    world = World()
    world.platform.happens = {"a": [fails]}
    with pytest.raises(UnreachableError):
        world.run((EndpointConfig("a", 2), EndpointConfig("new", 2)))
    assert world.splits["new"] == Split(2)
    assert world.splits["a"] == Split(1)
