"""Buys a site: asks the broker, writes down what came of it, and never starts a second checkout.

The order of writing is what makes it safe to be cut anywhere: the wish is on the disk before a
checkout is asked for, its session before it is asked about, the token is kept before the end is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Final, TypeVar

from typing_extensions import assert_never

from agentramp.errors import UsageError
from agentramp.progress import Progress, Silent
from agentramp.site.broker.port import (
    Broker,
    BrokerError,
    Known,
    Link,
    Order,
    PassingError,
)
from agentramp.site.deadline import Deadline
from agentramp.site.earlier import (
    CannotTell,
    Clear,
    Dead,
    Earlier,
    Settled,
    Unfinished,
    clearance,
    told_of,
)
from agentramp.site.purchase import (
    AskApplication,
    AskDetail,
    AskOrder,
    Done,
    End,
    Heard,
    Limits,
    Question,
    TimedOut,
    Unknown,
    decide,
    first,
)
from agentramp.site.session import Book, Ended, Finished, Intent, Ledger, Open
from agentramp.site.shop import Bought, Shop, payment_page
from agentramp.site.standing import (
    AwaitingPayment,
    Cancelled,
    Expired,
    Failed,
    standing,
)
from agentramp.site.telling import Steps, begin
from agentramp.site.unsettled import not_begun, not_written, unsettled
from agentramp.site.ways import Ways

Told = TypeVar("Told")

ATTEMPTS: Final = 4
PAUSE: Final = 1.0
"""Seconds before the second attempt at what may pass; twice as long before each further one."""


@dataclass(frozen=True)
class Buyer:
    """``clock`` tells seconds since 1970-01-01 UTC, for what is written down.

    ``deadline`` bounds the whole of a run by a clock that nobody sets.
    """

    shop: Shop
    clock: Callable[[], float]
    deadline: Deadline
    sleep: Callable[[float], None]
    progress: Progress = field(default_factory=Silent)
    limits: Limits = field(default_factory=Limits)
    adopts: bool = True
    """Whether a site that the account has already is an end; another project's may not be one."""

    @property
    def broker(self) -> Broker:
        return self.shop.broker

    @property
    def book(self) -> Book:
        return self.shop.book

    @property
    def ways(self) -> Ways:
        return self.shop.ways

    def create(self, *, another: bool = False) -> Bought:
        """Go on with what is begun, else begin. Raises UnsettledError, BrokerError."""
        ledger = self._ledger()
        if another:
            return self._begin_another(ledger)
        match ledger.current:
            case None | Ended():
                return self._begin(ledger)
            case Open() as saved:
                self.progress.say(f"going on with the checkout {saved.session} that is open")
            case _:
                pass
        return self._go_on(ledger)

    def resume(self) -> Bought:
        """Go on with what is begun; raises UsageError where nothing is."""
        return self._go_on(self._ledger())

    def _go_on(self, ledger: Ledger) -> Bought:
        match found := ledger.current:
            case Open():
                return self._follow(found)
            case Intent():
                return self._follow(self._settled(found))
            case Finished():
                return self._finished(found)
            case Ended(session=session, how=how):
                said = f"there is nothing to go on with: the checkout {session} was {how}"
            case None:
                said = "there is nothing to go on with: no site was begun here"
            case _:
                assert_never(found)
        raise UsageError(said, advice=f"begin one with: {self.ways.begin}")

    def adopt(self, session: str) -> Bought:
        """Go on with a session whose id was kept elsewhere; raises UsageError over another one."""
        ledger = self._ledger()
        match ledger.of(session), ledger.current:
            case Finished() as saved, _:
                return self._finished(saved)
            case Open() as saved, _:
                return self._follow(saved)
            case None, Open(session=other) | Finished(session=other):
                raise UsageError(
                    f"another checkout is written down here: {other}",
                    advice=f"go on with it ({self.ways.of(other)}), or use another folder"
                    " (--project DIR)",
                )
            case _, current:
                link = self._surely(self.broker.link)
                # Nothing is written for a typo.
                self._surely(lambda: self.broker.order(link, session))
                wish = current if isinstance(current, Intent) else None
                return self._follow(self._opened(session, wish), link=link)

    def _ledger(self) -> Ledger:
        ledger = self.book.read()
        saved = ledger.current
        if saved and saved.broker != self.broker.url and not isinstance(saved, Ended):
            raise UsageError(
                f"the site of this project was begun with another broker, {saved.broker}",
                advice=f"name it: --broker {quote(saved.broker)}",
            )
        return ledger

    def _begin(self, ledger: Ledger) -> Bought:
        """The one way to a checkout that nobody asked for in so many words."""
        link = self._surely(self.broker.link)
        for ended in ledger.ended:
            again = self._told_of(link, ended.session) if ended.broker == self.broker.url else None
            if isinstance(again, Unfinished | Settled):
                self.progress.say(f"the checkout {ended.session} is not {ended.how} after all")
                return self._follow(self._opened(ended.session), link=link)
            if isinstance(again, CannotTell):
                raise not_begun(again, self.ways)
        earlier = self._earlier(link)
        clear = clearance(ledger, earlier)
        if clear is not None:
            return self._start(clear, link, ledger)
        if isinstance(earlier, Settled) and self.adopts:
            self.progress.say(
                f"this account has a site already, bought with the checkout {earlier.session};"
                " --start-another begins a new one"
            )
            return replace(self._follow(self._opened(earlier.session), link=link), known=True)
        raise not_begun(earlier, self.ways)

    def _begin_another(self, ledger: Ledger) -> Bought:
        """A person says so; what the broker tells only helps where the answer is lost."""
        link = self._surely(self.broker.link)
        try:
            found = self._surely(lambda: self.broker.find(link, link.id))
        except BrokerError as error:
            self.progress.say(f"the broker tells of no earlier checkouts: {error.message}")
            return self._start(Clear(None), link, ledger)
        return self._start(Clear(found.id if isinstance(found, Known) else ""), link, ledger)

    def _earlier(self, link: Link) -> Earlier:
        """The last checkout of the account."""
        try:
            found = self._surely(lambda: self.broker.find(link, link.id))
        except BrokerError as error:
            return CannotTell(error.message)
        return self._told_of(link, found.id) if isinstance(found, Known) else found

    def _told_of(self, link: Link, session: str) -> Dead | Unfinished | Settled | CannotTell:
        try:
            return told_of(session, self._surely(lambda: self.broker.order(link, session)))
        except BrokerError as error:
            return CannotTell(error.message, session)

    def _start(self, clear: Clear, link: Link, ledger: Ledger) -> Bought:
        if self.deadline.left() <= 0:
            raise PassingError("no checkout was begun: the time is over")
        begin(self.progress)
        intent = Intent(self.broker.url, clear.before, self.clock())
        self.book.write(ledger.wished(intent))
        try:
            checkout = self.broker.start(link, self.shop.messages)
        except PassingError as error:
            return self._follow(self._settled(intent, error), fresh=True, link=link)
        except BrokerError:
            # A plain no: there is no session, so what was written before is true again.
            self.book.write(ledger)
            raise
        page = checkout.payment_url or payment_page(link, checkout.id)
        try:
            opened = self._opened(checkout.id, intent)
        except UsageError as error:
            self.shop.show(page)
            raise not_written(error, checkout.id, page, self.ways) from error
        return self._follow(opened, page, fresh=True, link=link)

    def _settled(self, intent: Intent, error: BrokerError | None = None) -> Open:
        """The session that came of ``intent``, as the broker remembers it."""
        self.progress.say("a checkout was asked for, and its answer was lost: asking the broker")
        try:
            link = self._surely(self.broker.link)
            found = self._surely(lambda: self.broker.find(link, link.id))
        except BrokerError as trouble:
            raise unsettled(f"the broker does not tell: {trouble.message}", self.ways) from error
        if not isinstance(found, Known):
            raise unsettled("the broker knows of none", self.ways) from error
        if intent.before is None:
            said = f"the broker tells of {found.id}, and may have done so before"
            raise unsettled(said, self.ways) from error
        if found.id == intent.before or self.book.read().of(found.id):
            said = f"the broker tells only of {found.id}, which was there before"
            raise unsettled(said, self.ways) from error
        self.progress.say(f"the broker has it: {found.id}")
        return self._opened(found.id, intent)

    def _opened(self, session: str, wish: Intent | None = None) -> Open:
        opened = Open(self.broker.url, session, self.clock())
        self.book.write(self.book.read().told(opened, wish))
        return opened

    def _finished(self, saved: Finished) -> Bought:
        """A file may come from anybody: without a token of the site the broker is asked again."""
        if self.shop.kept(saved.site.url):
            return Bought(Done(saved.site), saved.session, known=True)
        opened = Open(saved.broker, saved.session, saved.at)
        return replace(self._follow(opened), known=True)

    def _follow(
        self, saved: Open, page: str = "", *, fresh: bool = False, link: Link | None = None
    ) -> Bought:
        if fresh and page:
            self.shop.show(page)  # before anything can go wrong: it is all there is of the purchase
        link = link or self._surely(self.broker.link)
        shown = fresh and bool(page)
        page = page or payment_page(link, saved.session)
        steps = Steps(self.progress)
        watch, question = first(self.deadline.timer())
        watch = replace(watch, began=self.deadline.ends - self.limits.whole)
        while True:
            if question.pause:
                self.sleep(question.pause)
            heard = self._asked(link, saved.session, question)
            watch, following = decide(watch, heard, self.deadline.timer(), self.limits)
            steps.tell(watch)
            if not shown and _awaits(watch.order):
                self.shop.show(page)
                shown = True
            if not isinstance(following, AskOrder | AskApplication | AskDetail):
                self._written(saved, following)
                return Bought(following, saved.session, page, fresh)
            question = following

    def _asked(self, link: Link, session: str, question: Question) -> Heard:
        try:
            match question:
                case AskOrder():
                    return self.broker.order(link, session)
                case AskApplication(url=url):
                    return self.broker.application(url)
                case AskDetail(owner_did=owner, app_did=app):
                    return self.broker.detail(link, session, owner, app)
                case _:
                    assert_never(question)
        except BrokerError as error:
            return error

    def _written(self, saved: Open, end: End) -> None:
        ledger = self.book.read()
        match end:
            case Done(site=site):
                if site.token:
                    self.shop.keep(saved.session, site)
                plain = replace(site, token="")
                told = Finished(saved.broker, saved.session, plain, self.clock())
                self.book.write(ledger.told(told))
            case Expired():
                ended = Ended(saved.broker, saved.session, "expired", self.clock())
                self.book.write(ledger.told(ended))
            case Cancelled():
                ended = Ended(saved.broker, saved.session, "cancelled", self.clock())
                self.book.write(ledger.told(ended))
            case AwaitingPayment() | Failed() | TimedOut() | Unknown():
                pass  # it is open still: what was paid for must not be bought again
            case _:
                assert_never(end)

    def _surely(self, ask: Callable[[], Told]) -> Told:
        """Asked again where that may help and time is left; what is asked changes nothing."""
        for attempt in range(ATTEMPTS - 1):
            try:
                return ask()
            except PassingError:  # noqa: PERF203 - a call over the network is what takes time
                pause = min(PAUSE * 2**attempt, self.deadline.left())
                if pause <= 0:
                    raise
                self.sleep(pause)
        return ask()


def _awaits(order: Order | None) -> bool:
    return order is not None and isinstance(standing(order), AwaitingPayment)
