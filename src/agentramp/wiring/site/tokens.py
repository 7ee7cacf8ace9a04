"""Which token goes to a site: the environment's, the kept one, or that of a person who signs in."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agentramp.credentials.ring import SECONDS, system_ring
from agentramp.credentials.secret_file import PATIENCE
from agentramp.errors import UsageError
from agentramp.report.command_line import spelt
from agentramp.report.result import Answer
from agentramp.site.signin import Desk
from agentramp.site.tokens import Keeper, Token, of_environment, place
from agentramp.wiring.context import Context
from agentramp.wiring.site.browsing import opened

OFFICIAL = "https://docsmith.aigne.io"
"""Where the vendor's free pages are, and where sites are sold."""


@dataclass(frozen=True)
class Browser:
    """``opened`` shows a page where a person sits at a screen; it may say that it could not."""

    opened: Callable[[str], bool] = opened


def keeper(context: Context, seconds: float = SECONDS) -> Keeper:
    """``seconds`` bound how long others are waited for: another run, the keyring."""
    home = context.environ.get("HOME")
    return Keeper(
        context.home / "site-tokens.json",
        lambda: system_ring(seconds),
        Path(home) if home else None,
        min(seconds, PATIENCE),
    )


def found(args: argparse.Namespace, context: Context, url: str) -> Token | None:
    """For ``url``, if there is one; it is masked already."""
    token = of_environment(context.environ, _asked(args, context))
    if token is None or token.place != place(url):
        token = keeper(context).find(url)
    if token is not None:
        context.mask(token.sent_to(url))
    return token


@dataclass(frozen=True)
class Named:
    """Who is named, by which file, and the option that would name it in words."""

    who: str
    file: str
    option: str


def check_known(args: argparse.Namespace, context: Context, url: str, named: Named) -> None:
    """Raises UsageError for whom a file alone names: such a file may come from anybody.

    The vendor's own place is known, and so is one that a token is kept of.
    """
    if place(url) == place(OFFICIAL) or found(args, context, url) is not None:
        return
    raise UsageError(
        f"{named.who} is named by {named.file} alone, and no token of it is kept here",
        advice=f"if you know it: {spelt([named.option, url])}",
    )


def _asked(args: argparse.Namespace, context: Context) -> str:
    """The address that somebody asked for in words: what a project's file says is no such."""
    if args.official:
        return OFFICIAL
    return str(args.site or args.broker or context.environ.get("DOC_SMITH_BASE_URL") or OFFICIAL)


def needed(args: argparse.Namespace, context: Context, url: str, browser: Browser) -> Token:
    """As ``found``; a person at a terminal is asked to sign in. Raises UsageError elsewhere."""
    token = found(args, context, url)
    if token is not None:
        return token
    if not context.console.terminal:
        raise UsageError(
            f"there is no token for {place(url)}",
            advice="set DOC_SMITH_PUBLISH_ACCESS_TOKEN (from a secret), and DOC_SMITH_PUBLISH_URL"
            " to the site it is for, or keep one: agentramp site login --site URL --from-stdin",
        )
    return signed_in(args, context, url, browser)


def signed_in(args: argparse.Namespace, context: Context, url: str, browser: Browser) -> Token:
    def show(page: str) -> None:
        context.console.say(f"sign in here: {page}")
        if not args.no_browser:
            browser.opened(page)

    roles = "" if place(url) == place(OFFICIAL) else "owner,admin"
    desk = Desk(url, show, context.timer, context.sleep, roles, args.language or "en")
    token = desk.sign_in()
    context.mask(token.sent_to(url))
    keeper(context).keep(token, in_file=args.file)
    return token


def login(args: argparse.Namespace, context: Context, browser: Browser) -> Answer:
    url = _site(args)
    if args.from_stdin:
        token = Token.of(url, context.stdin().read(65536).decode(errors="replace"))
        context.mask(token.sent_to(url))
        kept = keeper(context).keep(token, in_file=args.file)
        return _told("login", url, f"the token of {token.place} is kept ({kept})", changed=True)
    if not context.console.terminal:
        raise UsageError(
            "there is no terminal to sign in on",
            advice="give the token on standard input: agentramp site login --site URL --from-stdin",
        )
    token = signed_in(args, context, url, browser)
    return _told("login", url, f"signed in to {token.place}", changed=True)


def logout(args: argparse.Namespace, context: Context) -> Answer:
    url = _site(args)
    was = keeper(context).forget(url)
    said = "is forgotten" if was else "was not kept"
    return _told("logout", url, f"the token of {place(url)} {said}", changed=was)


def _site(args: argparse.Namespace) -> str:
    if not args.site:
        raise UsageError(f"{args.action} needs a site", advice="name it: --site https://…")
    return str(args.site)


def _told(action: str, url: str, said: str, *, changed: bool) -> Answer:
    return Answer(f"site {action}", said, (), (("place", f'"{place(url)}"'),), changed=changed)
