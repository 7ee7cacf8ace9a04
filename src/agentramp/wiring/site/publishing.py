"""Publishing a folder of Markdown: which site, which board, and what came of it."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentramp.errors import UsageError
from agentramp.report.result import Answer
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.site import buying, tokens
from agentramp.wiring.site.tokens import OFFICIAL, Browser

if TYPE_CHECKING:  # loaded where it is used: most verbs publish nothing
    from agentramp.site.kit.choosing import Aim
    from agentramp.site.kit.mounts import Mounts
    from agentramp.site.media.upload import Uploads
    from agentramp.site.pages.document import Collection
    from agentramp.site.published import Published, PublishedAt
    from agentramp.site.publishing import Outcome
    from agentramp.site.tokens import Token

VERB = "site publish"
MEMORY = Path(".agentramp", "site-published.json")
_SHOWN = 10
_WAYS = "--official, --site URL, --new or --resume"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", default=".", help="for publish: the Markdown pages (default: here)"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--official", action="store_true", help=f"publish to {OFFICIAL}")
    where.add_argument("--site", metavar="URL", help="publish to a site that has Discuss Kit")
    where.add_argument("--new", action="store_true", help="make a site first, then publish to it")
    where.add_argument(
        "--resume", action="store_true", help="go on with making a site, then publish to it"
    )
    parser.add_argument("--board", metavar="ID", help="the board to write to (default: by title)")
    parser.add_argument(
        "--title",
        metavar="TEXT",
        help="the board's title (default: the name of the folder that this runs in)",
    )
    parser.add_argument("--description", metavar="TEXT", help="what the board says it is about")
    parser.add_argument(
        "--force", action="store_true", help="send the pages even where they are there already"
    )
    arguments.add_dry_run(parser)


def publish(args: argparse.Namespace, context: Context, browser: Browser | None = None) -> Answer:
    """Everything is read before anything is bought or sent: a fault stops all of it."""
    from agentramp.site.pages.read import read  # noqa: PLC0415 - most verbs publish nothing
    from agentramp.site.published import Published  # noqa: PLC0415 - as above

    folder = context.cwd / args.folder
    published = Published(context.cwd / MEMORY)
    name = _name(folder, context.cwd)
    filed = _filed(args, context, published.last_site(name))
    last = _named(context) or filed.url
    _check(args, last)
    collection = read(folder, context.cwd)
    for notice in _some(collection.notices):
        context.console.say(f"warning: {notice}")
    run = _Run(args, context, published, name, collection)
    if args.new or args.resume:
        return run.afterwards(browser or Browser())
    said = OFFICIAL if args.official else args.site or _named(context)
    site = _origin(said or filed.url)
    if args.dry_run:
        return run.rehearse(site)
    if not said:
        tokens.check_known(
            args, context, site, tokens.Named(f"the site {site}", filed.by, "--site")
        )
    return run.publish(site, browser or Browser())


def _named(context: Context) -> str:
    """The site that the environment says its token is for, if it says so."""
    from agentramp.site.tokens import URLS  # noqa: PLC0415 - as above

    return next((context.environ[name] for name in URLS if context.environ.get(name)), "")


@dataclass(frozen=True)
class _Filed:
    """A site that a file of the project names, which may come from anybody."""

    url: str
    by: str


def _filed(args: argparse.Namespace, context: Context, last: str) -> _Filed:
    """The site that this folder was published to, else the one that was made from here."""
    from agentramp.site.session import FileBook, Finished  # noqa: PLC0415 - as above

    if last:
        return _Filed(last, MEMORY.name)
    book = FileBook(context.cwd / args.project / MEMORY.parent)
    saved = book.read().current
    return _Filed(saved.site.url if isinstance(saved, Finished) else "", book.path.name)


def _check(args: argparse.Namespace, last: str) -> None:
    given = args.official or args.site or args.new or args.resume
    if not given and not last:
        raise UsageError(
            "it is not said where to publish",
            advice=f"add one of {_WAYS}; after the first time it is remembered",
        )
    if args.dry_run and (args.new or args.resume):
        raise UsageError(
            "a site that is not there yet cannot be looked at",
            advice="leave --dry-run out, or name a site: --site URL",
        )


def _origin(url: str) -> str:
    from agentramp.site.kit.mounts import origin  # noqa: PLC0415 - as above

    return origin(url)


def _url(made: Answer) -> str:
    """Of the site that a purchase came to; empty where it came to none yet."""
    return json.loads(dict(made.fields).get("url", "null")) or ""


def _name(folder: Path, cwd: Path) -> str:
    """How ``folder`` is remembered: from here, so that a project can be moved."""
    real, here = folder.resolve(), cwd.resolve()
    return real.relative_to(here).as_posix() if real.is_relative_to(here) else str(real)


@dataclass(frozen=True)
class _Run:
    args: argparse.Namespace
    context: Context
    published: "Published"
    name: str
    collection: "Collection"

    def aim(self, memory: "PublishedAt") -> "Aim":
        from agentramp.site.kit.choosing import Aim  # noqa: PLC0415 - as above

        return Aim(
            self.context.cwd.resolve().name,
            title=(self.args.title or "").strip(),
            description=(self.args.description or "").strip(),
            board_id=self.args.board or "",
            known=memory.board(self.name),
        )

    def afterwards(self, browser: Browser) -> Answer:
        """First the site. While it waits to be paid, nothing is published, which is no success."""
        buy = buying.create if self.args.new else buying.resume
        made = buy(self.args, self.context, browser)
        url = _url(made)
        if not url:
            return replace(made, exit_code=made.exit_code or buying.NOT_YET)
        self.context.console.say(made.message)
        return self.publish(_origin(url), browser)

    def publish(self, site: str, browser: Browser) -> Answer:
        from agentramp.site.kit.client import DiscussKit  # noqa: PLC0415 - as above
        from agentramp.site.kit.mounts import discover  # noqa: PLC0415 - as above
        from agentramp.site.publishing import Publisher  # noqa: PLC0415 - as above

        context, memory = self.context, self.published.at(site)
        token = tokens.needed(self.args, context, site, browser)
        mounts = discover(site, context.sleep)
        kit = DiscussKit(site, mounts.kit, token, context.sleep)
        publisher = Publisher(
            kit,
            self.uploads(mounts, token, memory),
            context.sleep,
            lambda board: memory.chose(self.name, board),
            context.console,
            memory,
            context.nonce,
        )
        with self.published.alone(self.waiting):
            outcome = publisher.publish(self.collection, self.aim(memory), force=self.args.force)
        return self.answer(site, outcome)

    def waiting(self) -> None:
        self.context.console.say("another publishing from here is under way: waiting for its end")

    def uploads(self, mounts: "Mounts", token: "Token", memory: "PublishedAt") -> "Uploads | None":
        from agentramp.site.media.tus import TusMedia  # noqa: PLC0415 - as above
        from agentramp.site.media.upload import Uploads  # noqa: PLC0415 - as above

        if mounts.media is None:
            return None
        media = TusMedia(mounts.origin, mounts.media, token)
        context = self.context
        return Uploads(media, memory, context.sleep, context.jitter, context.console)

    def rehearse(self, site: str) -> Answer:
        """Nothing is asked of the site: no token is needed."""
        memory = self.published.at(site)
        known = [one for one in self.collection.pictures if memory.picture(one.sha256)]
        new = [one for one in self.collection.pictures if one not in known]
        board = self.args.board or self.aim(memory).known or self.aim(memory).called
        lines = [
            f"to       {site}, board {board}",
            *self.languages,
            *(f"page     {page.link}: {page.title}" for page in self.collection.every),
            *(f"picture  {one.name}, {one.size} B, to be sent" for one in new),
            *(f"picture  {one.name}, sent before" for one in known),
        ]
        counted = [("pictures_new", len(new)), ("pictures_known", len(known))]
        return Answer(
            verb=VERB,
            message=f"{_count(self.pages, 'page')} would be published to {site}",
            lines=tuple(lines),
            fields=_fields([("site", site), ("dry_run", True), *self.facts, *counted]),
        )

    def answer(self, site: str, outcome: "Outcome") -> Answer:
        message = f"{_count(self.pages, 'page')} at {outcome.url}"
        said = "published" if outcome.changed else "there already, nothing was sent"
        board = f"{outcome.board.title} ({outcome.board.id})"
        count = len(self.collection.pictures)
        lines = [
            f"board    {board}" + (", made now" if outcome.made else ""),
            *self.languages,
            *([f"pictures {count}, {outcome.sent} of them sent now"] if count else []),
            *_some([f"still on the site, but not published: {one}" for one in outcome.removed]),
        ]
        told = [
            ("url", outcome.url),
            ("site", site),
            ("board", outcome.board.id),
            ("board_made", outcome.made),
            *self.facts,
            ("pictures_sent", outcome.sent),
            ("pages_left_on_site", list(outcome.removed)),
        ]
        return Answer(
            verb=VERB,
            message=f"{message}: {said}",
            lines=tuple(lines),
            fields=_fields(told),
            changed=outcome.changed,
        )

    @property
    def languages(self) -> list[str]:
        found = self.collection.languages
        return [f"also in  {', '.join(found)}"] if found else []

    @property
    def pages(self) -> int:
        return sum(1 for page in self.collection.every if page.writing)

    @property
    def facts(self) -> list[tuple[str, object]]:
        languages = list(self.collection.languages)
        pictures = len(self.collection.pictures)
        return [
            *(("pages", self.pages), ("languages", languages), ("pictures", pictures)),
            ("pages_not_published", list(self.collection.unlisted)),
            ("warnings", len(self.collection.notices)),
        ]


def _some(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _fields(facts: list[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, json.dumps(value, ensure_ascii=False)) for name, value in facts)
