"""Which board the documents go to: one that is there, found again, before a new one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agentramp.errors import UsageError
from agentramp.progress import Progress
from agentramp.site.kit.port import Board, Kit, KitError

_LOOKS: Final = (2.0, 4.0, 8.0)
"""Seconds before each look for a board whose making was not confirmed."""


@dataclass(frozen=True)
class Aim:
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


def choose(kit: Kit, aim: Aim) -> Board | None:
    """The board that is there, or None. Raises UsageError and KitError."""
    boards = kit.boards()
    by_id = {board.id: board for board in boards}
    if aim.board_id:
        if aim.board_id not in by_id:
            raise UsageError(
                f"the site has no board {aim.board_id} that this token sees",
                advice="leave --board out: a board is found by its title, or made",
            )
        return by_id[aim.board_id]
    named = [board for board in boards if board.title == aim.called]
    if aim.known in by_id:
        return _renamed(by_id[aim.known], aim, named)
    return _mine(kit, named, aim.called)


def _renamed(known: Board, aim: Aim, named: Sequence[Board]) -> Board:
    """A title that is asked for is a new one for the board, and no two shall have one title."""
    if aim.title and aim.title != known.title and named:
        raise UsageError(
            f"these pages are on the board {known.title!r}, and {aim.title!r} is another board",
            advice="name the one to write to: "
            + " or ".join(f"--board {board.id}" for board in (known, *named)),
        )
    return known


def _mine(kit: Kit, named: Sequence[Board], title: str) -> Board | None:
    """A board of another's with the same title is not written over."""
    if not named:
        return None
    me = kit.me()
    mine = [board for board in named if not board.owner or board.owner == me]
    if not mine:
        who = "somebody else made it" if me else "the site does not say whose this token is"
        raise UsageError(
            f"there is a board {title!r} already, and {who}",
            advice=f"choose another --title, or name it to write there: --board {named[0].id}",
        )
    marked = [board for board in mine if board.sent]
    if len(mine) > 1 and len(marked) != 1:
        raise UsageError(
            f"there are {len(mine)} boards {title!r}",
            advice="name one: " + " or ".join(f"--board {board.id}" for board in mine),
        )
    return (marked or mine)[0]


def make(kit: Kit, aim: Aim, sleep: Callable[[float], None], progress: Progress) -> Board:
    """Asked for once. Where no answer came it is looked for, and never asked for again."""
    try:
        made = kit.create(aim.called, aim.description)
    except KitError as error:
        if not error.lost:
            raise
        return _looked_for(kit, aim, sleep, error)
    return _agreed(kit, made, progress)


def _agreed(kit: Kit, made: Board, progress: Progress) -> Board:
    """Two that began at the same time, each seeing no board, settle on one of their two.

    That is the one that pages are sent to already, else the one whose id comes first.
    """
    named = [board for board in kit.boards() if board.title == made.title]
    owner = next((board.owner for board in named if board.id == made.id), made.owner)
    twins = [board for board in named if board.owner == owner]
    agreed = min([*twins, made], key=lambda board: (not board.sent, board.id))
    if agreed.id != made.id:
        progress.say(
            f"another publishing made a board {made.title!r} too; its board {agreed.id} is used, "
            f"and {made.id} stays empty: remove it on the site"
        )
    return agreed


def _looked_for(kit: Kit, aim: Aim, sleep: Callable[[float], None], error: KitError) -> Board:
    for seconds in _LOOKS:
        sleep(seconds)
        found = _mine(kit, [one for one in kit.boards() if one.title == aim.called], aim.called)
        if found is not None:
            return found
    raise KitError(
        f"whether the board {aim.called!r} was made is not known: {error.message}",
        advice="publish again in a minute: it is looked for by its title before one is made",
    ) from error
