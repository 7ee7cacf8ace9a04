"""A folder of Markdown on a site: pictures first, then the documents, and the mark of both last.

The mark vouches for the pages, so before they are sent another one says that they are under way.
Who finds that one gone afterwards was overlapped, and nothing vouches for what is there then.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol
from uuid import uuid4

from agentramp.errors import RefusedError, UsageError
from agentramp.progress import Progress, Silent
from agentramp.site.kit import choosing, letters
from agentramp.site.kit.choosing import Aim
from agentramp.site.kit.port import Board, Kit, KitError
from agentramp.site.media.upload import Brought, Uploads
from agentramp.site.pages.document import Collection, Document
from agentramp.site.pages.render import documents

_LOOKS: Final = (4.0, 8.0, 16.0, 32.0)
"""Seconds before each look whether another publishing has come to its end."""


class Marks(Protocol):
    """What this machine remembers of publishings that it began, and may not have ended."""

    def pending(self, board_id: str) -> str: ...
    def began(self, board_id: str, mark: str) -> None: ...


class NoMarks:
    """Remembers nothing: what was begun before counts as somebody else's."""

    def pending(self, _: str) -> str:
        return ""

    def began(self, board_id: str, mark: str) -> None:
        pass


def _nonce() -> str:
    return uuid4().hex


@dataclass(frozen=True)
class Outcome:
    """``sent`` counts pictures that had to be sent; ``made`` whether the board is new.

    ``removed`` are the addresses of pages that stay on the site and were not among these.
    """

    board: Board
    url: str
    changed: bool
    made: bool
    sent: int
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Publisher:
    """``uploads`` is None where the site takes no pictures; ``chose`` is told the board's id."""

    kit: Kit
    uploads: Uploads | None
    sleep: Callable[[float], None]
    chose: Callable[[str], None]
    progress: Progress = field(default_factory=Silent)
    marks: Marks = field(default_factory=NoMarks)
    nonce: Callable[[], str] = _nonce

    def publish(self, collection: Collection, aim: Aim, *, force: bool = False) -> Outcome:
        """Raises UsageError, KitError and MediaError; run again, it does what is left."""
        there = choosing.choose(self.kit, aim)
        brought = self._pictures(collection)
        if there is None:
            board = choosing.make(self.kit, aim, self.sleep, self.progress)
        else:
            board = self._calm(there)
        self.chose(board.id)
        docs = documents(collection, board.id, brought.urls)
        wanted = replace(
            board,
            title=aim.title or board.title,
            description=aim.description or board.description,
            sent=letters.mark(docs),
            pages=letters.pages(docs),
        )
        url = self.kit.address(wanted)
        if wanted == board and not force:
            return Outcome(board, url, changed=False, made=False, sent=brought.sent)
        if wanted.sent == board.sent and not force:
            self._say(wanted)
        else:
            self._send(board, wanted, docs)
        removed = tuple(one for one in board.pages if wanted.pages and one not in wanted.pages)
        made = there is None
        return Outcome(wanted, url, changed=True, made=made, sent=brought.sent, removed=removed)

    def _calm(self, board: Board) -> Board:
        """The board once nobody else publishes to it; or as it is, after a minute."""
        for number, seconds in enumerate(_LOOKS):
            if not letters.is_pending(board.sent) or board.sent == self.marks.pending(board.id):
                return board
            if not number:
                self.progress.say(f"somebody is publishing to the board {board.title}: waiting")
            self.sleep(seconds)
            board = next((one for one in self.kit.boards() if one.id == board.id), board)
        return board

    def _say(self, wanted: Board) -> None:
        """Title and description, where the pages are those that are there."""
        if self.kit.update(wanted, wanted.sent).sent != wanted.sent:
            raise _overlapped(wanted)

    def _send(self, board: Board, wanted: Board, docs: tuple[Document, ...]) -> None:
        nonce = self.nonce()
        mark, unsure = letters.pending(nonce), replace(wanted, sent=letters.unsure(nonce))
        own = self.marks.pending(board.id)
        self.marks.began(board.id, mark)
        before = self.kit.update(replace(wanted, sent=mark, pages=board.pages))
        shared = letters.is_pending(before.sent) and before.sent != own
        try:
            self._put(wanted, docs)
        except KitError as error:
            if not error.lost:
                with contextlib.suppress(RefusedError):  # what was refused is what is told
                    self.kit.update(replace(unsure, pages=board.pages), mark)
            raise
        found = self.kit.update(unsure if shared else wanted, mark).sent
        if found == mark and shared:
            self.progress.say(
                "warning: another publishing was under way and did not end; if it goes on, it may "
                "replace these pages, so the next publish sends them again"
            )
        elif not found:
            self.progress.say(
                "warning: the site has no mark of this publishing, so the next one sends all pages "
                "again; it keeps none, or another tool has published there meanwhile"
            )
        elif found != mark:
            self.kit.update(unsure)
            raise _overlapped(wanted)

    def _put(self, board: Board, docs: tuple[Document, ...]) -> None:
        """Sent once: two that run at the same time over there could each make the same page."""
        self.progress.say(f"sending the pages to the board {board.title}")
        try:
            self.kit.put(board, docs)
        except KitError as error:
            if error.lost:
                error.message += "; whether the pages arrived is not known"
                error.advice = "publish again: a page replaces the one with the same address"
            raise

    def _pictures(self, collection: Collection) -> Brought:
        if not collection.pictures:
            return Brought({}, 0)
        if self.uploads is None:
            count = len(collection.pictures)
            raise UsageError(
                f"{count} pictures are to be published, and the site has no Media Kit",
                advice="add Media Kit to the site, or take the pictures out",
            )
        return self.uploads.bring(collection.pictures)


def _overlapped(board: Board) -> KitError:
    return KitError(
        f"somebody else published to the board {board.title} at the same time; which of the pages "
        "are there is not known",
        advice="publish again, and have one run at a time: in GitHub Actions, with concurrency",
    )
