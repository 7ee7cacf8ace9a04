from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agentramp.logs.follow import LATE, Follower, follow
from agentramp.logs.memory import MemoryLogs
from agentramp.logs.port import LogFilter, LogLine
from agentramp.logs.service import UnreachedError
from agentramp.model import LogStore

STORE = LogStore("project", "store")


def follower(logs: MemoryLogs, start: int = 0) -> Follower:
    return Follower(logs, STORE, "agentrun-1", LogFilter(start, start))


def memory(*lines: LogLine) -> MemoryLogs:
    return MemoryLogs({"agentrun-1": list(lines)}, {STORE})


def test_equal_lines_of_one_second_are_all_told_and_once() -> None:
    logs = memory(LogLine(5, "tick"), LogLine(5, "tick"))
    looking = follower(logs)
    assert list(looking.look(6)) == [LogLine(5, "tick")] * 2
    logs.lines["agentrun-1"].append(LogLine(5, "tick"))
    assert list(looking.look(7)) == [LogLine(5, "tick")]
    assert list(looking.look(8)) == []


def test_a_line_that_comes_late_is_told() -> None:
    logs = memory(LogLine(100, "a"), LogLine(110, "c"))
    looking = follower(logs)
    assert [line.message for line in looking.look(110)] == ["a", "c"]
    logs.lines["agentrun-1"].append(LogLine(101, "b"))
    assert [line.message for line in looking.look(112)] == ["b"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 120),  # when it was written
            st.integers(0, LATE - 2),  # how late it can be read
            st.sampled_from("ab"),
        ),
        max_size=60,
    ),
    st.lists(st.integers(1, 5), min_size=1, max_size=5),
)
def test_whatever_comes_when_all_is_told_once(
    written: list[tuple[int, int, str]], steps: list[int]
) -> None:
    coming = [(at + late, LogLine(at, message)) for at, late, message in written]
    looking = follower(memory())
    logs = looking.logs
    assert isinstance(logs, MemoryLogs)
    told: list[LogLine] = []
    now, turn = 0, 0
    while now < 160:
        logs.lines["agentrun-1"] = [line for when, line in coming if when <= now]
        told += looking.look(now)
        now += steps[turn % len(steps)]
        turn += 1
    assert sorted(told, key=repr) == sorted((line for _, line in coming), key=repr)


@dataclass
class Breaking:
    """Cuts the line after so many lines, in each of the first reads."""

    logs: MemoryLogs
    after: list[int]

    def read(self, store: LogStore, function: str, wanted: LogFilter) -> Iterator[LogLine]:
        most = self.after.pop(0) if self.after else None
        for number, line in enumerate(self.logs.read(store, function, wanted)):
            if number == most:
                raise UnreachedError("the log service cannot be asked: cut")
            yield line

    def prepare(self, store: LogStore) -> bool:
        return self.logs.prepare(store)


@dataclass
class Enough(Exception):  # noqa: N818 - it ends the test, and is no error
    pass


@dataclass
class Clock:
    now: float
    left: int
    said: list[str] = field(default_factory=list)

    def sleep(self, _: float) -> None:
        self.left -= 1
        if self.left == 0:
            raise Enough


def test_a_cut_line_is_told_and_nothing_is_missed_or_repeated() -> None:
    lines = [LogLine(at, f"{at} {number}") for at in range(40) for number in range(3)]
    logs = Breaking(memory(*lines), [7, 0, 50])
    looking = replace_logs(follower(MemoryLogs()), logs)
    clock = Clock(now=41, left=5)
    told = []
    try:
        for line in follow(looking, lambda: clock.now, clock.sleep, clock.said.append):
            told.append(line)  # noqa: PERF402 - it ends by an exception
    except Enough:
        pass
    assert told == lines
    assert len(clock.said) == 3
    assert "asking again" in clock.said[0]


def replace_logs(looking: Follower, logs: Breaking) -> Follower:
    return replace(looking, logs=logs)


def test_what_is_kept_does_not_grow_with_what_was_told() -> None:
    lines = [LogLine(at, "x" * 10 + str(number)) for at in range(2000) for number in range(5)]
    looking = follower(memory(*lines))
    most = 0
    for _ in looking.look(2000):
        most = max(most, len(looking._given))  # noqa: SLF001 - what it keeps is the question
    assert most <= 5 * (LATE + 1)
