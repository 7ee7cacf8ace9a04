"""What every source of lines must do; run over the shipped fake and over the real adapter."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from agentramp.logs.port import LogFilter, LogLine, Logs
from agentramp.model import LogStore


@dataclass(frozen=True)
class Written:
    """``function`` has written lines that hold ``w0``, ``w1``, ... in this order."""

    logs: Logs
    store: LogStore
    function: str
    count: int


class LogsSuite(ABC):
    @abstractmethod
    def written(self) -> AbstractContextManager[Written]: ...

    @pytest.fixture
    def there(self) -> Iterator[Written]:
        with self.written() as there:
            yield there

    @pytest.fixture
    def lines(self, there: Written) -> list[LogLine]:
        return list(there.logs.read(there.store, there.function, LogFilter(0, 2**31)))

    def test_every_line_once_and_in_order(self, there: Written, lines: list[LogLine]) -> None:
        told = [line.message.split()[0] for line in lines if line.message.startswith("w")]
        assert told == [f"w{number}" for number in range(there.count)]
        assert [line.at for line in lines] == sorted(line.at for line in lines)

    def test_a_line_names_its_instance_and_version(self, lines: list[LogLine]) -> None:
        written = [line for line in lines if line.message.startswith("w")]
        assert {bool(line.instance) for line in written} == {True}
        assert {bool(line.version) for line in written} == {True}

    def test_search(self, there: Written) -> None:
        wanted = LogFilter(0, 2**31, search="w1")
        found = list(there.logs.read(there.store, there.function, wanted))
        assert [line.message.split()[0] for line in found] == ["w1"]

    def test_lines_of_an_instance(self, there: Written, lines: list[LogLine]) -> None:
        one = next(line.instance for line in lines if line.instance)
        wanted = LogFilter(0, 2**31, instance=one)
        assert list(there.logs.read(there.store, there.function, wanted)) == [
            line for line in lines if line.instance == one
        ]
        none = LogFilter(0, 2**31, instance="c-nobody")
        assert list(there.logs.read(there.store, there.function, none)) == []

    def test_the_end_is_left_out(self, there: Written, lines: list[LogLine]) -> None:
        last = lines[-1].at
        found = list(there.logs.read(there.store, there.function, LogFilter(0, last)))
        assert found == [line for line in lines if line.at < last]

    def test_another_function_has_none_of_them(self, there: Written) -> None:
        wanted = LogFilter(0, 2**31)
        assert list(there.logs.read(there.store, "agentrun-nobody", wanted)) == []

    def test_a_store_is_made_once(self, there: Written) -> None:
        store = LogStore("made-here", "by-the-suite")
        assert there.logs.prepare(store)
        assert not there.logs.prepare(store)


@contextmanager
def entered(written: Written) -> Iterator[Written]:
    yield written
