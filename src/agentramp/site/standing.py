"""What an order comes to: the broker's words as one of a few states. Pure.

Expired, cancelled and failed are told apart here, and as soon as one look at the order shows them.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from agentramp.site.broker.port import Order, Vendor

_DONE: Final = 100.0
_EXPIRED: Final = frozenset({"expired"})
_CANCELLED: Final = frozenset({"cancelled", "canceled"})
BROKEN: Final = frozenset({"failed", "error"})
PAID: Final = frozenset({"paid", "no_payment_required"})


@dataclass(frozen=True)
class AwaitingPayment:
    """Nobody waits for it here. ``trouble`` is what kept an attempt to pay from working."""

    trouble: str = ""


@dataclass(frozen=True)
class Expired:
    """The session was not paid in time; nothing was charged."""


@dataclass(frozen=True)
class Cancelled:
    """The session was cancelled before it was paid."""


@dataclass(frozen=True)
class Failed:
    """It is paid, or being paid, and the broker says that it does not work out."""

    reason: str


@dataclass(frozen=True)
class Installing:
    """``percent`` over all who install."""

    percent: int


@dataclass(frozen=True)
class Installed:
    """``app_url`` is empty where no address of a site is told, or none that can be used."""

    app_url: str


Standing: TypeAlias = AwaitingPayment | Installing | Installed | Expired | Cancelled | Failed


def standing(order: Order) -> Standing:
    """What an order's words come to."""
    words = {order.payment, order.session}
    if ended := _ended(words):
        return Failed("the session ended though it is paid") if is_paid(order) else ended
    if order.session == "open" and order.payment not in PAID:
        return AwaitingPayment(order.error or _declined(order))
    if order.error:
        return Failed(f"the broker says: {order.error}")
    if words & BROKEN:
        return Failed("the broker says that the payment failed")
    if order.session != "complete":
        # Paid, and not closed yet, is nothing to ask anybody for.
        return Installing(0) if order.payment in PAID else AwaitingPayment()
    return _installation(order.vendors)


def _declined(order: Order) -> str:
    """An attempt to pay that failed is no end while the session is open: another may work."""
    return "the last attempt to pay failed" if order.payment in BROKEN else ""


def is_paid(order: Order) -> bool:
    return order.payment in PAID or order.session == "complete"


def _ended(words: set[str]) -> Expired | Cancelled | None:
    if words & _EXPIRED:
        return Expired()
    return Cancelled() if words & _CANCELLED else None


def _installation(vendors: tuple[Vendor, ...]) -> Installing | Installed | Failed:
    broken = [one for one in vendors if one.status in BROKEN | _CANCELLED]
    if broken:
        said = ", ".join(f"{one.kind or 'a part'} {one.status}" for one in broken)
        return Failed(f"the installation failed: {said}")
    done = sum(one.progress for one in vendors)
    if not vendors or any(one.progress < _DONE for one in vendors):
        return Installing(int(done / max(1, len(vendors))))
    launcher = launcher_of(vendors)
    return Installed(launcher.app_url if launcher else "")


def launcher_of(vendors: tuple[Vendor, ...]) -> Vendor | None:
    return next((one for one in vendors if one.kind == "launcher"), None)
