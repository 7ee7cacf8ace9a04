"""What the broker says of the checkouts that an account had before, and who may begin one. Pure.

A checkout costs money, so what is not said counts as there being one.
"""

from dataclasses import dataclass
from typing import TypeAlias

from typing_extensions import assert_never

from agentramp.site.broker.port import NoSession, Order
from agentramp.site.session import Ledger
from agentramp.site.standing import (
    AwaitingPayment,
    Cancelled,
    Expired,
    Failed,
    Installed,
    Installing,
    standing,
)


@dataclass(frozen=True)
class Dead:
    """It ended before it was paid, in the broker's own words."""

    session: str


@dataclass(frozen=True)
class Unfinished:
    """It can come to a site yet, or is paid and somebody has to see to it."""

    session: str
    said: str


@dataclass(frozen=True)
class Settled:
    """Paid and installed: there is a site."""

    session: str


@dataclass(frozen=True)
class CannotTell:
    """Refused, no answer, or one without sense. ``session`` is the one it is about, if any."""

    reason: str
    session: str = ""


Earlier: TypeAlias = NoSession | Dead | Unfinished | Settled | CannotTell


@dataclass(frozen=True)
class Clear:
    """What a start takes: made by ``clearance``, or where a person says --start-another.

    ``before`` is the last session that the broker told of: '' for none, None if it told nothing.
    """

    before: str | None


def told_of(session: str, order: Order) -> Dead | Unfinished | Settled:
    match found := standing(order):
        case Expired() | Cancelled():
            return Dead(session)
        case Installed(app_url=url) if url:
            return Settled(session)
        case Installed():
            return Unfinished(session, "is installed, without an address so far")
        case AwaitingPayment():
            return Unfinished(session, "waits for its payment")
        case Installing():
            return Unfinished(session, "is paid, and being installed")
        case Failed(reason=reason):
            return Unfinished(session, f"is not finished: {reason}")
        case _:
            assert_never(found)


def clearance(ledger: Ledger, earlier: Earlier) -> Clear | None:
    """None unless the disk knows of nothing that may hold money, and the broker of nothing too."""
    if ledger.unsettled:
        return None
    match earlier:
        case NoSession():
            return Clear("")
        case Dead(session=session):
            return Clear(session)
        case Unfinished() | Settled() | CannotTell():
            return None
        case _:
            assert_never(earlier)
