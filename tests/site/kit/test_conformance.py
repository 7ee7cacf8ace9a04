"""The Discuss Kit in memory and the client of the real protocol answer alike."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from agentramp.site.kit.client import DiscussKit
from agentramp.site.kit.memory_kit import MemoryKit
from agentramp.site.kit.port import Kit, KitError
from agentramp.site.pages.document import Document
from agentramp.site.tokens import Token
from tests.site import kit_emulator
from tests.site.kit_emulator import ME, TOKEN

DOCS = (
    Document("A", "a.md", "a-1", "A", "{}", children=(Document("B", "b.md", "b-1", "B", "{}"),)),
)


@pytest.fixture(params=["memory", "http"])
def kit(request: pytest.FixtureRequest) -> Iterator[Kit]:
    if request.param == "memory":
        yield MemoryKit(did=ME)
        return
    with kit_emulator.running() as site:
        yield DiscussKit(site.url, f"{site.url}/talk", Token.of(site.url, TOKEN), lambda _: None)


def test_a_board_is_made_and_found_again(kit: Kit) -> None:
    assert kit.boards() == ()
    made = kit.create("Title", "About")
    assert (made.title, made.description, made.sent) == ("Title", "About", "")
    assert made.owner == kit.me() == ME
    assert kit.boards() == (made,)
    assert kit.create("Title", "About").id != made.id, "the site minds no title"
    assert kit.address(made).endswith(f"/docs/{made.id}")


def test_what_a_board_says_changes_and_its_owner_does_not(kit: Kit) -> None:
    made = kit.create("Title", "")
    other = kit.create("Other", "")
    changed = replace(made, title="New", description="x", sent="mark")
    kit.update(changed)
    assert kit.boards() == (changed, other)
    assert kit.update(replace(changed, sent="another", pages=("a-1",)), "mark").sent == "mark"
    assert (kit.boards()[0].sent, kit.boards()[0].pages) == ("another", ("a-1",))
    assert kit.update(changed, "mark").sent == "another", "it was not what it should have been"
    assert kit.boards()[0].sent == "another"
    kit.update(replace(changed, sent=""))
    assert (kit.boards()[0].sent, kit.boards()[0].pages) == ("", ())


def test_documents_go_to_a_board_that_is_there(kit: Kit) -> None:
    made = kit.create("Title", "")
    kit.put(made, DOCS)
    kit.put(made, DOCS)
    unknown = replace(made, id="none")
    with pytest.raises(KitError):
        kit.put(unknown, DOCS)
    with pytest.raises(KitError, match="not there any more"):
        kit.update(unknown)
