"""What a payment broker is asked, and what it says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agentramp.errors import RefusedError


class BrokerError(RefusedError):
    """The broker refused for good: asking again would be answered the same."""


class PassingError(BrokerError):
    """No answer, or one that may be another in a moment. What was asked may have been done."""


class OverError(PassingError):
    """It was not asked: no time is left."""


class UnreadableError(PassingError):
    """An answer that is not what the protocol has."""


@dataclass(frozen=True)
class Link:
    """What is sold: ``id`` of the payment link, and the address that the API hangs under."""

    id: str
    api: str


@dataclass(frozen=True)
class Checkout:
    id: str
    payment_url: str


def is_session(text: str) -> bool:
    """Whether it looks like the id of a checkout session: it is shown, and stands in addresses."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,200}", text) is not None


@dataclass(frozen=True)
class NoSession:
    """The broker says in so many words that there is none."""


@dataclass(frozen=True)
class Known:
    """A checkout session that the broker remembers."""

    id: str


@dataclass(frozen=True)
class Vendor:
    """Who installs a part. ``kind`` is ``launcher`` for the site itself, ``didnames`` for its name.

    ``progress`` is in percent.
    """

    kind: str
    status: str
    progress: float
    app_url: str = ""
    home_url: str = ""
    dashboard_url: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Order:
    """How a checkout session stands; the words are the broker's, in lower case."""

    payment: str
    session: str
    vendors: tuple[Vendor, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Application:
    """What a new site says of itself. ``components`` are statuses by mount point."""

    app_did: str
    owner_did: str
    status: str
    components: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Detail:
    vendors: tuple[Vendor, ...]
    subscription_url: str = ""
    locale: str = ""


class Broker(Protocol):
    """All raise BrokerError; PassingError where asking again may help."""

    @property
    def url(self) -> str: ...

    def link(self) -> Link: ...

    def start(self, link: Link, messages: Mapping[str, str]) -> Checkout:
        """Make a checkout session. Not idempotent: each call that arrives makes another.

        After a PassingError nobody knows whether there is one. ``messages`` is what the page of the
        payment says in the end, by language.
        """
        ...

    def find(self, link: Link, id_: str) -> Known | NoSession:
        """The session of this id, or the last one of the link of this id.

        An answer that does not say which raises BrokerError: it is never taken for NoSession.
        """
        ...

    def order(self, link: Link, session: str) -> Order: ...

    def application(self, url: str) -> Application:
        """What the site at ``url`` says, asked without a token."""
        ...

    def detail(self, link: Link, session: str, owner_did: str, app_did: str) -> Detail: ...
