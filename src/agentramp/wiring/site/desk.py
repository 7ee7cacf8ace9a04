"""Who sells the site of a project, with what it is asked, and where what was paid for is kept."""

import argparse
from dataclasses import dataclass
from typing import Final

from agentramp.errors import UsageError
from agentramp.exchange import host
from agentramp.report.command_line import spelt
from agentramp.report.console import Console
from agentramp.report.plain import wrapped
from agentramp.site import messages
from agentramp.site.broker.client import HttpBroker
from agentramp.site.buying import Buyer
from agentramp.site.deadline import Deadline
from agentramp.site.purchase import Limits, Site
from agentramp.site.session import FileBook, Saved
from agentramp.site.shop import Shop
from agentramp.site.tokens import Token, place
from agentramp.site.ways import Ways
from agentramp.wiring.context import Context
from agentramp.wiring.site import tokens
from agentramp.wiring.site.tokens import OFFICIAL, Browser

_ROOM: Final = 78
"""Columns of a terminal that a console leaves for what is said."""
_SAID: Final = ("board", "title", "description")


@dataclass(frozen=True)
class Narrow:
    """A person's terminal gets lines that fit; a log's stay whole."""

    console: Console

    def say(self, line: str) -> None:
        for part in self.fitted(line):
            self.console.say(part)

    def fitted(self, line: str) -> tuple[str, ...]:
        return tuple(wrapped(line, _ROOM)) if self.console.terminal else (line,)

    def advance(self, title: str, done: int, total: int) -> None:
        self.console.advance(title, done, total)


def publication(args: argparse.Namespace, way: str) -> list[str]:
    """The words of a ``publish`` like this one that makes its site in another way."""
    folder = [] if args.folder == "." else [args.folder]
    said = [(f"--{name}", getattr(args, name)) for name in _SAID]
    return ["publish", *folder, way, *(word for pair in said if pair[1] for word in pair)]


def _site(words: list[str]) -> str:
    return spelt(["agentramp", "site", *words])


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
        if not self.asked_url():
            named = tokens.Named(f"the broker {where}", self.book.path.name, "--broker")
            tokens.check_known(self.args, self.context, url, named)
        return url

    @property
    def ways(self) -> Ways:
        """In this command's own form; another runner has a fresh folder, and must be told all."""
        args, environ = self.args, self.context.environ
        elsewhere = bool(environ.get("CI") or environ.get("GITHUB_ACTIONS"))
        broker = self.asked_url() if elsewhere else args.broker
        more = ["--project", args.project] if args.project != "." else []
        if broker and place(broker) != place(OFFICIAL):
            more += ["--broker", broker]
        begin, resume = ["create"], ["resume"]
        if args.action == "publish":
            begin, resume = publication(args, "--new"), publication(args, "--resume")
        return Ways(_site([*begin, *more]), _site([*resume, *more]), elsewhere)

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
            self.ways,
        )
        return Buyer(
            shop,
            self.context.clock,
            deadline,
            self.context.sleep,
            Narrow(self.context.console),
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
        say = self.context.console.say
        if host(url) != host(self.broker):
            say(f"the broker takes payments on {host(url)}")
        say(f"pay here: {url}")
        if self.context.console.terminal and not self.args.no_browser:
            self.browser.opened(url)

    def kept(self, url: str) -> bool:
        return tokens.keeper(self.context).find(url) is not None

    def keep(self, session: str, site: Site) -> None:
        """A token that somebody kept for the same place is not lost to what a broker names."""
        self.context.mask(site.token)
        say = Narrow(self.context.console).say
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
