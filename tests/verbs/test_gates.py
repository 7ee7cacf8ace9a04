"""A version passes the gates before it has any traffic, whether it is released or waited."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agentramp.config.ramp_settings import CommandGate, GoldenGate
from agentramp.errors import RefusedError, UsageError
from agentramp.model import Endpoint, Observed, Split
from agentramp.plan import Subject
from agentramp.planning import pinned_names
from agentramp.platform.memory import MemoryPlatform
from agentramp.record import Moved, Queued, Refused
from agentramp.report.result import Result
from agentramp.verbs import promote, release
from agentramp.wiring import gating
from agentramp.wiring.notify import Teller
from tests.gates.chat_agent import Agent, running
from tests.verbs.scene import ENDPOINT, RUNTIME, Scene, arguments

NAMES = CANARY, STABLE = pinned_names(ENDPOINT)
GOLDEN = GoldenGate(Path("prompts.yaml"))
FIRST = Split(1, ((2, 10),))
PROMPTS = "prompts:\n" + "".join(
    f"- {{name: p{n}, prompt: q{n}, expect: {{contains: well}}}}\n" for n in range(10)
)


@dataclass
class Reachable(MemoryPlatform):
    """Each pinned endpoint is served on loopback by the version that it is pinned to."""

    urls: dict[str, str] = field(default_factory=dict)

    def observe(self, runtime_name: str) -> Observed:
        observed = super().observe(runtime_name)
        return replace(observed, endpoints=tuple(map(self._at_home, observed.endpoints)))

    def create_endpoint(
        self, runtime_id: str, name: str, split: Split, description: str = ""
    ) -> Endpoint:
        return self._at_home(super().create_endpoint(runtime_id, name, split, description))

    def get_endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        return self._at_home(super().get_endpoint(runtime_id, endpoint_id))

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        return self._at_home(super().set_split(runtime_id, endpoint_id, split))

    def _at_home(self, endpoint: Endpoint) -> Endpoint:
        return replace(endpoint, url=self.urls.get(endpoint.name, endpoint.url))


@dataclass
class World:
    """``says`` is what each version answers; ``agents`` stand behind the pinned endpoints."""

    scene: Scene
    says: dict[int, str] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)

    def answer(self, name: str) -> Callable[[str], str]:
        def said(asked: str) -> str:
            version = self.scene.split(name).stable
            assert isinstance(version, int)
            return f"{self.says.get(version, 'well')}: {asked}"

        return said

    def releases(self, version: int, *words: str) -> Result:
        args = arguments("release", "--platform", "local", *words)
        scene = self.scene
        return release.ramped(args, scene.context, scene.where, scene.seen, version)

    def promotes(self, *words: str) -> Result:
        args = arguments("promote", "--platform", "local", *words)
        scene = self.scene
        teller = Teller(scene.context, scene.where)
        return promote.once(args, scene.context, scene.where, teller)

    @property
    def pins(self) -> tuple[Split, Split]:
        return self.scene.split(CANARY), self.scene.split(STABLE)

    @property
    def has_pins(self) -> bool:
        return any(self.scene.platform.observe(RUNTIME).endpoint(name) for name in NAMES)

    def asked(self) -> list[int]:
        """How many questions each pinned endpoint had since this was called last."""
        counts = [len(self.agents[name].asked) for name in NAMES]
        for agent in self.agents.values():
            agent.asked.clear()
        return counts

    def queues(self, version: int = 3) -> None:
        """Nobody is on trial any more; ``version`` waited for that."""
        self.scene.wrote(Moved(None, Split(1)), verb="release")
        self.scene.wrote(Queued(version), verb="release")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "prompts.yaml").write_text(PROMPTS)
    world = World(Scene(tmp_path))
    with contextlib.ExitStack() as stack:
        for name in NAMES:
            world.agents[name] = stack.enter_context(running(Agent(world.answer(name))))
        urls = {name: agent.url for name, agent in world.agents.items()}
        before = world.scene.platform
        world.scene.platform = Reachable(
            before.shelves, before.clock, numbers=before.numbers, urls=urls
        )
        world.scene.goes_by(gates=(GOLDEN,))
        yield world


def program(tmp_path: Path, status: int) -> CommandGate:
    """A gate that leaves a mark where it was asked."""
    code = f"open({str(tmp_path / 'asked')!r}, 'a').write('x'); raise SystemExit({status})"
    return CommandGate((sys.executable, "-c", code))


def test_pinned_endpoints_are_made_and_each_version_is_asked_at_its_own(world: World) -> None:
    told = world.releases(2)
    assert (told.verdict, told.exit_code) == ("advance", 0)
    assert world.pins == (Split(2), Split(1))
    assert world.asked() == [10, 10]
    assert world.scene.split() == FIRST
    for name in NAMES:
        assert world.scene.journal.read(Subject(RUNTIME, name))


def test_pinned_endpoints_are_moved_to_the_next_pair(world: World) -> None:
    world.releases(2)
    world.scene.is_moved(Split(2))
    world.releases(3)
    assert world.pins == (Split(3), Split(2))
    assert world.scene.split() == Split(2, ((3, 10),))


def test_pinned_endpoints_that_are_right_are_left(world: World) -> None:
    world.releases(2)
    before = [world.scene.journal.read(Subject(RUNTIME, name)) for name in NAMES]
    world.scene.is_moved(Split(1), verb="abort")
    world.releases(2)
    assert [world.scene.journal.read(Subject(RUNTIME, name)) for name in NAMES] == before
    assert world.scene.split() == FIRST


def test_a_worse_version_is_refused_and_gets_no_traffic(world: World) -> None:
    world.says[2] = "badly"
    told = world.releases(2)
    assert (told.verdict, told.exit_code) == ("rollback", 4)
    assert "version 2 gets no traffic: version 2 answers worse" in told.message
    assert told.before == told.after == world.scene.split() == Split(1)
    assert world.scene.standing.ramp is None
    assert [version for version, _ in world.scene.standing.rejected] == [2]
    (record,) = world.scene.journal.read(world.scene.subject)
    assert isinstance(record.event, Refused)


def test_a_refused_version_is_asked_again_only_with_retry(world: World) -> None:
    world.says[2] = "badly"
    world.releases(2)
    world.asked()
    with pytest.raises(UsageError, match="version 2 was on trial before") as told:
        world.releases(2)
    assert "--retry" in told.value.advice
    assert world.asked() == [0, 0]
    world.says[2] = "well"
    assert world.releases(2, "--retry").exit_code == 0
    assert world.scene.split() == FIRST


def test_who_cannot_decide_lets_nothing_through_and_blames_nobody(world: World) -> None:
    world.says[1] = world.says[2] = "badly"
    with pytest.raises(gating.UndecidedError, match="nothing to compare with") as told:
        world.releases(2)
    assert told.value.exit_code == 3
    assert told.value.advice
    assert world.scene.split() == Split(1)
    assert world.scene.journal.read(world.scene.subject) == ()


@pytest.mark.parametrize("status", [2, 127])
def test_a_program_that_fails_by_itself_decides_nothing(
    world: World, tmp_path: Path, status: int
) -> None:
    world.scene.goes_by(gates=(program(tmp_path, status),))
    with pytest.raises(RefusedError, match=f"status {status}") as told:
        world.releases(2)
    assert told.value.exit_code == 3
    assert world.scene.split() == Split(1)
    assert world.scene.standing.rejected == ()


@pytest.mark.parametrize(
    ("says", "status", "asked", "code"), [("badly", 0, 0, 4), ("well", 1, 1, 4), ("well", 0, 1, 0)]
)
def test_all_gates_have_to_let_it_through(
    world: World, tmp_path: Path, says: str, status: int, asked: int, code: int
) -> None:
    world.says[2] = says
    world.scene.goes_by(gates=(GOLDEN, program(tmp_path, status)))
    assert world.releases(2).exit_code == code
    mark = tmp_path / "asked"
    assert (len(mark.read_text()) if mark.exists() else 0) == asked
    assert world.scene.split() == (Split(1) if code else FIRST)


def test_without_gates_and_probes_nothing_is_pinned(world: World) -> None:
    world.scene.goes_by(gates=())
    world.releases(2)
    assert not world.has_pins
    assert world.asked() == [0, 0]
    assert world.scene.split() == FIRST


def test_a_dry_run_asks_nobody_and_makes_nothing(world: World) -> None:
    world.says[2] = "badly"
    told = world.releases(2, "--dry-run")
    assert told.exit_code == 0
    assert not world.has_pins
    assert world.asked() == [0, 0]
    assert world.scene.split() == Split(1)


def test_a_version_that_is_queued_is_asked_when_its_turn_comes(world: World) -> None:
    world.releases(2)
    world.asked()
    world.says[3] = "badly"
    assert world.releases(3).exit_code == 0
    assert world.asked() == [0, 0]
    assert world.pins == (Split(2), Split(1))
    assert world.scene.standing.queued == 3


def test_a_queued_version_that_passes_begins(world: World) -> None:
    world.queues()
    told = world.promotes()
    assert (told.verdict, told.exit_code) == ("advance", 0)
    assert world.pins == (Split(3), Split(1))
    assert world.asked() == [10, 10]
    assert world.scene.split() == Split(1, ((3, 10),))
    assert world.scene.standing.queued is None


def test_a_queued_version_that_is_refused_ends_promote_with_4_and_waits_no_more(
    world: World,
) -> None:
    world.says[3] = "badly"
    world.queues()
    told = world.promotes()
    assert (told.verdict, told.exit_code) == ("rollback", 4)
    assert "version 3 gets no traffic" in told.message
    assert world.scene.split() == Split(1)
    assert world.scene.standing.queued is None
    assert world.scene.standing.ramp is None
    assert [version for version, _ in world.scene.standing.rejected] == [3]
    world.asked()
    again = world.promotes()
    assert (again.verdict, again.exit_code) == ("none", 0)
    assert world.asked() == [0, 0]


def test_a_queued_version_that_nobody_can_decide_on_goes_on_waiting(world: World) -> None:
    world.says[1] = world.says[3] = "badly"
    world.queues()
    with pytest.raises(gating.UndecidedError) as told:
        world.promotes()
    assert told.value.exit_code == 3
    assert world.scene.standing.queued == 3
    assert world.scene.split() == Split(1)
    world.says.clear()
    assert world.promotes().exit_code == 0
    assert world.scene.split() == Split(1, ((3, 10),))


def test_a_dry_promote_asks_nobody(world: World) -> None:
    world.says[3] = "badly"
    world.queues()
    assert world.promotes("--dry-run").exit_code == 0
    assert not world.has_pins
    assert world.asked() == [0, 0]
    assert world.scene.standing.queued == 3
