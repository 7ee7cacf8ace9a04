"""A source of credentials, and what was found there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agentramp.errors import RefusedError
from agentramp.platform.agentrun.signing import Credentials

EARLY = 300.0
"""Seconds before their end at which temporary credentials are renewed."""


class CredentialsError(RefusedError):
    """A source that was asked for has no credentials to give; nothing was changed."""


@dataclass(frozen=True)
class Lent:
    """Credentials, and when they end: seconds since 1970-01-01 UTC, None for never."""

    credentials: Credentials
    expires_at: float | None = None


class Source(Protocol):
    """One way to come by credentials."""

    @property
    def name(self) -> str:
        """Words for a person that say where they come from, and nothing secret."""
        ...

    def lend(self) -> Lent:
        """Fetch them; raises CredentialsError, or UsageError where what is set makes no sense."""
        ...


@dataclass(frozen=True)
class Identity:
    """Who the platform says this is."""

    account: str
    arn: str
    user_id: str = ""


def _keep(_: Credentials) -> None:
    """What never ends is not fetched again."""


@dataclass(frozen=True)
class Holder:
    """What the chain came to. ``current`` renews what ends within ``EARLY`` seconds.

    ``account`` asks the platform once where nobody has said it; both may raise CredentialsError.
    """

    source: str
    current: Callable[[], Credentials]
    account: Callable[[], str]
    expires_at: Callable[[], float | None]
    renew: Callable[[Credentials], None] = _keep
    """Told of credentials that the platform refused as ended: ``current`` fetches others then."""
