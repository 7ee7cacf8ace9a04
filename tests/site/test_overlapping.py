"""Several publish to one board: the mark vouches for what the site shows, or for nothing."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.site.kit import letters
from agentramp.site.kit.choosing import Aim
from agentramp.site.kit.memory_kit import MemoryKit
from agentramp.site.kit.port import Board, KitError
from agentramp.site.pages.document import Collection, Document
from agentramp.site.pages.read import read
from agentramp.site.published import Published
from agentramp.site.publishing import Publisher
from tests.site.pages.folder_of_pages import write

AIM = Aim("docs")


@dataclass
class Busy(MemoryKit):
    """``meanwhile`` is what others do while documents are on their way to it."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    before: bool = False

    def put(self, board: Board, documents: Sequence[Document]) -> None:
        now, self.meanwhile = self.meanwhile, []
        for one in now if self.before else ():
            one()
        super().put(board, documents)
        for one in () if self.before else now:
            one()


@dataclass
class Told:
    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def advance(self, title: str, done: int, total: int) -> None:
        pass


def pages(folder: Path, text: str) -> Collection:
    root = write(folder / text, {"a.md": text})
    return read(root, root)


def publisher(kit: MemoryKit, waits: list[float] | None = None) -> Publisher:
    return Publisher(kit, None, ([] if waits is None else waits).append, lambda _: None, Told())


def said(one: Publisher) -> str:
    assert isinstance(one.progress, Told)
    return "\n".join(one.progress.lines)


def shown(kit: MemoryKit) -> str:
    (page,) = kit.documents["board-1"].values()
    return next(text for text in ("old", "new", "zero") if f'"{text}"' in page.content)


class KilledError(Exception):
    pass


def killed() -> None:
    raise KilledError


def test_pages_that_arrive_late_do_not_stay(tmp_path: Path) -> None:
    """The older run began before the newer, and its pages come after those."""
    kit = Busy(before=True)
    publisher(kit).publish(pages(tmp_path, "zero"), AIM)
    kit.meanwhile = [killed]
    with pytest.raises(KilledError):
        publisher(kit).publish(pages(tmp_path, "old"), AIM)
    late = pages(tmp_path, "old")
    kit.before = False
    kit.meanwhile = [lambda: _put(kit, late)]
    waits: list[float] = []
    newer = publisher(kit, waits)
    assert newer.publish(pages(tmp_path, "new"), AIM).changed
    assert (shown(kit), waits) == ("old", [4.0, 8.0, 16.0, 32.0])
    assert "the next publish sends them again" in said(newer)
    assert publisher(kit).publish(pages(tmp_path, "new"), AIM).changed
    assert shown(kit) == "new"
    assert not publisher(kit).publish(pages(tmp_path, "new"), AIM).changed


def _put(kit: MemoryKit, collection: Collection) -> None:
    from agentramp.site.pages.render import documents  # noqa: PLC0415 - what a run that began sends

    MemoryKit.put(kit, kit.boards()[0], documents(collection, "board-1", {}))


def test_who_was_overlapped_says_so_and_nothing_vouches(tmp_path: Path) -> None:
    kit = Busy(before=True)
    publisher(kit).publish(pages(tmp_path, "zero"), AIM)
    other = publisher(kit)
    kit.meanwhile = [lambda: other.publish(pages(tmp_path, "new"), AIM)]
    with pytest.raises(KitError, match="published to the board docs at the same time") as refused:
        publisher(kit).publish(pages(tmp_path, "old"), AIM)
    assert "publish again" in refused.value.advice
    assert shown(kit) == "old"
    assert publisher(kit).publish(pages(tmp_path, "new"), AIM).changed
    assert shown(kit) == "new"
    assert not publisher(kit).publish(pages(tmp_path, "new"), AIM).changed


def test_another_that_ends_is_waited_for(tmp_path: Path) -> None:
    kit = MemoryKit()
    publisher(kit).publish(pages(tmp_path, "zero"), AIM)
    (board,) = kit.boards()
    kit.update(replace(board, sent=letters.pending("x")))
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        kit.update(board)

    waiting = replace(publisher(kit), sleep=sleep)
    assert waiting.publish(pages(tmp_path, "new"), AIM).changed
    assert waits == [4.0]
    assert not publisher(kit).publish(pages(tmp_path, "new"), AIM).changed


