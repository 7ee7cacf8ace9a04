"""The evidence port: counts of both versions for closed windows, from any source."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from agentramp.errors import RefusedError
from agentramp.judge.window import Unit, Window


class EvidenceError(RefusedError):
    """The source could not be asked at all, or its answer makes no sense: the ramp holds."""


@dataclass(frozen=True)
class Span:
    """A closed window in which the weights did not change: ``[start, end)``.

    Seconds since 1970-01-01 UTC on the platform's clock; failures of its sessions count until
    ``settled``. ``weight`` is the canary's percent in it.
    """

    start: float
    end: float
    settled: float
    weight: int


@dataclass(frozen=True)
class Question:
    runtime: str
    endpoint: str
    stable: int
    canary: int
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Missing:
    """A span of which the source knows nothing usable (NaN, a counter reset, not there yet).

    ``final`` is False where asking again later may help, so the watermark must not pass it.
    """

    span: Span
    reason: str
    final: bool = True


Answer: TypeAlias = Window | Missing


class Evidence(Protocol):
    @property
    def unit(self) -> Unit:
        """What this source counts."""
        ...

    def read(self, question: Question) -> tuple[Answer, ...]:
        """One answer for each span, in their order; raises EvidenceError.

        A window without traffic is a ``Window`` of zeros, not ``Missing``.
        """
        ...
