"""Where a site is bought, and what comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentramp.site.broker.port import Broker, Link
from agentramp.site.purchase import End, Site
from agentramp.site.session import Book
from agentramp.site.ways import Ways


@dataclass(frozen=True)
class Bought:
    """``fresh``: this run began the session; ``known``: the site was there before this run."""

    end: End
    session: str
    payment_url: str = field(default="", repr=False)
    fresh: bool = False
    known: bool = False


@dataclass(frozen=True)
class Shop:
    """What is asked and written to. ``keep`` puts the token of a session's new site away.

    ``kept`` tells whether there is a token of the site at an address; ``show`` shows a person the
    page to pay on; ``messages`` is told to a payer, by language.
    """

    broker: Broker
    book: Book
    keep: Callable[[str, Site], None] = field(repr=False)
    kept: Callable[[str], bool] = field(repr=False)
    show: Callable[[str], None]
    messages: Mapping[str, str]
    ways: Ways = field(default_factory=Ways)


def payment_page(link: Link, session: str) -> str:
    """Where a person pays for a session."""
    return f"{link.api}/checkout/pay/{session}"
