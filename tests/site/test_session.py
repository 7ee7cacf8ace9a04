"""What is remembered of a purchase: whole or not at all, for its owner, by one run at a time."""

import json
from pathlib import Path
from stat import S_IMODE

import pytest

from agentramp.errors import SupersededError, UsageError
from agentramp.site.purchase import Site
from agentramp.site.session import Ended, FileBook, Finished, Intent, Ledger, Open, Saved

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
    assert book.read() == Ledger()
    book.write(Ledger((saved,)))
    assert book.read() == Ledger((saved,))
    assert S_IMODE(book.path.stat().st_mode) == 0o600
    assert [path.name for path in book.folder.iterdir()] == [book.path.name]
    book.write(Ledger())
    assert book.read() == Ledger()


def test_no_token_gets_to_the_disk(tmp_path: Path) -> None:
    book = FileBook(tmp_path)
    book.write(Ledger((Finished(BROKER, "cs_1", Site("https://s.example", token="hush"), 1),)))
    assert "hush" not in book.path.read_text()


def entry(said: dict[str, object]) -> str:
    return json.dumps({"format": 2, "sessions": [said]})


def done(said: dict[str, object]) -> str:
    names = ("url", "home_url", "dashboard_url", "subscription_url", "locale")
    site = {**dict.fromkeys(names, ""), "url": "https://s.example", **said}
    return entry({"broker": BROKER, "at": 1, "state": "done", "session": "a", "site": site})


def test_what_may_hold_money_is_never_forgotten() -> None:
    """Another checkout goes beside an open one, and its end does not make that one's."""
    one, two = Open(BROKER, "cs_1", 1), Open(BROKER, "cs_2", 2)
    wish = Intent(BROKER, "cs_1", 2)
    ledger = Ledger().told(one).wished(wish)
    assert ledger.unsettled == (one, wish)
    ledger = ledger.told(two, wish)
    assert (ledger.unsettled, ledger.current) == ((one, two), two)
    ledger = ledger.told(Ended(BROKER, "cs_2", "expired", 3))
    assert (ledger.unsettled, ledger.current) == ((one,), one)
    ledger = ledger.told(Finished(BROKER, "cs_1", SITE, 4))
    assert isinstance(ledger.current, Finished)
    assert ledger.unsettled == ()
    assert [type(x) for x in ledger.entries] == [Ended, Finished]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"format": 1}',
        '{"format": 2}',
        '{"format": 2, "sessions": [7]}',
        entry({"broker": BROKER, "at": 1, "state": "new"}),
        entry({"broker": BROKER, "at": 1, "state": "open"}),
        entry({"broker": BROKER, "at": "x", "state": "asked", "before": ""}),
        entry({"broker": 1, "at": 1, "state": "asked", "before": ""}),
        entry({"broker": BROKER, "at": 1, "state": "done", "session": "a"}),
        entry({"broker": BROKER, "at": 1, "state": "open", "session": "a/../b"}),
        entry({"broker": BROKER, "at": 1, "state": "open", "session": ""}),
        entry({"broker": BROKER, "at": 1, "state": "open", "session": "a" * 201}),
        entry({"broker": "http://x/\x1b[2J", "at": 1, "state": "open", "session": "a"}),
        entry({"broker": "http://x.example", "at": 1, "state": "open", "session": "a"}),
        entry({"broker": BROKER, "at": 1, "state": "asked", "before": "../x"}),
        entry({"broker": BROKER, "at": 10**400, "state": "asked", "before": ""}),
        done({"url": "https://a@evil.example"}),
        done({"url": "https://evil.example/\x1b[2J"}),
        done({"home_url": "javascript:1"}),
        done({"locale": "\x1b[2J"}),
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
    for act in (
        book.read,
        lambda: book.write(Ledger((Intent(BROKER, "", 1),))),
        book.held().__enter__,
    ):
        with pytest.raises(UsageError, match="cannot be used"):
            act()


def test_two_runs_at_once_are_one(tmp_path: Path) -> None:
    book = FileBook(tmp_path / "new" / ".agentramp")
    with book.held(), pytest.raises(SupersededError, match="another run"), book.held():
        pass
    with book.held():
        pass
