"""A folder of Markdown on a site: pictures first, then the documents, and the mark of both last."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agentramp.errors import UsageError
from agentramp.progress import Progress, Silent
from agentramp.site.kit import choosing, letters
from agentramp.site.kit.choosing import Wish
from agentramp.site.kit.port import Board, Kit, KitError
from agentramp.site.media.upload import Brought, Uploads
from agentramp.site.pages.document import Collection, Document
from agentramp.site.pages.render import documents


@dataclass(frozen=True)
class Outcome:
    """``sent`` counts pictures that had to be sent; ``made`` whether the board is new."""

    board: Board
    url: str
    changed: bool
    made: bool
    sent: int


@dataclass(frozen=True)
class Publisher:
    """``uploads`` is None where the site takes no pictures; ``chose`` is told the board's id."""

    kit: Kit
    uploads: Uploads | None
    sleep: Callable[[float], None]
    chose: Callable[[str], None]
    progress: Progress = field(default_factory=Silent)

    def publish(self, collection: Collection, wish: Wish, *, force: bool = False) -> Outcome:
        """Raises UsageError, KitError and MediaError; run again, it does what is left."""
        there = choosing.choose(self.kit, wish)
        brought = self._pictures(collection)
        board = there or choosing.make(self.kit, wish, self.sleep)
        self.chose(board.id)
        docs = documents(collection, board.id, brought.urls)
        wanted = replace(
            board,
            title=wish.title or board.title,
            description=wish.description or board.description,
            sent=letters.mark(docs),
        )
        if wanted == board and not force:
            return Outcome(
                board, self.kit.address(board), changed=False, made=False, sent=brought.sent
            )
        if board.sent and (board.sent != wanted.sent or force):
            self.kit.update(replace(wanted, sent=""))  # until all is there, nothing vouches for it
        if board.sent != wanted.sent or force:
            self._put(wanted, docs)
        self.kit.update(wanted)
        url = self.kit.address(wanted)
        return Outcome(wanted, url, changed=True, made=there is None, sent=brought.sent)

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
