"""The logs port: lines that a runtime's instances wrote."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from agentramp.errors import RefusedError
from agentramp.model import LogStore


class LogError(RefusedError):
    """The log service refused, could not be reached, or made no sense."""


@dataclass(frozen=True)
class LogLine:
    """``at`` is the service's whole second. Lines of one second stand in the service's order."""

    at: int
    message: str
    instance: str = ""
    request_id: str = ""
    version: str = ""
    qualifier: str = ""


@dataclass(frozen=True)
class LogFilter:
    """``start`` and ``end`` are whole seconds since 1970-01-01 UTC: ``[start, end)``."""

    start: int
    end: int
    request_id: str | None = None
    instance: str | None = None
    version: str | None = None
    search: str | None = None


class Logs(Protocol):
    """``function`` is the name of the function that a runtime is."""

    def read(self, store: LogStore, function: str, wanted: LogFilter) -> Iterator[LogLine]:
        """Every line once, oldest first, a page at a time: memory does not grow with them.

        Raises LogError.
        """
        ...

    def prepare(self, store: LogStore) -> bool:
        """Make project, store and index as far as they are not there; whether anything was made.

        Raises LogError.
        """
        ...
