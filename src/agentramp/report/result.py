"""What a verb tells when it is done."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from agentramp.errors import AgentrampError
from agentramp.model import Artifact, Split

if TYPE_CHECKING:  # who plans nothing or tells no records loads neither
    from agentramp.plan import Plan
    from agentramp.ramp import Reached
    from agentramp.report.records import Told

ROLLED_BACK: Final = 4
"""The exit code where evidence or a gate turned a canary away: that was asked for, and done."""


@dataclass(frozen=True)
class Climb:
    """A canary's way up its ladder. Its last weight is 0 where it was rolled back."""

    stable: int
    canary: int
    ladder: tuple[int, ...]
    path: tuple["Reached", ...]


@dataclass(frozen=True)
class Result:
    """The end of a verb that did what was asked.

    ``message`` is one sentence for people; ``before`` and ``after`` are an endpoint's splits;
    ``next`` is the command that usually follows. Fields a verb has nothing to say about are None.
    ``verdict`` is what a ramp's tick came to. ``exit_code`` is ``ROLLED_BACK`` or 0.
    """

    verb: str
    message: str
    changed: bool = False
    dry_run: bool = False
    runtime: str | None = None
    runtime_id: str | None = None
    version: int | str | None = None
    """A number that the platform gave, or a component's semantic version."""
    previous_version: int | str | None = None
    endpoint: str | None = None
    url: str | None = None
    before: Split | None = None
    after: Split | None = None
    artifact: Artifact | None = None
    manifest: Path | None = None
    plan: "Plan | None" = None
    next: str | None = None
    verdict: str | None = None
    e: float | None = None
    canary_sessions: int | None = None
    exit_code: int = 0
    endpoints: tuple["Plan", ...] = ()
    """What a deploy does to each endpoint that s.yaml names, or a dry run's ramp would to its own;
    ``plan`` is the runtime's."""
    resources: tuple["Result", ...] = ()
    """One for each resource of s.yaml, where several were deployed."""
    digest: str | None = None
    """The sha256 of what is meant where no ``artifact`` lies here: an image, or a package that was
    named."""
    climb: "Climb | None" = None
    """The ramp that this was about, and how far it is."""
    stopped: bool = False
    """Whether a gate kept the version from any session, so that nothing had to be rolled back."""

    @property
    def number(self) -> int | None:
        """The version, where it is one that a platform numbers."""
        return self.version if isinstance(self.version, int) else None

    @property
    def artifact_digest(self) -> str | None:
        sha256 = self.artifact.sha256 if self.artifact else self.digest
        return f"sha256:{sha256}" if sha256 else None


@dataclass(frozen=True)
class Facts:
    """The answer to a question: names and values, flat. Those in ``secret`` are for programs.

    ``table`` is what a person reads in place of names and values.
    """

    verb: str
    message: str
    changed: bool
    facts: tuple[tuple[str, str | float | bool | None], ...]
    secret: frozenset[str] = frozenset()
    table: tuple[str, ...] = ()
    exit_code: int = 0


@dataclass(frozen=True)
class Streamed:
    """The end of a verb whose answers were written as they came."""

    verb: str
    exit_code: int = 0


@dataclass(frozen=True)
class History:
    """What a journal holds: ``records`` for people, ``lines`` the same as the journal's JSON.

    Both are as long as what was asked for; ``page`` is the file that was written with all of it.
    """

    verb: str
    message: str
    subject: str
    records: tuple["Told", ...]
    lines: tuple[str, ...]
    page: Path | None = None
    next: str | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class Answer:
    """The answer to a question that is more than names and values.

    ``lines`` are for people; ``fields`` hold the same as JSON texts by name, in their order.
    """

    verb: str
    message: str
    lines: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    changed: bool = False
    next: str | None = None
    exit_code: int = 0
    climb: Climb | None = None
    """The ramp that it tells of, where it is one."""


Report: TypeAlias = Result | Facts | Streamed | History | Answer


@dataclass(frozen=True)
class Failure:
    """The end of a verb that did not."""

    verb: str
    error: AgentrampError
    reproduce: str
