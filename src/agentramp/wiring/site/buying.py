"""site create, resume and status: what a purchase came to, as an answer or as an error."""

import argparse
import json
from collections.abc import Callable
from typing import TypeAlias

from typing_extensions import assert_never

from agentramp.errors import Interrupted, RefusedError, UsageError
from agentramp.report.command_line import spelt
from agentramp.report.result import Answer
from agentramp.site import messages
from agentramp.site.broker.client import HttpBroker
from agentramp.site.broker.port import BrokerError, Order
from agentramp.site.deadline import Deadline
from agentramp.site.purchase import Done, Site, Step, TimedOut, Unknown
from agentramp.site.session import Ended, Finished, Intent, Open, Saved
from agentramp.site.shop import Bought, payment_page
from agentramp.site.standing import (
    AwaitingPayment,
    Cancelled,
    Expired,
    Failed,
    Installed,
    Installing,
    standing,
)
from agentramp.site.telling import TITLES
from agentramp.site.tokens import place
from agentramp.site.ways import Ways
from agentramp.wiring.context import Context
from agentramp.wiring.site import tokens
from agentramp.wiring.site.desk import Desk, Narrow
from agentramp.wiring.site.tokens import Browser

NOT_YET = 3
"""Exit code where what was asked for has not happened, and can still."""
_LOGIN = ("agentramp", "site", "login", "--site")
Act: TypeAlias = Callable[[], Bought]
Fields: TypeAlias = tuple[tuple[str, str], ...]


class SiteError(RefusedError):
    """There is no site, or not yet; what is known of its purchase is on the disk."""


def create(args: argparse.Namespace, context: Context, browser: Browser) -> Answer:
    desk = Desk(args, context, browser)
    with desk.book.held():
        return _ended(desk, lambda: desk.buyer().create(another=args.start_another))


def resume(args: argparse.Namespace, context: Context, browser: Browser) -> Answer:
    desk = Desk(args, context, browser)
    with desk.book.held():
        if args.session:
            return _ended(desk, lambda: desk.buyer().adopt(args.session))
        _check_begun(desk)
        return _ended(desk, lambda: desk.buyer().resume())


def _check_begun(desk: Desk) -> None:
    """Before anybody is asked for a token."""
    if desk.book.read().current is None:
        raise UsageError(
            "there is nothing to go on with: no site was begun here",
            advice=f"begin one with: {desk.ways.begin}; a session that was begun on another"
            " machine is taken up with --session ID",
        )


def _ended(desk: Desk, act: Act) -> Answer:
    try:
        bought = act()
    except BrokerError as error:
        advice = _state_of(desk)
        error.advice = f"{error.advice}; {advice}" if error.advice else advice
        raise
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; what was begun is written down",
            advice=f"nothing is bought twice: {_state_of(desk)}",
        ) from None
    return _answer(desk, bought)


def _state_of(desk: Desk) -> str:
    """What there is of a purchase, and how it is gone on with."""
    ways = desk.ways
    match desk.book.read().current:
        case None | Ended():
            return "no checkout was begun; run it again"
        case Intent():
            return f"whether a checkout was begun is not known; go on with: {ways.on()}"
        case Open(session=session):
            return f"the checkout {session} is written down; go on with: {ways.on(session)}"
        case Finished(session=session):
            return f"the checkout {session} came to a site; go on with: {ways.on(session)}"
        case other:
            assert_never(other)


def _answer(desk: Desk, bought: Bought) -> Answer:
    id_, go_on = bought.session, desk.ways.on(bought.session)
    match bought.end:
        case Done(site=site):
            return _done(desk, bought, site)
        case AwaitingPayment():
            return _awaiting(desk, bought)
        case Expired():
            said = f"the checkout {id_} expired before it was paid; nothing was charged"
            raise SiteError(said, advice=f"begin a new one: {desk.ways.begin}")
        case Cancelled():
            said = f"the checkout {id_} was cancelled before it was paid"
            raise SiteError(said, advice=f"begin a new one: {desk.ways.begin}")
        case Failed(reason=reason):
            raise SiteError(
                f"the checkout {id_} failed: {reason}",
                advice="it is not bought anew by itself: ask the broker's support with this id,"
                f" then go on with {go_on}",
            )
        case TimedOut() as late:
            raise _timed_out(bought, late, go_on)
        case Unknown(reason=reason, advice=advice):
            raise SiteError(
                f"how the checkout {id_} stands cannot be told: {reason}",
                advice=f"{advice + '; ' if advice else ''}then go on with {go_on}",
            )
        case other:
            assert_never(other)


def _timed_out(bought: Bought, late: TimedOut, go_on: str) -> SiteError:
    trouble = f" ({late.trouble})" if late.trouble else ""
    what = TITLES[late.step]
    said = f"the checkout {bought.session}: {what} took longer than {late.seconds:g} s{trouble}"
    pay = f"pay at {bought.payment_url}, then " if late.step is Step.PAYMENT else ""
    return SiteError(said, advice=f"{pay}go on with {go_on}; --step-timeout waits longer")


