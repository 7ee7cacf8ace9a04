"""The server's answers as nouns, and its refusals as errors."""

from typing import Any

import pytest

from agentramp.component import Health
from agentramp.platform.blocklet.refusals import is_busy, refusal
from agentramp.platform.blocklet.wire import application
from agentramp.platform.port import AlreadyExistsError, NotFoundError, PlatformError


def answer(*children: object, aliases: object = None) -> dict[str, Any]:
    meta = {"did": "zNK1", "title": "An application", "version": "1.0.0"}
    return {
        "blocklet": {
            "meta": meta,
            "site": {"domainAliases": aliases},
            "children": list(children),
        }
    }


def child(status: str | None, green: str | None, **meta: object) -> dict[str, Any]:
    return {
        "mountPoint": "/x",
        "status": status,
        "greenStatus": green,
        "meta": {"did": "z2qa1", "name": "z2qa1", "title": "one", "version": "1.0.0", **meta},
    }


@pytest.mark.parametrize(
    ("status", "green", "health", "word"),
    [
        ("running", "stopped", Health.RUNNING, "running"),
        ("stopped", "running", Health.RUNNING, "running"),
        ("running", None, Health.RUNNING, "running"),
        ("running", "error", Health.RUNNING, "running"),
        ("error", "running", Health.RUNNING, "running"),
        ("installed", "stopped", Health.CHANGING, "installed"),
        ("installed", "added", Health.CHANGING, "installed"),
        ("running", "starting", Health.CHANGING, "starting"),
        ("starting", "running", Health.CHANGING, "starting"),
        ("stopped", "stopped", Health.STOPPED, "stopped"),
        ("error", "stopped", Health.BROKEN, "error"),
        ("stopped", "error", Health.BROKEN, "error"),
        ("corrupted", "stopped", Health.BROKEN, "corrupted"),
        ("deleted", None, Health.BROKEN, "deleted"),
        (None, None, Health.BROKEN, ""),
    ],
)
def test_where_a_component_stands(
    status: str | None, green: str | None, health: Health, word: str
) -> None:
    (one,) = application("zNK1", answer(child(status, green)), "").components
    assert (one.health, one.status) == (health, word)


def test_what_a_terminal_would_obey_is_left_out() -> None:
    (one,) = application("zNK1", answer(child("\x1b[2Jodd", None, version="1\x07")), "").components
    assert (one.status, one.version) == ("[2Jodd", "1")
    assert refusal("doing", 200, {"error": "a \x1b[31mred"}).message == "doing: a [31mred"


def test_the_name_is_the_title_where_the_server_made_it_the_did() -> None:
    named = child("running", None, name="plain", dist={"integrity": "sha512-x"})
    first, second = application("zNK1", answer(child("running", None), named), "").components
    assert (first.name, first.integrity) == ("one", "")
    assert (second.name, second.integrity) == ("plain", "sha512-x")


@pytest.mark.parametrize(
    ("names", "url"),
    [
        ([], ""),
        ([("b1-888.ip.abtnet.io", True)], ""),
        ([("b1-888.ip.abtnet.io", True), ("b1.did.abtnet.io", True)], "https://b1.did.abtnet.io"),
        ([("b1.did.abtnet.io", True), ("own.example.com", False)], "https://own.example.com"),
        ([("*.example.com", False), ("b1.did.abtnet.io", True)], "https://b1.did.abtnet.io"),
    ],
)
def test_where_its_users_reach_it(names: list[tuple[str, bool]], url: str) -> None:
    aliases = [{"value": value, "isProtected": protected} for value, protected in names]
    assert application("zNK1", answer(aliases=aliases), "").url == url
    assert application("zNK1", answer(aliases=aliases), "https://named").url == "https://named"


@pytest.mark.parametrize(
    "broken",
    [{}, {"blocklet": 1}, {"blocklet": {}}, {"blocklet": {"meta": {}, "children": 1}}],
)
def test_an_answer_of_another_shape(broken: dict[str, Any]) -> None:
    with pytest.raises(PlatformError, match="has no"):
        application("zNK1", broken, "")


@pytest.mark.parametrize(
    ("status", "words", "kind", "untouched"),
    [
        (400, "blocklet is not valid: zNK1", NotFoundError, True),
        (200, "Root blocklet does not exist", NotFoundError, False),
        (200, "Component does not exist", NotFoundError, False),
        (200, "cannot add duplicate mount point, /x already exist", AlreadyExistsError, False),
        (200, "Can not deploy blocklet when it is starting", PlatformError, True),
        (401, "not allowed", PlatformError, True),
        (200, "TAR_BAD_ARCHIVE: Unrecognized archive format", PlatformError, False),
        (200, "x" * 9999, PlatformError, False),
    ],
)
def test_a_refusal(status: int, words: str, kind: type[PlatformError], untouched: bool) -> None:  # noqa: FBT001 - a case
    body = {"errors": [{"message": words}]} if status == 200 else {"error": words}
    error = refusal("doing", status, body)
    assert type(error) is kind
    assert error.untouched is untouched
    assert error.advice
    assert words[:60] in error.message
    assert len(error.message) < 400
    assert is_busy(error) is ("starting" in words)


@pytest.mark.parametrize("body", [{}, {"errors": []}, {"errors": [1]}, {"error": None}])
def test_a_refusal_without_words(body: dict[str, Any]) -> None:
    assert refusal("doing", 418, body).message == "doing: HTTP 418"
