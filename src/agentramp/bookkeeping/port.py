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


@dataclass(frozen=True)
class Deployment:
    """One version on its way to one endpoint; all ticks of its ramp are states of it.

    ``commit`` is what the version was built of; ``subject`` is ``runtime/endpoint``.
    """

    environment: str
    commit: str
    subject: str
    version: int


@dataclass(frozen=True)
class Stand:
    """``description`` is one sentence; ``url`` the endpoint's address; ``log`` the run's page."""

    state: State
    description: str
    url: str | None = None
    log: str | None = None


@dataclass(frozen=True)
class Comment:
    """``marker`` finds the same comment again: a pull request has one, not one for each push."""

    pull_request: int
    marker: str
    text: str


class Bookkeeper(Protocol):
    """Each raises BookkeepingError, and gives whether anything was written that was not there."""

    def deployment(self, about: Deployment, stand: Stand) -> bool: ...

    def comment(self, comment: Comment) -> bool: ...
