"""Lines in memory: the shipped fake, held to the same conformance suite as the real adapter."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from agentramp.logs.port import LogError, LogFilter, LogLine
from agentramp.model import LogStore


@dataclass
class MemoryLogs:
    """``lines`` by the function that wrote them, in the order in which they came."""

    lines: dict[str, list[LogLine]] = field(default_factory=dict)
    stores: set[LogStore] = field(default_factory=set)

    def read(self, store: LogStore, function: str, wanted: LogFilter) -> Iterator[LogLine]:
        if store not in self.stores:
            raise LogError(f"log store {store.logstore} does not exist")
        found = (line for line in self.lines.get(function, []) if _is_wanted(line, wanted))
        yield from sorted(found, key=lambda line: line.at)

    def prepare(self, store: LogStore) -> bool:
        is_new = store not in self.stores
        self.stores.add(store)
        return is_new


def _is_wanted(line: LogLine, wanted: LogFilter) -> bool:
    return (
        wanted.start <= line.at < wanted.end
        and wanted.version in {None, line.version}
        and wanted.instance in {None, line.instance}
        and (wanted.request_id is None or wanted.request_id in f"{line.request_id} {line.message}")
        and (wanted.search is None or wanted.search in line.message)
    )
