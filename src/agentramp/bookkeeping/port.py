"""Where a release is shown to people who do not read its log: deployments and comments."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from agentramp.errors import AgentrampError


class BookkeepingError(AgentrampError):
    """Something could not be written down. Whoever catches it warns, and the release goes on."""


class State(Enum):
    """How a deployment stands, in GitHub's words."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    INACTIVE = "inactive"


LIVE = frozenset({State.IN_PROGRESS, State.SUCCESS})
"""States of a version that serves. One that waits is none of them: its time is to come."""


@dataclass(frozen=True)
class Deployment:
    """One version on its way to one endpoint; all ticks of its ramp are states of it.

    ``commit`` is what the version was built of; ``subject`` is ``region/runtime/endpoint``. A
    runtime that is made anew under its old name counts its versions anew: ``runtime_id`` is the
    platform's own word for which it is.
    """

    environment: str
    commit: str
    subject: str
    version: int
    runtime_id: str | None = None


@dataclass(frozen=True)
class Stand:
    """``description`` is one sentence; ``url`` the endpoint's address; ``log`` the run's page.

    Without ``news`` the sentence alone is not worth another entry, only another state is.
    """

    state: State
    description: str
    url: str | None = None
    log: str | None = None
    news: bool = True


@dataclass(frozen=True)
class Comment:
    """``marker`` finds the same comment again: a pull request has one, not one for each push.

    It is the first line of the comment, and is not seen there. ``text`` comes after it.
    """

    pull_request: int
    marker: str
    text: str


class Bookkeeper(Protocol):
    """Each raises BookkeepingError, and gives whether anything was written that was not there."""

    def deployment(self, about: Deployment, stand: Stand) -> bool:
        """The same ``about`` but for its commit is the same deployment.

        Where it becomes a success, all others of its subject that are live become inactive: one
        version has all the sessions then. Those of other subjects in the environment stay, and so
        does one that waits.
        """
        ...

    def comment(self, comment: Comment) -> bool:
        """Where there are several with its marker, one is kept."""
        ...
