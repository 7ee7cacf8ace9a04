"""Buys a site: asks the broker, writes down what came of it, and never starts a second checkout.

The order of writing is what makes it safe to be cut anywhere: the wish is on the disk before a
checkout is asked for, its session before it is asked about, the token is kept before the end is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from typing_extensions import assert_never

from agentramp.errors import RefusedError, UsageError
from agentramp.progress import Progress, Silent
from agentramp.site.broker.port import (
    Broker,
    BrokerError,
    Known,
    Link,
    Order,
    PassingError,
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
from agentramp.site.session import Book, Ended, Finished, Intent, Open, Saved
from agentramp.site.standing import (
    AwaitingPayment,
    Cancelled,
    Expired,
    Failed,
    is_unfinished,
    standing,
)
from agentramp.site.telling import Steps, begin

Told = TypeVar("Told")

ATTEMPTS: Final = 4
PAUSE: Final = 1.0
"""Seconds before the second attempt at what may pass; twice as long before each further one."""


class UnsettledError(RefusedError):
    """Nobody knows whether there is a checkout that was not written down."""


@dataclass(frozen=True)
class Bought:
    """``fresh``: this run began the session; ``known``: it found the end on the disk."""

    end: End
    session: str
    payment_url: str = field(default="", repr=False)
    fresh: bool = False
    known: bool = False


@dataclass(frozen=True)
class Buyer:
    """``keep`` puts the new site's token away; ``messages`` is told to a payer, by language.

    ``show`` shows a person the page to pay on.

    ``clock`` tells seconds since 1970-01-01 UTC.
    """

    broker: Broker
    book: Book
    keep: Callable[[str, str], None] = field(repr=False)
    messages: Mapping[str, str]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    show: Callable[[str], None]
    progress: Progress = field(default_factory=Silent)
    limits: Limits = field(default_factory=Limits)

    def create(self, *, another: bool = False) -> Bought:
        """Go on with what is begun, else begin. Raises UnsettledError, BrokerError."""
        saved = self._saved()
        match saved:
            case Open() if not another:
                self.progress.say(f"going on with the checkout {saved.session} that is open")
                return self._follow(saved)
            case Intent() if not another:
                return self._follow(self._settled(saved))
            case Finished() if not another:
                return _finished(saved)
            case _:
                return self._begin(saved, another=another)

    def resume(self) -> Bought:
        """Go on with what is begun; raises UsageError where nothing is."""
        saved = self._saved()
        match saved:
            case Open():
                return self._follow(saved)
            case Intent():
                return self._follow(self._settled(saved))
            case Finished():
                return _finished(saved)
            case Ended(session=session, how=how):
                said = f"there is nothing to go on with: the checkout {session} was {how}"
            case None:
                said = "there is nothing to go on with: no site was begun here"
            case _:
                assert_never(saved)
        raise UsageError(said, advice="begin one with: agentramp site create")

    def adopt(self, session: str) -> Bought:
        """Go on with a session whose id was kept elsewhere; raises UsageError over another one."""
        saved = self._saved()
        if isinstance(saved, Finished) and saved.session == session:
            return _finished(saved)
        if isinstance(saved, Open | Finished) and saved.session != session:
            raise UsageError(
                f"another checkout is written down here: {saved.session}",
                advice="go on with it (agentramp site resume), or use another folder (--path)",
            )
        if isinstance(saved, Open):
            return self._follow(saved)
        link = self._surely(self.broker.link)
        self._surely(lambda: self.broker.order(link, session))  # nothing is written for a typo
        return self._follow(self._opened(session))

    def _saved(self) -> Saved | None:
        saved = self.book.read()
        if saved and saved.broker != self.broker.url and not isinstance(saved, Ended):
            raise UsageError(
                f"the site of this project was begun with another broker, {saved.broker}",
                advice=f"name it: --broker {saved.broker}",
            )
        return saved

    def _begin(self, saved: Saved | None, *, another: bool) -> Bought:
        link = self._surely(self.broker.link)
        found, before = self._last(link, another=another)
        if found and not another and self._is_unfinished(link, found, saved):
            self.progress.say(
                f"the broker has an unfinished checkout of this account, {found.id}: going on with"
                " it; --start-another begins a new one"
            )
            return self._follow(self._opened(found.id), found.payment_url)
        opened, url = self._started(link, before, saved)
        return self._follow(opened, url, fresh=True)

    def _last(self, link: Link, *, another: bool) -> tuple[Known | None, str | None]:
        """The last session of the account, and its id; None for an id where that is not told."""
        try:
            found = self._surely(lambda: self.broker.find(link, link.id))
        except BrokerError as error:
            if isinstance(error, PassingError) and not another:
                advice = "run it again, or begin without asking: --start-another"
                raise PassingError(error.message, advice=advice) from error
            self.progress.say(f"the broker tells of no earlier checkouts: {error.message}")
            return None, None
        return found, found.id if found else ""

    def _is_unfinished(self, link: Link, found: Known, saved: Saved | None) -> bool:
        """Whether it can still come to a site, and is of this account at all."""
        if saved is not None and not isinstance(saved, Intent) and saved.session == found.id:
            return False
        try:
            order = self._surely(lambda: self.broker.order(link, found.id))
        except PassingError:
            raise
        except BrokerError:
            return False
        return is_unfinished(order)

    def _started(self, link: Link, before: str | None, saved: Saved | None) -> tuple[Open, str]:
        """The session, and where to pay as far as that was told."""
        begin(self.progress)
        intent = Intent(self.broker.url, before, self.clock())
        self.book.write(intent)
        try:
            checkout = self.broker.start(link, self.messages)
        except PassingError as error:
            return self._settled(intent, error), ""
        except BrokerError:
            # A plain no: there is no session, so what was written before is true again.
            self.book.write(saved)
            raise
        return self._opened(checkout.id), checkout.payment_url

    def _settled(self, intent: Intent, error: BrokerError | None = None) -> Open:
        """The session that came of ``intent``, as the broker remembers it."""
        self.progress.say("a checkout was asked for, and its answer was lost: asking the broker")
        try:
            link = self._surely(self.broker.link)
            found = self._surely(lambda: self.broker.find(link, link.id))
        except BrokerError as trouble:
            raise _unsettled(f"the broker does not tell: {trouble.message}") from error
        if found is None:
            raise _unsettled("the broker knows of none") from error
        if intent.before is None:
            said = f"the broker tells of {found.id}, and may have done so before"
            raise _unsettled(said) from error
        if found.id == intent.before:
            said = f"the broker tells only of {found.id}, which was there before"
            raise _unsettled(said) from error
        self.progress.say(f"the broker has it: {found.id}")
        return self._opened(found.id)

    def _opened(self, session: str) -> Open:
        opened = Open(self.broker.url, session, self.clock())
        self.book.write(opened)
        return opened

    def _follow(self, saved: Open, payment_url: str = "", *, fresh: bool = False) -> Bought:
        link = self._surely(self.broker.link)
        payment_url = payment_url or payment_page(link, saved.session)
        steps = Steps(self.progress)
        shown = False
        watch, question = first(self.clock())
        while True:
            if question.pause:
                self.sleep(question.pause)
            heard = self._asked(link, saved.session, question)
            watch, following = decide(watch, heard, self.clock(), self.limits)
            steps.tell(watch)
            if not shown and _awaits(watch.order):
                self.show(payment_url)
                shown = True
            if not isinstance(following, AskOrder | AskApplication | AskDetail):
                self._written(saved, following)
                return Bought(following, saved.session, payment_url, fresh)
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
        match end:
            case Done(site=site):
                if site.token:
                    self.keep(site.url, site.token)
                plain = replace(site, token="")
                self.book.write(Finished(saved.broker, saved.session, plain, self.clock()))
            case Expired():
                self.book.write(Ended(saved.broker, saved.session, "expired", self.clock()))
            case Cancelled():
                self.book.write(Ended(saved.broker, saved.session, "cancelled", self.clock()))
            case AwaitingPayment() | Failed() | TimedOut() | Unknown():
                pass  # it is open still: what was paid for must not be bought again
            case _:
                assert_never(end)

    def _surely(self, ask: Callable[[], Told]) -> Told:
        """Asked again where that may help; what is asked changes nothing."""
        for attempt in range(ATTEMPTS - 1):
            try:
                return ask()
            except PassingError:  # noqa: PERF203 - a call over the network is what takes time
                self.sleep(PAUSE * 2**attempt)
        return ask()


def _awaits(order: Order | None) -> bool:
    return order is not None and isinstance(standing(order), AwaitingPayment)


def _finished(saved: Finished) -> Bought:
    return Bought(Done(saved.site), saved.session, known=True)


def payment_page(link: Link, session: str) -> str:
    """Where a person pays for a session."""
    return f"{link.api}/checkout/pay/{session}"


def _unsettled(found: str) -> UnsettledError:
    return UnsettledError(
        "a checkout was asked for, no answer came, and whether there is a session is not known:"
        f" {found}",
        advice="look at the orders on the broker's page; if there is one: agentramp site resume"
        " --session ID; if there is none: agentramp site create --start-another",
    )
