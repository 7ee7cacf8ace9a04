from dataclasses import dataclass, field

import pytest

from agentramp.logs.clock import WakefulClock
from agentramp.logs.follow import Follower, follow
from agentramp.logs.memory import MemoryLogs
from agentramp.logs.port import LogFilter, LogLine
from agentramp.logs.service import UnreachedError
from agentramp.model import LogStore
from agentramp.platform.port import UnreachableError

STORE = LogStore("project", "store")


@dataclass
class Machine:
    """``true`` is the platform's time; ``awake`` counts only while the machine does not sleep."""

    true: float = 1000.0
    awake: float = 0.0
    own: float = 990.0
    told: float = 1000.0
    asked: int = 0
    is_cut: bool = False
    said: list[str] = field(default_factory=list)

    def platform(self) -> float:
        return self.told + self.awake

    def ask(self) -> None:
        self.asked += 1
        if self.is_cut:
            raise UnreachableError("no answer", advice="look at the network")
        self.told = self.true - self.awake

    def works(self, seconds: float) -> None:
        self.true += seconds
        self.own += seconds
        self.awake += seconds

    def sleeps(self, seconds: float) -> None:
        self.true += seconds
        self.own += seconds

    def clock(self) -> WakefulClock:
        return WakefulClock(self.platform, lambda: self.own, self.ask)


def test_a_clock_that_goes_on_is_believed() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(5):
        machine.works(600)
        assert clock() == machine.true
    assert machine.asked == 0


def test_after_a_sleep_the_platform_is_asked_once() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.sleeps(3600)
    assert clock() == machine.true
    machine.works(60)
    assert clock() == machine.true
    assert machine.asked == 1


@pytest.mark.parametrize("step", [-7200, 7200])
def test_a_clock_that_somebody_sets_changes_nothing(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.own += step
    assert clock() == machine.true
    machine.works(60)
    assert clock() == machine.true
    assert machine.asked == 1


def test_a_tail_goes_on_after_a_sleep_and_waits_for_the_network() -> None:
    """What was written while nobody looked is told, and nothing before the network is back."""
    machine = Machine()
    logs = MemoryLogs({"f": []}, {STORE})
    follower = Follower(logs, STORE, "f", LogFilter(1000, 1000))
    turns = 0

    def sleep(_: float) -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            machine.sleeps(3600)
            machine.is_cut = True
            logs.lines["f"].append(LogLine(4595, "while it slept"))
        machine.is_cut = turns < 3

    lines = follow(follower, machine.clock(), sleep, machine.said.append)
    assert next(lines).message == "while it slept"
    assert len(machine.said) == 2
    assert "asking again" in machine.said[0]


def test_no_answer_is_told_as_what_passes() -> None:
    machine = Machine(is_cut=True)
    clock = machine.clock()
    machine.sleeps(10)
    with pytest.raises(UnreachedError, match="no answer"):
        clock()