def _done(desk: Desk, bought: Bought, site: Site) -> Answer:
    language = messages.language(desk.args.language, desk.context.environ, site.locale)
    lines = [
        f"{name:<13} {url}"
        for name, url in (
            ("home", site.home_url),
            ("dashboard", site.dashboard_url),
            ("subscription", site.subscription_url),
        )
        if url
    ]
    if not (site.token or bought.known):
        lines += ["the broker gave no token for it:", f"  {spelt([*_LOGIN, site.url])}"]
    state = _fields("done", bought.session, site=site)
    return Answer(
        f"site {desk.args.action}",
        messages.ready(language, site.url),
        tuple(lines),
        state,
        changed=not bought.known,
        next=_publish(site),
    )


def _publish(site: Site) -> str:
    return spelt(["agentramp", "site", "publish", "--site", site.url])


def _awaiting(desk: Desk, bought: Bought) -> Answer:
    """Its exit code is 0 only where nothing more than a link was asked for."""
    return Answer(
        f"site {desk.args.action}",
        f"the checkout {bought.session} waits for its payment",
        (f"pay here: {bought.payment_url}",),
        _fields("awaiting-payment", bought.session, bought.payment_url),
        changed=bought.fresh,
        next=desk.ways.on(bought.session),
        exit_code=0 if desk.args.no_wait else NOT_YET,
    )


def status(args: argparse.Namespace, context: Context, browser: Browser) -> Answer:
    """What the disk says, and where the purchase is still open what the broker says now."""
    desk = Desk(args, context, browser)
    ledger = desk.book.read()
    saved = ledger.current
    said, fields, follows = _on_disk(saved, desk.ways)
    lines: tuple[str, ...] = ()
    code = 0
    if isinstance(saved, Open):
        lines, fields, code = _now(desk, saved)
    for one in ledger.unsettled:
        lines += _besides(one, desk) if one is not saved else ()
    return Answer("site status", said, lines, fields, next=follows, exit_code=code)


def _besides(one: Intent | Open, desk: Desk) -> tuple[str, ...]:
    fitted = Narrow(desk.context.console).fitted
    if isinstance(one, Intent):
        return fitted(f"besides, a checkout was asked of {one.broker}, and its answer was lost")
    said = f"besides, the checkout {one.session} may hold money:"
    return (*fitted(said), f"  {desk.ways.of(one.session)}")


def _on_disk(saved: Saved | None, ways: Ways) -> tuple[str, Fields, str | None]:
    match saved:
        case None:
            return "no site was begun here", _fields("none", ""), ways.begin
        case Intent(broker=broker):
            said = f"a checkout was asked of {broker}, and its answer was lost"
            return said, _fields("unknown", ""), ways.on()
        case Open(session=session, broker=broker):
            said = f"the checkout {session} of {broker} is open"
            return said, _fields("open", session), ways.on(session)
        case Ended(session=session, how=how):
            said = f"the checkout {session} was {how}; nothing was charged"
            return said, _fields(how, session), ways.begin
        case Finished(session=session, site=site):
            said = f"the site is {site.url}"
            return said, _fields("done", session, site=site), _publish(site)
        case _:
            assert_never(saved)


def _now(desk: Desk, saved: Open) -> tuple[tuple[str, ...], Fields, int]:
    """Where the broker cannot be asked, that is said, and is no success."""
    fitted = Narrow(desk.context.console).fitted
    url = saved.broker  # whoever else may be asked for knows nothing of this session
    token = tokens.found(desk.args, desk.context, url)
    known = _fields("open", saved.session)
    if token is None:
        said = f"the broker was not asked: there is no token for {place(url)}"
        return fitted(said), known, NOT_YET
    seconds = desk.args.timeout or desk.args.step_timeout
    broker = HttpBroker(url, token, left=Deadline.of(desk.context.timer, seconds).left)
    try:
        link = broker.link()
        order = broker.order(link, saved.session)
    except BrokerError as error:
        return fitted(f"the broker does not tell: {error.message}"), known, NOT_YET
    state, line = _says(order)
    page = payment_page(link, saved.session) if state == "awaiting-payment" else ""
    pay = (f"pay here: {page}",) if page else ()
    return (*fitted(f"the broker says: {line}"), *pay), _fields(state, saved.session, page), 0


def _says(order: Order) -> tuple[str, str]:
    match found := standing(order):
        case AwaitingPayment():
            return "awaiting-payment", "it waits for its payment"
        case Installing(percent=percent):
            return "installing", f"it is being installed, {percent} %"
        case Installed():
            return "starting", "it is installed, and starts"
        case Expired():
            return "expired", "it expired before it was paid"
        case Cancelled():
            return "cancelled", "it was cancelled before it was paid"
        case Failed(reason=reason):
            return "failed", reason
        case _:
            assert_never(found)


def _fields(state: str, session: str, payment_url: str = "", site: Site | None = None) -> Fields:
    """A hold, in the word that a workflow's steps look at, where somebody has to pay first."""
    known: dict[str, str | None] = {
        "state": state,
        "session": session or None,
        "payment_url": payment_url or None,
        "url": site.url if site else None,
        "home_url": site.home_url if site else None,
        "dashboard_url": site.dashboard_url if site else None,
        "subscription_url": site.subscription_url if site else None,
    }
    if state == "awaiting-payment":
        known["verdict"] = "hold"
    return tuple((name, json.dumps(value, ensure_ascii=False)) for name, value in known.items())
