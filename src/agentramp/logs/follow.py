"""Lines as they come, each once, though the service brings some of them late."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from agentramp.logs.port import LogFilter, LogLine, Logs
from agentramp.logs.service import UnreachedError
from agentramp.model import LogStore

LATE: Final = 15
"""Seconds that a line may come after the moment it names; that long back is read again."""
POLL: Final = 1.5


@dataclass
class Follower:
    """Reads what has come since the last look, and again what may have come late.

    Lines have no name of their own, so equal ones are counted: a look gives those of which it
    finds more than were given. Only what may still be read again is kept.
    """

    logs: Logs
    store: LogStore
    function: str
    wanted: LogFilter
    _given: Counter[LogLine] = field(default_factory=Counter, init=False)

    def look(self, now: float) -> Iterator[LogLine]:
        """``now`` is seconds since 1970-01-01 UTC. After a LogError the next look goes on."""
        end = int(now) + 1
        settled = end - LATE
        found: Counter[LogLine] = Counter()
        for line in self.logs.read(self.store, self.function, replace(self.wanted, end=end)):
            if self.wanted.start < line.at <= settled:
                self._forget(line.at, found)
            found[line] += 1
            if found[line] > self._given[line]:
                self._given[line] += 1
                yield line
        self._forget(max(self.wanted.start, settled), found)

    def _forget(self, before: int, found: Counter[LogLine]) -> None:
        """What is older than ``before`` is settled and not read again."""
        self.wanted = replace(self.wanted, start=before)
        for counted in (self._given, found):
            for line in [line for line in counted if line.at < before]:
                del counted[line]


def follow(
    follower: Follower,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> Iterator[LogLine]:
    """Without an end. A service that cannot be reached for a while is told and asked again."""
    while True:
        try:
            yield from follower.look(clock())
        except UnreachedError as error:
            say(f"{error}; asking again")
        sleep(POLL)
