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


@dataclass(frozen=True)
class Facts:
    """The answer to a question: names and values, flat. Those in ``secret`` are for programs."""

    verb: str
    message: str
    changed: bool
    facts: tuple[tuple[str, str | int | bool], ...]
    secret: frozenset[str] = frozenset()


Report: TypeAlias = Result | Facts


@dataclass(frozen=True)
class Failure:
    """The end of a verb that did not."""

    verb: str
    error: AgentrampError
    reproduce: str
