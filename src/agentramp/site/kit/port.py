"""What Discuss Kit can do for whoever publishes: boards, and the documents of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agentramp.errors import RefusedError
from agentramp.site.pages.document import Document


class KitError(RefusedError):
    """The site refused, or what came is no answer of Discuss Kit.

    ``lost``: what was asked may have been done all the same.
    """

    def __init__(self, message: str, *, advice: str = "", lost: bool = False) -> None:
        super().__init__(message, advice=advice)
        self.lost = lost


@dataclass(frozen=True)
class Board:
    """``owner`` is the DID of who made it, empty where the site does not say.

    ``sent`` is the mark of the documents that are on it: empty where they came from elsewhere. One
    that marks a publishing under way, or one that was overlapped, vouches for none (``letters``).
    ``pages`` are the addresses of the documents that were sent last, where that is known.
    """

    id: str
    title: str
    description: str = ""
    owner: str = ""
    sent: str = ""
    pages: tuple[str, ...] = field(default=(), compare=False)


class Kit(Protocol):
    """Each raises KitError. A change is asked for once: after a lost answer, look first."""

    def boards(self) -> tuple[Board, ...]: ...

    def me(self) -> str:
        """The DID that the token stands for."""
        ...

    def create(self, title: str, description: str) -> Board: ...

    def update(self, board: Board, instead_of: str | None = None) -> Board:
        """Make title, description, mark and pages of the board with this id what ``board`` says.

        The board as it was before. Where its mark was another than ``instead_of``, it still is.
        """
        ...

    def put(self, board: Board, documents: Sequence[Document]) -> None:
        """Give the board these documents. Those with the address of an earlier one replace it."""
        ...

    def address(self, board: Board) -> str:
        """Where people read it."""
        ...
