"""One copy for each URL: fetched once, asked after, replaced whole, never believed when damaged."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from agentramp.archives.address import Source
from agentramp.archives.cache import Cache, Copy, Wish
from agentramp.archives.errors import ArchiveError, FetchError
from agentramp.archives.store import UNUSED_SECONDS
from agentramp.errors import UsageError
from agentramp.exchange import UnreachableError
from tests.archives.hostile import OK, member, tgz
from tests.archives.shelf import Asked, Given, Shelf, shelf, tagged

FIRST, SECOND = tgz(OK, member("top/old", b"old")), tgz(member("top/new", b"new"))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Said:
    lines: list[str] = field(default_factory=list)
    furthest: tuple[int, int] = (0, 0)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def advance(self, title: str, done: int, total: int) -> None:
        self.furthest = done, total


@dataclass
class Scene:
    root: Path
    server: Shelf
    now: float = 1000.0
    said: Said = field(default_factory=Said)

    @property
    def cache(self) -> Cache:
        numbers = count()
        return Cache(self.root, clock=lambda: self.now, nonce=lambda: str(next(numbers)))

    def fetch(
        self,
        path: str = "/a.tgz",
        sha256: str | None = None,
        *,
        offline: bool = False,
        refresh: bool = False,
    ) -> Copy:
        source = Source(self.server.url(path), sha256)
        wish = Wish(progress=self.said, offline=offline, refresh=refresh)
        return self.cache.fetch(source, wish)

    def serve(self, content: bytes, etag: str) -> None:
        self.server.answer = tagged(content, etag)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with shelf(tagged(FIRST, '"1"')) as server:
        yield Scene(tmp_path / "cache", server)


def names(copy: Copy) -> set[str]:
    return {path.name for path in copy.folder.iterdir()}


def test_a_second_run_downloads_nothing(scene: Scene) -> None:
    first = scene.fetch()
    assert (first.downloaded, first.sha256, names(first)) == (
        True,
        sha256(FIRST),
        {"s.yaml", "old"},
    )
    assert scene.said.furthest == (len(FIRST), len(FIRST))
    again = scene.fetch()
    assert not again.downloaded
    assert again.folder == first.folder
    assert [asked.headers.get("if-none-match") for asked in scene.server.asked] == [None, '"1"']
    modes = {stat.S_IMODE(p.stat().st_mode) for p in scene.root.rglob("*") if p.is_dir()}
    assert modes == {0o700}
    assert stat.S_IMODE(scene.root.stat().st_mode) == 0o700


def test_last_modified_serves_where_there_is_no_etag(scene: Scene) -> None:
    when = "Sat, 21 Nov 2026 10:00:00 GMT"

    def answer(asked: Asked) -> Given:
        if asked.headers.get("if-modified-since") == when:
            return Given(status=304, length=None)
        return Given(FIRST, headers={"Last-Modified": when})

    scene.server.answer = answer
    assert scene.fetch().downloaded
    assert not scene.fetch().downloaded


def test_a_changed_archive_replaces_the_old_one_whole(scene: Scene) -> None:
    before = scene.fetch()
    scene.serve(SECOND, '"2"')
    after = scene.fetch()
    assert (after.downloaded, names(after)) == (True, {"new"}), "nothing of the old one is left"
    assert names(before) == {"s.yaml", "old"}, "an agent may still run in it"
    scene.now += UNUSED_SECONDS + 1
    scene.fetch()
    assert not before.folder.exists()
    assert names(after) == {"new"}


def test_the_whole_url_is_the_key(scene: Scene) -> None:
    assert scene.fetch("/a.tgz?v=1").downloaded
    scene.serve(SECOND, '"2"')
    assert names(scene.fetch("/a.tgz?v=2")) == {"new"}
    with shelf(tagged(tgz(member("t/other", b"")), '"1"')) as other:
        copy = scene.cache.fetch(Source(other.url("/a.tgz?v=1")))
        assert names(copy) == {"other"}, "another port is another place"
    assert len(scene.cache.entries()) == 3


def test_offline_it_is_the_copy_and_told(scene: Scene) -> None:
    first = scene.fetch()
    gone = Source(scene.server.url("/a.tgz"))
    with shelf(scene.server.answer) as closed:
        lost = Source(closed.url())
        kept = scene.cache.fetch(lost)
    copy = scene.cache.fetch(lost, Wish(progress=scene.said))
    assert (copy.folder, copy.downloaded) == (kept.folder, False)
    assert scene.said.lines[-1].startswith("warning: ")
    assert "cannot be reached" in scene.said.lines[-1]
    with pytest.raises(UnreachableError):
        scene.cache.fetch(lost, Wish(refresh=True))
    with pytest.raises(UnreachableError):
        scene.cache.fetch(Source(closed.url("/never")))
    asked = len(scene.server.asked)
    assert scene.cache.fetch(gone, Wish(offline=True)).folder == first.folder
    with pytest.raises(FetchError, match="no copy of"):
        scene.fetch("/never", offline=True)
    assert len(scene.server.asked) == asked


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
def test_a_status_is_an_error_and_no_reason_for_an_old_copy(scene: Scene, status: int) -> None:
    scene.fetch()
    page = b"<html><h1>no</h1></html>"
    scene.server.answer = lambda _: Given(page, status, {"Content-Type": "text/html"})
    with pytest.raises(FetchError, match=rf"/a\.tgz answered {status}") as caught:
        scene.fetch()
    assert "html" not in caught.value.message
    scene.server.answer = lambda _: Given(b'{"message":\n "no \x1b[2J such"}', status)
    with pytest.raises(FetchError, match=r'\{"message": "no \[2J such"\}'):
        scene.fetch()


def test_a_digest_is_compared_before_anything_is_unpacked(scene: Scene) -> None:
    harm = tgz(member("../harm", b"x"))
    scene.serve(harm, '"1"')
    with pytest.raises(
        FetchError, match=f"{sha256(harm)}, and {sha256(FIRST)} was asked"
    ) as caught:
        scene.fetch(sha256=sha256(FIRST))
    assert caught.value.exit_code == 3
    scene.serve(FIRST, '"1"')
    assert scene.fetch(sha256=f"sha256:{sha256(FIRST).upper()}").downloaded
    asked = len(scene.server.asked)
    assert not scene.fetch(sha256=sha256(FIRST)).downloaded
    assert len(scene.server.asked) == asked, "the digest says all"


def test_a_copy_with_another_digest_is_fetched_anew(scene: Scene) -> None:
    scene.fetch()
    scene.serve(SECOND, '"1"')  # the server would say that nothing changed
    assert names(scene.fetch(sha256=sha256(SECOND))) == {"new"}
    with pytest.raises(FetchError, match="was asked for"):
        scene.fetch(sha256="0" * 64)
    assert names(scene.fetch(offline=True)) == {"new"}, "what was there stays"


def test_refresh_asks_for_all_of_it(scene: Scene) -> None:
    file = scene.fetch().folder / "s.yaml"
    before = file.stat()
    file.write_text("rust")  # of the same length, and of the same age: as a failing disk has it
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not scene.fetch().downloaded, "this is not looked for"
    copy = scene.fetch(refresh=True)
    assert copy.downloaded
    assert (copy.folder / "s.yaml").read_text() == "fine"
    assert scene.server.asked[-1].headers.get("if-none-match") is None


def changed(file: Path) -> None:
    file.write_text("other")


def longer(file: Path) -> None:
    (file.parent / "more").write_text("x")


def linked(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/hostname")


@pytest.mark.parametrize("damage", [changed, longer, linked, Path.unlink])
def test_a_damaged_copy_is_made_anew(scene: Scene, damage: object) -> None:
    copy = scene.fetch()
    assert callable(damage)
    damage(copy.folder / "s.yaml")
    assert not scene.cache.entries()[0].whole
    with pytest.raises(FetchError, match="no copy"):
        scene.fetch(offline=True)
    again = scene.fetch()
    assert again.downloaded
    assert (names(again), (again.folder / "s.yaml").read_text()) == ({"s.yaml", "old"}, "fine")


@pytest.mark.parametrize("words", [b"", b"[]", b"{}", b'{"form": 1, "validators": {}}', b"\xff"])
def test_words_that_were_changed_are_no_words(scene: Scene, words: bytes) -> None:
    scene.fetch()
    (index,) = (scene.root / "index").iterdir()
    index.write_bytes(words)
    assert scene.cache.entries() == ()
    assert scene.fetch().downloaded
    text = index.read_text()
    index.write_text(text.replace(sha256(FIRST), "../../../" + "a" * 55))
    assert scene.cache.entries() == ()


def test_a_refused_archive_leaves_the_old_copy(scene: Scene) -> None:
    scene.fetch()
    scene.serve(tgz(OK, OK), '"2"')
    with pytest.raises(ArchiveError, match="twice"):
        scene.fetch()
    assert names(scene.fetch(offline=True)) == {"s.yaml", "old"}
    assert list((scene.root / "staging").iterdir()) == []


def test_entries_and_clear(scene: Scene) -> None:
    scene.fetch("/a.tgz?token=hush")
    scene.now += 5
    scene.fetch("/b.tgz")
    scene.fetch("/a.tgz?token=hush")
    ours = {kept.url: kept for kept in scene.cache.entries()}
    kept = ours[scene.server.url("/a.tgz")]
    assert (kept.size, kept.files, kept.fetched, kept.used) == (7, 2, 1000.0, 1005.0)
    everything = "".join(p.read_text() for p in scene.root.rglob("*") if p.is_file())
    assert "hush" not in everything + repr(ours)
    (gone,) = scene.cache.clear(scene.server.url("/b.tgz")).entries
    assert gone.url == scene.server.url("/b.tgz")
    assert names(scene.fetch("/a.tgz?token=hush", offline=True)), "another URL leads to it too"
    scene.serve(SECOND, '"2"')
    scene.fetch("/a.tgz?token=hush")
    cleared = scene.cache.clear()
    assert (len(cleared.entries), cleared.unnamed) == (1, 1)
    assert scene.cache.entries() == ()
    assert [p.name for p in scene.root.rglob("*") if p.parent.name != "locks"] == sorted(
        ["index", "locks", "objects", "staging"],
        key=[p.name for p in scene.root.iterdir()].index,
    )


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        Cache(tmp_path / "file").fetch(Source("http://127.0.0.1:9/"))
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
