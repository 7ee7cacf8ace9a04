"""The gate port: whether a canary may have traffic."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from agentramp.errors import RefusedError


class GateError(RefusedError):
    """The gate could not be run to its end, which says nothing about the canary."""


class Outcome(Enum):
    """``INCONCLUSIVE`` lets no traffic through and blames nobody: a person has to look."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Pinned:
    """Two addresses, each of which is served by one version only.

    A version is a number, or a semantic version as text.
    """

    canary: int | str
    stable: int | str
    canary_url: str
    stable_url: str


@dataclass(frozen=True)
class Opinion:
    """``reason`` is one sentence with its numbers, ``details`` are lines to show below it."""

    outcome: Outcome
    reason: str
    details: tuple[str, ...] = ()


class Gate(Protocol):
    def run(self, pinned: Pinned) -> Opinion:
        """Raises GateError."""
        ...
