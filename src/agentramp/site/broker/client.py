"""The payment broker over HTTP, as @blocklet/payment-broker-client 1.29.15 speaks to it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final
from urllib.parse import quote, urlencode

from agentramp.errors import UsageError
from agentramp.exchange import ExchangeError, Letter, Reply, check_address, get, host, post
from agentramp.site.broker import answers
from agentramp.site.broker.port import (
    Application,
    BrokerError,
    Checkout,
    Detail,
    Known,
    Link,
    NoSession,
    Order,
    OverError,
    PassingError,
    UnreadableError,
)
from agentramp.site.tokens import Token

TIMEOUT: Final = 30.0
MOST_BYTES: Final = 2 * 1024 * 1024
_SELF: Final = "__blocklet__.js?type=json"
_OK: Final = range(200, 300)
_MISSING: Final = 404
_PASSING: Final = frozenset({408, 425, 429})
_FAILING: Final = 500
_DENIED: Final = frozenset({401, 403})


@dataclass(frozen=True)
class HttpBroker:
    """``timeout`` is in seconds, for each call; ``left`` is what all of them have yet.

    The token goes to its own host alone.
    """

    url: str
    token: Token
    timeout: float = TIMEOUT
    left: Callable[[], float] = field(default=lambda: inf, repr=False)

    def link(self) -> Link:
        """The broker tells its payment link itself, else the payment component in it does."""
        said = self._described(self.url)
        id_ = answers.link_id(said)
        if not id_:
            place = answers.mount_point(said, strict=False)
            said = self._described(_joined(self.url, place))
            id_ = answers.link_id(said)
        if not id_:
            raise BrokerError(
                f"{host(self.url)} sells no site: it names no {answers.LINK_KEY}",
                advice="check the address of the broker (--broker, DOC_SMITH_BASE_URL)",
            )
        return Link(id_, _joined(self.url, answers.mount_point(said, strict=True)))

    def start(self, link: Link, messages: Mapping[str, str]) -> Checkout:
        info = {"has_vendor": True, "success_message": dict(messages)}
        content = {"needShortUrl": True, "metadata": {"page_info": info}}
        url = _joined(link.api, f"api/checkout-sessions/start/{_part(link.id)}")
        letter = Letter(url, json.dumps(content, ensure_ascii=False).encode())
        return answers.checkout(self._told(letter, "the start of a checkout"))

    def find(self, link: Link, id_: str) -> Known | NoSession:
        path = f"api/checkout-sessions/broker-status/{_part(id_)}?needShortUrl=true"
        letter, what = Letter(_joined(link.api, path), b"", method="GET"), "its checkouts"
        reply = self._sent(letter, what)
        if reply.status == _MISSING and answers.is_object(reply.content):
            # No source says how the broker tells that there is none: null, or this. A page of HTML
            # comes from something in between.
            return NoSession()
        return answers.known(_said(letter, reply, what))

    def order(self, link: Link, session: str) -> Order:
        url = _joined(link.api, f"api/vendors/order/{_part(session)}/status")
        return answers.order(self._told(Letter(url, b"", method="GET"), "the order's status"))

    def application(self, url: str) -> Application:
        _check_site(url)
        letter = Letter(_joined(url, f"{_SELF}&noCache=1&owner=1"), b"")
        try:
            reply = get(letter, timeout=self._seconds(), most=MOST_BYTES)
        except ExchangeError as error:
            raise PassingError(error.message, advice=error.advice) from error
        if reply.status not in _OK:
            # A site that is not there yet may well be answered for by somebody else.
            raise PassingError(f"{host(url)} answers {reply.status}")
        return answers.application(_said(letter, reply, "the new site"))

    def detail(self, link: Link, session: str, owner_did: str, app_did: str) -> Detail:
        asked = {"shortUrl": "true", "ownerDid": owner_did, "appDid": app_did}
        path = f"api/vendors/order/{_part(session)}/detail?{urlencode(asked)}"
        letter = Letter(_joined(link.api, path), b"", method="GET")
        return answers.detail(self._told(letter, "the order's detail"))

    def _described(self, url: str) -> answers.Said:
        """What a blocklet says of itself to anybody: no token goes with it."""
        letter = Letter(_joined(url, _SELF), b"", method="GET")
        try:
            reply = get(letter, timeout=self._seconds(), most=MOST_BYTES)
        except ExchangeError as error:
            raise PassingError(error.message, advice=error.advice) from error
        return _said(letter, reply, "the broker's description")

    def _seconds(self) -> float:
        """Raises OverError where no time is left to ask in."""
        seconds = min(self.timeout, self.left())
        if seconds <= 0:
            raise OverError(f"{host(self.url)} was not asked: the time is over")
        return round(seconds, 1) or seconds  # it is told

    def _told(self, letter: Letter, what: str) -> answers.Said:
        return _said(letter, self._sent(letter, what), what)

    def _sent(self, letter: Letter, what: str) -> Reply:
        secret = self.token.sent_to(letter.url)
        letter = Letter(letter.url, letter.content, token=secret, method=letter.method)
        try:
            return post(letter, timeout=self._seconds(), most=MOST_BYTES)
        except ExchangeError as error:
            raise PassingError(f"{error.message} ({what})", advice=error.advice) from error


def _said(letter: Letter, reply: Reply, what: str) -> answers.Said:
    name = host(letter.url)
    if reply.status in _OK:
        return answers.document(reply.content, f"{what} of {name}")
    if reply.status >= _FAILING or reply.status in _PASSING:
        raise PassingError(f"{name} answers {reply.status} when asked for {what}")
    if reply.status < _OK.start or reply.status in range(300, 400):
        raise UnreadableError(
            f"{name} answers {reply.status} when asked for {what}: redirects are not followed,"
            " since a token stays with its host",
            advice="name the address that it leads to",
        )
    raise BrokerError(_refused(name, reply.status, what), advice=_advice(reply.status))


def _refused(name: str, status: int, what: str) -> str:
    if status == _MISSING:
        return f"{name} finds nothing when asked for {what} (404)"
    return f"{name} refuses {what} ({status})"


def _advice(status: int) -> str:
    if status in _DENIED:
        return "the token is not, or no longer, good there: agentramp site login --site URL"
    if status == _MISSING:
        return "check the address of the broker, and whether the session is of this account"
    return "look at the broker's own page"


def _check_site(url: str) -> None:
    """A broker that names a site elsewhere than on https is not believed."""
    try:
        check_address(url, "the new site")
    except UsageError as error:
        raise UnreadableError(str(error), advice="ask the broker's support") from error


def _joined(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path.strip("/") else base.rstrip("/")


def _part(id_: str) -> str:
    """As one part of a path, whatever is in it."""
    return quote(id_, safe="")
