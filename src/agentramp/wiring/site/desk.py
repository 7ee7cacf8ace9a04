"""Who sells the site of a project, with what it is asked, and where what was paid for is kept."""

import argparse
from dataclasses import dataclass

from agentramp.errors import UsageError
from agentramp.exchange import host
from agentramp.report.command_line import spelt
from agentramp.site import messages
from agentramp.site.broker.client import HttpBroker
from agentramp.site.buying import Buyer
from agentramp.site.deadline import Deadline
from agentramp.site.purchase import Limits, Site
from agentramp.site.session import FileBook, Saved
from agentramp.site.shop import Shop
from agentramp.site.tokens import Token, place
from agentramp.wiring.context import Context
from agentramp.wiring.site import tokens
from agentramp.wiring.site.tokens import OFFICIAL, Browser


@dataclass(frozen=True)
class Desk:
    args: argparse.Namespace
    context: Context
    browser: Browser

    @property
    def book(self) -> FileBook:
        return FileBook(self.context.cwd / self.args.project / ".agentramp")

    def asked_url(self) -> str | None:
        return self.args.broker or self.context.environ.get("DOC_SMITH_BASE_URL") or None

    def broker_url(self, saved: Saved | None) -> str:
        """Asked for, else the environment's, else the one that the purchase is with.

        A project's file may come from anybody, so whom it alone names is not followed.
        """
        url = str(self.asked_url() or (saved.broker if saved else OFFICIAL)).rstrip("/")
        where = place(url)  # whoever it is will be sent a token
        if self.asked_url() or where == place(OFFICIAL):
            return url
        if tokens.keeper(self.context).find(url) is None:
            raise UsageError(
                f"the broker {where} is named by {self.book.path.name} alone, and no token of it"
                " is kept here",
                advice=f"if you know it: {spelt(['--broker', url])}",
            )
        return url

    @property
    def waits_for_payment(self) -> bool:
        """A person who is at a terminal pays at once; elsewhere nobody does."""
        return bool(self.args.wait or (not self.args.no_wait and self.context.console.terminal))

    def buyer(self) -> Buyer:
        limits = Limits(
            self.args.step_timeout,
            self.args.timeout or 4 * self.args.step_timeout,
            self.waits_for_payment,
        )
        url = self.broker_url(self.book.read().current)
        token = tokens.needed(self.args, self.context, url, self.browser)
        deadline = Deadline.of(self.context.timer, limits.whole)
        till = Till(self.args, self.context, self.browser, url, deadline)
        shop = Shop(
            HttpBroker(url, token, left=deadline.left),
            self.book,
            till.keep,
            till.kept,
            till.show,
            messages.ON_PAGE,
        )
        return Buyer(
            shop,
            self.context.clock,
            deadline,
            self.context.sleep,
            self.context.console,
            limits,
            adopts=self.args.action != "publish",
        )


@dataclass(frozen=True)
class Till:
    """Shows where to pay, and keeps what was paid for."""

    args: argparse.Namespace
    context: Context
    browser: Browser
    broker: str
    deadline: Deadline

    def show(self, url: str) -> None:
        elsewhere = "" if host(url) == host(self.broker) else f" (on {host(url)}, says the broker)"
        self.context.console.say(f"pay here: {url}{elsewhere}")
        if self.context.console.terminal and not self.args.no_browser:
            self.browser.opened(url)

    def kept(self, url: str) -> bool:
        return tokens.keeper(self.context).find(url) is not None

    def keep(self, session: str, site: Site) -> None:
        """A token that somebody kept for the same place is not lost to what a broker names."""
        self.context.mask(site.token)
        say = self.context.console.say
        keeper = tokens.keeper(self.context, max(1.0, self.deadline.left()))
        try:
            token = Token.of(site.url, site.token)
        except UsageError as error:
            say(f"warning: the new site's token is not kept: {error.message}")
            return
        if not keeper.keep_bought(token, f"{self.broker} {session}", in_file=self.args.file):
            say(
                f"warning: the new site's token is not kept: there is one of {token.place} already"
                " (agentramp site logout forgets it)"
            )
