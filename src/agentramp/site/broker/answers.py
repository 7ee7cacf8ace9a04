"""The broker's JSON as nouns. What is missing or of another kind raises UnreadableError."""

import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final
from urllib.parse import urlsplit

from agentramp.errors import UsageError
from agentramp.exchange import check_address
from agentramp.site.broker.port import (
    Application,
    Checkout,
    Detail,
    Known,
    NoSession,
    Order,
    UnreadableError,
    Vendor,
    is_session,
)

PAYMENT_KIT: Final = "z2qaCNvKMv5GjouKdcDWexv6WqtHbpNPQDnAk"
LINK_KEY: Final = "PAYMENT_LINK_ID"
_LONGEST: Final = 2000
_LONGEST_REASON: Final = 500
_MOUNT: Final = re.compile(r"[A-Za-z0-9._~/-]*")
"""A path that can be shown, opened and asked as it is."""
_NOTHING: Final = frozenset({"", "null", "undefined"})
"""What stands in an address where a value was not known."""
_IN_NO_ADDRESS: Final = frozenset(" \\<>\"'`{}|^")
Said = Mapping[str, Any]


def is_object(content: bytes) -> bool:
    return isinstance(_loaded(content), dict)


def _loaded(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def document(content: bytes, what: str) -> Said:
    said = _loaded(content)
    if not isinstance(said, dict):
        raise UnreadableError(f"{what} is answered with no JSON object", advice=_USUAL)
    return said


_USUAL: Final = "usual cause: something between answers in its place, or another address is meant"


def link_id(said: Said) -> str:
    return _text(said.get(LINK_KEY))


def mount_point(said: Said, *, strict: bool) -> str:
    """Where the payment component hangs; the first one's place unless ``strict``."""
    mounts = _objects(said.get("componentMountPoints"))
    kit = next((one for one in mounts if PAYMENT_KIT in {one.get("did"), one.get("appId")}), None)
    if kit is None and mounts and not strict:
        kit = mounts[0]
    place = _text(kit.get("mountPoint")) if kit else ""
    if not _MOUNT.fullmatch(place) or ".." in place:
        raise UnreadableError("the broker's payment component hangs at no path", advice=_USUAL)
    return place


def checkout(said: Said) -> Checkout:
    session = said.get("checkoutSession")
    found = _id(session.get("id")) if isinstance(session, dict) else ""
    if not found:
        raise UnreadableError("the broker's answer names no checkout session", advice=_USUAL)
    return Checkout(found, address(said.get("paymentUrl")))


def known(said: Said) -> Known | NoSession:
    """NoSession for an explicit null alone: what names no session says nothing about any."""
    session = said.get("checkoutSession", _NOTHING)
    if session is None:
        return NoSession()
    if not isinstance(session, dict) or not (found := _id(session.get("id"))):
        raise UnreadableError("the broker's answer names no checkout session", advice=_USUAL)
    return Known(found)


def order(said: Said) -> Order:
    payment, session = _word(said.get("payment_status")), _word(said.get("session_status"))
    error = said.get("error")
    if not (payment or session or error):
        raise UnreadableError("the broker's answer tells no status of the order", advice=_USUAL)
    return Order(payment, session, _vendors(said), _reason(error))


def application(said: Said) -> Application:
    mounts = _objects(said.get("componentMountPoints"))
    return Application(
        _text(said.get("appId")),
        _text(said.get("ownerDid")),
        _word(said.get("status")),
        tuple((_text(one.get("mountPoint")), _word(one.get("status"))) for one in mounts),
    )


def detail(said: Said) -> Detail:
    if "vendors" not in said:
        raise UnreadableError("the broker's answer names no vendors", advice=_USUAL)
    data = said.get("data")
    locale = data.get("preferredLocale") if isinstance(data, dict) else None
    return Detail(_vendors(said), address(said.get("subscriptionUrl")), _word(locale))


def address(value: object) -> str:
    """An address that a person may follow: https, or this machine, without a login; or nothing."""
    text = _text(value)
    if set(text) & _IN_NO_ADDRESS:
        return ""
    try:
        check_address(text, "it")
        return text if "@" not in urlsplit(text).netloc else ""
    except (UsageError, ValueError):
        return ""


def _vendors(said: Said) -> tuple[Vendor, ...]:
    return tuple(_vendor(one) for one in _objects(said.get("vendors")))


def _vendor(said: Said) -> Vendor:
    return Vendor(
        _word(said.get("vendorType")),
        _word(said.get("status")),
        _percent(said.get("progress")),
        address(said.get("appUrl")),
        address(said.get("homeUrl")),
        address(said.get("dashboardUrl")),
        _text(said.get("token")),
    )


def _objects(value: object) -> Sequence[Said]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _percent(value: object) -> float:
    """A number, or nothing done yet."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    if isinstance(value, float) and not isfinite(value):
        return 0.0
    return float(min(100, max(0, value)))  # an int may be larger than any float


def _reason(error: object) -> str:
    if isinstance(error, dict):
        error = error.get("message") or json.dumps(error)
    if not isinstance(error, str):
        return "it gives no reason" if error else ""
    return "" if error.strip().lower() in _NOTHING else _shown(error)[:_LONGEST_REASON]


def _shown(text: str) -> str:
    """One line, whose escapes are seen and do not act."""
    spelt = (char if char.isprintable() else ascii(char)[1:-1] for char in " ".join(text.split()))
    return "".join(spelt)


def _id(value: object) -> str:
    """Such as stands in a path; anything else is none."""
    text = _text(value)
    return text if is_session(text) else ""


def _text(value: object) -> str:
    """Such as can be shown: what a broker says stands in messages and in a workflow's log."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return ""
    text = value.strip()
    return text if text.isprintable() and text.lower() not in _NOTHING else ""


def _word(value: object) -> str:
    return _text(value).lower()
