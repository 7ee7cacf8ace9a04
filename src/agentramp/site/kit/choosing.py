"""Which board the documents go to: one that is there, found again, before a new one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agentramp.errors import UsageError
from agentramp.site.kit.port import Board, Kit, KitError

_LOOKS: Final = (2.0, 4.0, 8.0)
"""Seconds before each look for a board whose making was not confirmed."""


@dataclass(frozen=True)
class Wish:
    """``board_id`` is one that was named, ``known`` one from before.

    ``title`` is empty where none was asked for: a board is then found by ``name``, or called so.
    """

    name: str
    title: str = ""
    description: str = ""
    board_id: str = ""
    known: str = ""

    @property
    def called(self) -> str:
        return self.title or self.name


def choose(kit: Kit, wish: Wish) -> Board | None:
    """The board that is there, or None. Raises UsageError and KitError."""
    boards = kit.boards()
    by_id = {board.id: board for board in boards}
    if wish.board_id:
        if wish.board_id not in by_id:
            raise UsageError(
                f"the site has no board {wish.board_id} that this token sees",
                advice="leave --board out: a board is found by its title, or made",
            )
        return by_id[wish.board_id]
    if wish.known in by_id:
        return by_id[wish.known]
    return _mine(kit, [board for board in boards if board.title == wish.called], wish.called)


def _mine(kit: Kit, named: Sequence[Board], title: str) -> Board | None:
    """A board of another's with the same title is not written over."""
    if not named:
        return None
    me = kit.me()
    mine = [board for board in named if not board.owner or not me or board.owner == me]
    if not mine:
        raise UsageError(
            f"there is a board {title!r} already, and somebody else made it",
            advice=f"choose another --title, or name it to write there: --board {named[0].id}",
        )
    if len(mine) > 1:
        raise UsageError(
            f"there are {len(mine)} boards {title!r}",
            advice="name one: " + " or ".join(f"--board {board.id}" for board in mine),
        )
    return mine[0]


def make(kit: Kit, wish: Wish, sleep: Callable[[float], None]) -> Board:
    """Asked for once. Where no answer came it is looked for, and never asked for again."""
    try:
        return kit.create(wish.called, wish.description)
    except KitError as error:
        if not error.lost:
            raise
        for seconds in _LOOKS:
            sleep(seconds)
            named = [one for one in kit.boards() if one.title == wish.called]
            found = _mine(kit, named, wish.called)
            if found is not None:
                return found
        raise KitError(
            f"whether the board {wish.called!r} was made is not known: {error.message}",
            advice="publish again in a minute: it is looked for by its title before one is made",
        ) from error
