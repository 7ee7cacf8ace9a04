"""A Discuss Kit in this process: the fake that ships."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agentramp.site.kit.port import Board, KitError
from agentramp.site.pages.document import Document


@dataclass
class MemoryKit:
    """``documents`` are those of each board by their addresses; ``puts`` counts what was sent."""

    did: str = "z1memory"
    documents: dict[str, dict[str, Document]] = field(default_factory=dict)
    puts: int = 0
    _boards: dict[str, Board] = field(default_factory=dict)

    def boards(self) -> tuple[Board, ...]:
        return tuple(self._boards.values())

    def me(self) -> str:
        return self.did

    def create(self, title: str, description: str) -> Board:
        board = Board(f"board-{len(self._boards) + 1}", title, description, self.did)
        self._boards[board.id] = board
        return board

    def update(self, board: Board, instead_of: str | None = None) -> Board:
        there = self._boards.get(board.id)
        if there is None:
            raise KitError(f"the board {board.id} is not there any more", advice="publish again")
        if instead_of in {None, there.sent}:
            pages = board.pages if board.sent else ()
            self._boards[board.id] = replace(board, owner=there.owner, pages=pages)
        return there

    def put(self, board: Board, documents: Sequence[Document]) -> None:
        if board.id not in self._boards:
            raise KitError(f"the board {board.id} is not there any more", advice="publish again")
        self.puts += 1
        self._keep(self.documents.setdefault(board.id, {}), documents)

    def address(self, board: Board) -> str:
        return f"https://memory.invalid/docs/{board.id}"

    def _keep(self, there: dict[str, Document], documents: Sequence[Document]) -> None:
        for document in documents:
            there[document.slug] = document
            self._keep(there, document.children)