def test_ones_own_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    kit = Busy(before=True, meanwhile=[killed])
    memory = Published(tmp_path / "memory.json").at("https://site.example")
    waits: list[float] = []
    own = replace(publisher(kit, waits), marks=memory)
    with pytest.raises(KilledError):
        own.publish(pages(tmp_path, "new"), AIM)
    assert own.publish(pages(tmp_path, "new"), AIM).changed
    assert not own.publish(pages(tmp_path, "new"), AIM).changed
    assert waits == []


def test_what_is_refused_keeps_nobody_waiting(tmp_path: Path) -> None:
    def refuse() -> None:
        raise KitError("too many")

    kit = Busy(before=True, meanwhile=[refuse])
    with pytest.raises(KitError, match="too many"):
        publisher(kit).publish(pages(tmp_path, "new"), AIM)
    waits: list[float] = []
    assert publisher(kit, waits).publish(pages(tmp_path, "new"), AIM).changed
    assert waits == []


@dataclass
class Together(MemoryKit):
    """Whoever asks for the boards waits for the other one to ask."""

    both: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=60))

    def boards(self) -> tuple[Board, ...]:
        found = super().boards()
        self.both.wait()
        return found


def test_two_first_ones_at_once_settle_on_one_board(tmp_path: Path) -> None:
    kit = Together()
    both = [publisher(kit), publisher(kit)]
    wanted = pages(tmp_path, "new")

    def publish(one: Publisher) -> None:
        try:
            one.publish(wanted, AIM)
        except KitError as error:
            assert "at the same time" in error.message  # noqa: PT017 - either may be the one

    threads = [threading.Thread(target=publish, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(kit.documents) == ["board-1"]
    assert "board-2 stays empty" in "".join(said(one) for one in both)
    alone = MemoryKit(documents=kit.documents, _boards=kit._boards)  # noqa: SLF001 - the same site
    publisher(alone).publish(wanted, AIM)
    assert not publisher(alone).publish(wanted, AIM).changed
    assert (list(alone.documents), shown(alone)) == (["board-1"], "new")


def test_a_board_that_pages_go_to_already_is_settled_on(tmp_path: Path) -> None:
    @dataclass
    class Second(MemoryKit):
        """Sees no board until it made one; by then another run, with a later id, is ahead."""

        def create(self, title: str, description: str) -> Board:
            made = super().create(title, description)
            self._boards["board-9"] = replace(made, id="board-9", sent=letters.mark(()))
            return replace(made, owner="")

    kit = Second()
    outcome = publisher(kit).publish(pages(tmp_path, "new"), AIM)
    assert (outcome.board.id, list(kit.documents)) == ("board-9", ["board-9"])


def test_a_board_of_nobody_knows_whom_is_not_written_over(tmp_path: Path) -> None:
    kit = MemoryKit(did="", _boards={"x": Board("x", "docs", "", "z1other")})
    with pytest.raises(UsageError, match="does not say whose this token is") as refused:
        publisher(kit).publish(pages(tmp_path, "new"), AIM)
    assert ("--board x" in refused.value.advice, kit.documents) == (True, {})


def test_another_title_is_the_title_of_the_same_board(tmp_path: Path) -> None:
    kit = MemoryKit()
    publisher(kit).publish(pages(tmp_path, "new"), AIM)
    renamed = Aim("docs", title="Better", known="board-1")
    assert publisher(kit).publish(pages(tmp_path, "new"), renamed).changed
    assert ([board.title for board in kit.boards()], kit.puts) == (["Better"], 1)
    kit.create("Third", "")
    with pytest.raises(UsageError, match="'Third' is another board") as refused:
        publisher(kit).publish(pages(tmp_path, "new"), replace(renamed, title="Third"))
    assert "--board board-1 or --board board-2" in refused.value.advice


def test_a_page_that_is_no_more_in_the_folder_is_told(tmp_path: Path) -> None:
    kit = MemoryKit()
    root = write(tmp_path / "docs", {"a.md": "", "b/c.md": ""})
    first = publisher(kit).publish(read(root, root), AIM)
    (root / "b/c.md").unlink()
    outcome = publisher(kit).publish(read(root, root), AIM)
    assert (first.removed, [one.rpartition("-")[0] for one in outcome.removed]) == (
        (),
        ["b", "b-c"],
    )
    assert publisher(kit).publish(read(root, root), AIM).removed == ()
