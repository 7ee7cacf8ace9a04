"""Discuss Kit's client and the search for it before answers that are none."""

import json
from collections.abc import Iterator

import pytest

from agentramp.errors import UsageError
from agentramp.exchange import ExchangeError
from agentramp.site.kit.client import DiscussKit
from agentramp.site.kit.mounts import Mounts, discover, origin
from agentramp.site.kit.port import KitError
from agentramp.site.tokens import Token
from tests.site import kit_emulator
from tests.site.kit_emulator import DISCUSS, TOKEN, Emulator, Fault

GET, POST = "GET", "POST"
EVIL = json.dumps({"componentMountPoints": [{"did": DISCUSS, "mountPoint": "@evil.example/"}]})
SELF, BOARDS = "__blocklet__", "/talk/api/boards"


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    with kit_emulator.running() as site:
        yield site


@pytest.fixture
def site(shared: Emulator) -> Emulator:
    shared.faults.clear()
    shared.boards.clear()
    shared.asked.clear()
    return shared


def kit(site: Emulator, token: str = TOKEN) -> DiscussKit:
    access = Token.of(site.url, token)
    return DiscussKit(site.url, f"{site.url}/talk", access, lambda _: None)


def test_a_site_tells_where_its_kits_lie(site: Emulator) -> None:
    assert discover(f"{site.url}/any/page?x=1", lambda _: None) == Mounts(site.url, "/talk", None)
    assert [method for method, _, _ in site.asked] == [GET]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>", "does not say what it has"),
        (b"[]", "does not say what it has"),
        (b'{"componentMountPoints": 3}', "does not say what it has"),
        (b"[" * 100_000, "does not say what it has"),
        (b'{"componentMountPoints": [null, {"did": 3}]}', "has no Discuss Kit"),
        (
            EVIL.encode(),
            "has no Discuss Kit",
        ),
    ],
)
def test_a_site_that_is_none(site: Emulator, body: bytes, told: str) -> None:
    site.faults.append(Fault(GET, SELF, 200, body=body))
    with pytest.raises(KitError, match=told):
        discover(site.url, lambda _: None)


def test_a_question_is_asked_again_and_not_for_ever(site: Emulator) -> None:
    site.faults.extend([Fault(GET, SELF, 503), Fault(GET, SELF, lost=True)])
    site.faults.extend([Fault(GET, BOARDS, 502), Fault(GET, BOARDS, lost=True)])
    waits: list[float] = []
    discover(site.url, waits.append)
    assert waits == [1.0, 2.0]
    assert kit(site).boards() == ()
    site.faults.extend(Fault(GET, BOARDS, lost=True) for _ in range(9))
    with pytest.raises(ExchangeError):
        kit(site).boards()
    assert len(site.faults) == 5


def test_a_change_is_asked_for_once(site: Emulator) -> None:
    for fault, lost in (
        (Fault(POST, BOARDS, 502), True),
        (Fault(POST, BOARDS, lost=True), True),
        (Fault(POST, BOARDS, 200, body=b"<html>"), True),
        (Fault(POST, BOARDS, 200, body=b"{}"), True),
        (Fault(POST, BOARDS, 429), False),
        (Fault(POST, BOARDS, 400), False),
    ):
        site.asked.clear()
        site.faults.append(fault)
        with pytest.raises(KitError) as refused:
            kit(site).create("Title", "")
        assert refused.value.lost is lost, fault
        assert len(site.asked) == 1, fault


def test_a_token_that_ended(site: Emulator) -> None:
    with pytest.raises(KitError, match="does not let this token publish"):
        kit(site, "another").boards()
    assert site.asked == []


@pytest.mark.parametrize(
    "body", [b'{"boards": {}}', b'{"boards": [3]}', b"{}", b"[]", b"", b"\xff"]
)
def test_boards_that_are_none(site: Emulator, body: bytes) -> None:
    site.faults.append(Fault(GET, BOARDS, 200, body=body))
    with pytest.raises(KitError, match=r"gave no list of boards|no JSON object"):
        kit(site).boards()


def test_the_reason_of_a_site_is_told_and_bounded(site: Emulator) -> None:
    site.faults.append(Fault(POST, BOARDS, 400, body=b'{"error": "title\\n is \\u001b[31m taken"}'))
    with pytest.raises(KitError, match="no reason was given"):
        kit(site).create("Title", "")
    site.faults.append(Fault(POST, BOARDS, 400, body=b'{"message": "the title  is taken"}'))
    with pytest.raises(KitError, match="answered 400: the title is taken"):
        kit(site).create("Title", "")


def test_what_else_is_on_a_board_stays_on_it(site: Emulator) -> None:
    made = kit(site).create("Title", "")
    site.boards[0] |= {"cover": "c.png", "meta": {"category": ["x"]}, "odd": 1}
    kit(site).update(type(made)(made.id, "New", "", sent="mark"))
    board = site.boards[0]
    assert board["meta"] == {"category": ["x"], "agentramp": {"sent": "mark"}}
    assert (board["title"], board["cover"], board["odd"]) == ("New", "c.png", 1)


def test_origins() -> None:
    assert origin("https://Docs.Example.com./x?y#z") == "https://docs.example.com"
    assert origin("http://[::1]:80/") == "http://[::1]"
    assert origin("https://docs.example.com:443") == "https://docs.example.com"
    for url in (
        "http://docs.example.com",
        "ftp://x",
        "docs.example.com",
        "https://[",
        "",
        "https://h:99999",
        "https://h:x",
        "https://h:0",
        "https://u@h",
    ):
        with pytest.raises(UsageError):
            origin(url)
