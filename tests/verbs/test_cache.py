import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.archives.errors import FetchError
from agentramp.errors import UsageError
from agentramp.parser import Command, parse
from agentramp.report.result import Answer
from agentramp.verbs import cache
from agentramp.wiring.context import Context
from agentramp.wiring.fetching import add_fetching, fetched, opened
from tests.archives.hostile import OK, tgz
from tests.archives.shelf import Shelf, shelf, tagged
from tests.verbs.scene import arguments, context


@pytest.fixture
def server() -> Iterator[Shelf]:
    with shelf(tagged(tgz(OK), '"1"')) as made:
        yield made


def run(where: Context, *words: str) -> Answer:
    return cache.run(arguments("cache", *words), where)


def fields(answer: Answer) -> dict[str, object]:
    return {name: json.loads(text) for name, text in answer.fields}


def fetch(where: Context, url: str, *words: str) -> bool:
    args = parse(Command("cache", "", "", add_fetching), list(words), {})
    return fetched(url, args, where).downloaded


def test_listed_and_cleared(tmp_path: Path, server: Shelf) -> None:
    where = context(tmp_path)
    assert run(where, "list").message == "the cache is empty"
    assert run(where, "clear").message == "the cache was empty"
    assert not run(where, "clear").changed
    url = server.url("/a.tgz?token=hush")
    assert fetch(where, url)
    assert not fetch(where, url)
    listed = run(where, "list")
    (entry,) = json.loads(dict(listed.fields)["cache"])
    assert entry["url"] == server.url("/a.tgz")
    assert (entry["size"], entry["files"], entry["whole"]) == (4, 1, True)
    assert entry["used"] == "1970-01-01T00:00:00Z"
    assert str(tmp_path / "home" / "cache") in listed.message
    assert "hush" not in repr(listed)
    with pytest.raises(UsageError, match="no copy of that URL"):
        run(where, "clear", server.url("/a.tgz"))
    cleared = run(where, "clear", url)
    assert cleared.changed
    assert fields(cleared)["size"] == 4
    assert "1 copy, 4 bytes, cleared" in cleared.message
    assert fields(run(where, "list"))["cache"] == []


def test_another_folder(tmp_path: Path, server: Shelf) -> None:
    where = context(tmp_path)
    assert fetch(where, server.url(), "--cache-dir", "here")
    assert (
        opened(arguments("cache", "list", "--cache-dir", "here"), where).root == tmp_path / "here"
    )
    assert fields(run(where, "list", "--cache-dir", "here"))["size"] == 4
    assert fields(run(where, "list"))["size"] == 0


def test_what_is_said_of_the_fetching_counts(tmp_path: Path, server: Shelf) -> None:
    where = replace(context(tmp_path), environ={"GITHUB_TOKEN": "hush"})
    url = server.url()
    with pytest.raises(FetchError, match="no copy"):
        fetch(where, url, "--offline")
    with pytest.raises(FetchError, match="are the most"):
        fetch(where, url, "--max-size", "20")
    with pytest.raises(FetchError, match="was asked for"):
        fetch(where, url, "--sha256", "0" * 64)
    assert fetch(where, url, "--max-size", "2K")
    assert fetch(where, url, "--refresh")
    with pytest.raises(UsageError, match="contradict"):
        fetch(where, url, "--refresh", "--offline")
    assert all("authorization" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    "words", [("list", "https://x/"), (), ("clear", "a", "b"), ("list", "--sha256", "x")]
)
def test_what_makes_no_sense(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(context(tmp_path), *words)


@pytest.mark.parametrize(
    "words", [("--sha256", "abc"), ("--max-size", "much"), ("--max-size", "0")]
)
def test_what_is_no_digest_and_no_size(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        fetch(context(tmp_path), "https://example.com/", *words)
