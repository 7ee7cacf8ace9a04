"""What changes no split, carried out with the shipped fakes."""

from dataclasses import dataclass, field

import pytest

from agentramp.effects import Outcome, Ports, carry_out, no_functions, no_logs
from agentramp.errors import UnsupportedError
from agentramp.logs.memory import MemoryLogs
from agentramp.logs.port import Logs
from agentramp.model import Code, CustomDomain, LogStore, RuntimeSpec, Workspace
from agentramp.plan import (
    AskComponent,
    AwaitRuntime,
    CreateRuntime,
    CreateWorkspace,
    Effect,
    PrepareLogStore,
    PublishVersion,
    RemoveComponent,
    RemoveRuntime,
    ReserveConcurrency,
    SetDomain,
    UpdateRuntime,
)
from agentramp.platform.functions import Functions
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.memory_functions import MemoryFunction, MemoryFunctions
from agentramp.platform.port import NotAppliedError

SPEC = RuntimeSpec("agent", Code("python3.12"))
DOMAIN = CustomDomain("a.example.com")


@dataclass
class World:
    platform: MemoryPlatform = field(default_factory=MemoryPlatform)
    functions: MemoryFunctions = field(default_factory=MemoryFunctions)
    logs: MemoryLogs = field(default_factory=MemoryLogs)
    connected: list[str] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)

    def _functions(self) -> Functions:
        self.connected.append("functions")
        return self.functions

    def _logs(self) -> Logs:
        self.connected.append("logs")
        return self.logs

    def do(self, *steps: Effect) -> Outcome:
        for step in steps:
            ports = Ports(self.platform, self._functions, self._logs)
            self.outcome = carry_out(step, self.outcome, ports)
        return self.outcome

    def runtime(self) -> str:
        made = self.do(CreateRuntime(SPEC, None)).runtime
        assert made
        self.functions.functions[made.id] = MemoryFunction()
        return made.id


def test_a_runtime_from_its_making_to_its_end() -> None:
    world = World()
    runtime_id = world.runtime()
    world.do(UpdateRuntime(runtime_id, SPEC, None, ()), AwaitRuntime(runtime_id))
    assert world.do(PublishVersion(runtime_id, "first")).version == 1
    world.do(RemoveRuntime(runtime_id, "agent"))
    assert world.platform.observe("agent").runtime is None
    assert world.connected == []


@pytest.mark.parametrize("update", [False, True])
def test_a_runtime_is_filed_in_the_workspace_just_made(update: bool) -> None:  # noqa: FBT001
    world = World()
    runtime_id = world.runtime() if update else ""
    last: Effect = (
        UpdateRuntime(runtime_id, SPEC, None, ()) if update else CreateRuntime(SPEC, None)
    )
    outcome = world.do(CreateWorkspace(Workspace("team")), last)
    assert outcome.workspace
    assert outcome.workspace.id
    made = world.platform.observe("agent").runtime
    assert made
    # The platform does not move a runtime that is there: no plan asks for that.
    assert (made.spec.workspace_id == outcome.workspace.id) is not update


def test_a_log_store_is_made_once() -> None:
    world, store = World(), LogStore("p", "l")
    world.do(PrepareLogStore(store), PrepareLogStore(store))
    assert world.logs.stores == {store}


def test_a_domain_leads_to_the_runtime_just_made() -> None:
    world = World()
    runtime_id = world.runtime()
    world.do(SetDomain(None, DOMAIN))
    found = world.functions.domain(DOMAIN.name)
    assert found
    assert found[1] == (runtime_id,)
    assert world.connected == ["functions"]


def test_a_domain_without_a_runtime_is_a_bug() -> None:
    with pytest.raises(TypeError, match="no step has made"):
        World().do(SetDomain(None, DOMAIN))


def test_concurrency_is_reserved_and_given_back() -> None:
    world = World()
    runtime_id = world.runtime()
    world.do(ReserveConcurrency(runtime_id, None, 5))
    assert world.functions.concurrency(runtime_id) == 5
    world.do(ReserveConcurrency(runtime_id, 5, None))
    assert world.functions.concurrency(runtime_id) is None


def test_another_concurrency_than_was_asked_for_is_no_success() -> None:
    class Deaf(MemoryFunctions):
        def reserve(self, runtime_id: str, concurrency: int | None) -> int | None:
            return None

    world = World(functions=Deaf())
    with pytest.raises(NotAppliedError, match="none after it was set to 5"):
        world.do(ReserveConcurrency(world.runtime(), None, 5))


def test_a_component_is_connected_to_only_where_one_is_meant() -> None:
    ports = Ports(MemoryPlatform(), no_functions, no_logs)
    for step in (AskComponent("/shop"), RemoveComponent("z2qa", "shop", "/shop")):
        with pytest.raises(UnsupportedError, match="mounts no components"):
            carry_out(step, Outcome(), ports)


def test_a_platform_without_functions_or_logs_says_so() -> None:
    ports = Ports(MemoryPlatform(), no_functions, no_logs)
    for step in (SetDomain("rt", DOMAIN), PrepareLogStore(LogStore("p", "l"))):
        with pytest.raises(UnsupportedError):
            carry_out(step, Outcome(), ports)
