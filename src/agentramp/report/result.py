"""What a verb tells when it is done."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from agentramp.errors import AgentrampError
from agentramp.model import Artifact, Split
from agentramp.plan import Plan


@dataclass(frozen=True)
class Result:
    """The end of a verb that did what was asked.

    ``message`` is one sentence for people; ``before`` and ``after`` are an endpoint's splits;
    ``next`` is the command that usually follows. Fields a verb has nothing to say about are None.
    ``verdict`` is what a ramp's tick came to. ``exit_code`` is 4 where evidence rolled a canary
    back, which was asked for and done; else 0.
    """

    verb: str
    message: str
    changed: bool = False
    dry_run: bool = False
    runtime: str | None = None
    runtime_id: str | None = None
    version: int | None = None
    previous_version: int | None = None
    endpoint: str | None = None
    url: str | None = None
    before: Split | None = None
    after: Split | None = None
    artifact: Artifact | None = None
    manifest: Path | None = None
    plan: Plan | None = None
    next: str | None = None
    verdict: str | None = None
    e: float | None = None
    canary_sessions: int | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class Facts:
    """The answer to a question: names and values, flat. Those in ``secret`` are for programs."""

    verb: str
    message: str
    changed: bool
    facts: tuple[tuple[str, str | int | bool], ...]
    secret: frozenset[str] = frozenset()
    exit_code: int = 0


@dataclass(frozen=True)
class Streamed:
    """The end of a verb whose answers were written as they came."""

    verb: str
    exit_code: int = 0


Report: TypeAlias = Result | Facts | Streamed


@dataclass(frozen=True)
class Failure:
    """The end of a verb that did not."""

    verb: str
    error: AgentrampError
    reproduce: str
