"""Where nobody knows whether there is a checkout: none is begun, and a person is told the two ways.

Each names what to do where there is one, and what to do where there is none.
"""

from typing_extensions import assert_never

from agentramp.errors import RefusedError, UsageError
from agentramp.site.broker.port import NoSession
from agentramp.site.earlier import CannotTell, Dead, Earlier, Settled, Unfinished
from agentramp.site.ways import Ways

_LOOK = "look at the orders on the broker's page"


class UnsettledError(RefusedError):
    """There is a checkout, or nobody knows that there is none."""


def not_begun(earlier: Earlier, ways: Ways) -> UnsettledError:
    """What the broker tells of earlier checkouts lets nobody begin another."""
    match earlier:
        case CannotTell(reason=reason, session=""):
            said = f"whether this account has a checkout already is not known: {reason}"
            advice = f"run it again, or {_LOOK}; if there is one: {ways.of('ID')};"
            advice += " if there is none"
        case CannotTell(reason=reason, session=session):
            said = f"how the earlier checkout {session} stands is not known: {reason}"
            advice = f"run it again; to go on with it: {ways.of(session)}; for a new one"
        case Unfinished(session=session, said=told):
            said = f"this account has a checkout that was not begun here: {session} {told}"
            advice = f"to go on with it: {ways.of(session)}; for a new one all the same"
        case Settled(session=session):
            said = f"this account has a site that was not begun here, bought with {session}"
            advice = f"to go on with it: {ways.of(session)}; for a new one all the same"
        case Dead() | NoSession():
            said = "a checkout of this project may hold money"
            advice = f"to go on with it: {ways.on()}; for a new one all the same"
        case _:
            assert_never(earlier)
    return UnsettledError(f"{said}; no second one is begun", advice=f"{advice}: {ways.another}")


def not_written(error: UsageError, session: str, page: str, ways: Ways) -> UnsettledError:
    """The session is there, and is told now or never."""
    return UnsettledError(
        f"the checkout {session} was begun, and could not be written down: {error.message}",
        advice=f"keep its id; pay at {page}, then: {ways.of(session)}",
    )


def unsettled(found: str, ways: Ways) -> UnsettledError:
    return UnsettledError(
        "a checkout was asked for, no answer came, and whether there is a session is not known:"
        f" {found}",
        advice=f"{_LOOK}; if there is one: {ways.of('ID')}; if there is none: {ways.another}",
    )
