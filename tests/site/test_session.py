"""What is remembered of a purchase: whole or not at all, for its owner, by one run at a time."""

import json
from pathlib import Path
from stat import S_IMODE

import pytest

from agentramp.errors import SupersededError, UsageError
from agentramp.site.purchase import Site
from agentramp.site.session import Ended, FileBook, Finished, Intent, Open, Saved

BROKER = "https://broker.example"
SITE = Site("https://s.example", "https://s.example/docs", "", "", "zh")


@pytest.mark.parametrize(
    "saved",
    [
        Intent(BROKER, "", 1.5),
        Intent(BROKER, "cs_1", 2),
        Intent(BROKER, None, 2),
        Open(BROKER, "cs_1", 3),
        Ended(BROKER, "cs_1", "expired", 4),
        Ended(BROKER, "cs_1", "cancelled", 4),
        Finished(BROKER, "cs_1", SITE, 5),
    ],
)
def test_what_is_written_is_read(tmp_path: Path, saved: Saved) -> None:
    book = FileBook(tmp_path / ".agentramp")
    assert book.read() is None
    book.write(saved)
    assert book.read() == saved
    assert S_IMODE(book.path.stat().st_mode) == 0o600
    assert [path.name for path in book.folder.iterdir()] == [book.path.name]
    book.write(None)
    assert book.read() is None


def test_no_token_gets_to_the_disk(tmp_path: Path) -> None:
    book = FileBook(tmp_path)
    book.write(Finished(BROKER, "cs_1", Site("https://s.example", token="hush"), 1))
    assert "hush" not in book.path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"format": 2}',
        json.dumps({"format": 1, "broker": BROKER, "at": 1, "state": "new"}),
        json.dumps({"format": 1, "broker": BROKER, "at": 1, "state": "open"}),
        json.dumps({"format": 1, "broker": BROKER, "at": "x", "state": "asked", "before": ""}),
        json.dumps({"format": 1, "broker": 1, "at": 1, "state": "asked", "before": ""}),
        json.dumps({"format": 1, "broker": BROKER, "at": 1, "state": "done", "session": "a"}),
        json.dumps({"format": 1, "broker": BROKER, "at": 1, "state": "open", "session": "a/../b"}),
        json.dumps({"format": 1, "broker": BROKER, "at": 1, "state": "open", "session": ""}),
        "[" * 100_000,
    ],
)
def test_a_file_that_says_something_else_is_told_and_kept(tmp_path: Path, text: str) -> None:
    """Who took it for nothing would buy a second site."""
    book = FileBook(tmp_path)
    book.path.write_text(text)
    with pytest.raises(UsageError, match=r"site\.json cannot be used") as caught:
        book.read()
    assert "nothing is bought without it" in caught.value.advice
    assert book.path.read_text() == text


def test_a_place_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = FileBook(tmp_path / "file")
    for act in (book.read, lambda: book.write(Intent(BROKER, "", 1)), book.held().__enter__):
        with pytest.raises(UsageError, match="cannot be used"):
            act()


def test_two_runs_at_once_are_one(tmp_path: Path) -> None:
    book = FileBook(tmp_path / "new" / ".agentramp")
    with book.held(), pytest.raises(SupersededError, match="another run"), book.held():
        pass
    with book.held():
        pass
