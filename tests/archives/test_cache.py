"""One copy for each URL: fetched once, asked after, replaced whole, never believed when damaged."""

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import count
from pathlib import Path

import pytest

from agentramp.archives.address import Source
from agentramp.archives.cache import Cache, Cleared, Copy, Terms
from agentramp.archives.errors import ArchiveError, FetchError
from agentramp.archives.objects import UNUSED_SECONDS
from agentramp.archives.store import Known, Store
from agentramp.archives.transfer import Validators
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
        terms = Terms(progress=self.said, offline=offline, refresh=refresh)
        return self.cache.fetch(source, terms)

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
    folder = before.folder
    scene.serve(SECOND, '"2"')
    after = scene.fetch()
    assert (after.downloaded, names(after)) == (True, {"new"}), "nothing of the old one is left"
    scene.now += UNUSED_SECONDS + 1
    scene.fetch()
    assert names(before) == {"s.yaml", "old"}, "an agent may still run in it"
    del before
    scene.fetch()
    assert not folder.exists()
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
    copy = scene.cache.fetch(lost, Terms(progress=scene.said))
    assert (copy.folder, copy.downloaded) == (kept.folder, False)
    assert scene.said.lines[-1].startswith("warning: ")
    assert "cannot be reached" in scene.said.lines[-1]
    with pytest.raises(UnreachableError):
        scene.cache.fetch(lost, Terms(refresh=True))
    with pytest.raises(UnreachableError):
        scene.cache.fetch(Source(closed.url("/never")))
    asked = len(scene.server.asked)
    assert scene.cache.fetch(gone, Terms(offline=True)).folder == first.folder
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
    assert caught.value.advice.endswith("; --offline runs the copy that was fetched before")
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


@pytest.mark.parametrize("words", [b"", b"[]", b"{}", b'{"form": 2, "validators": {}}', b"\xff"])
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
    left = {path.name for path in scene.root.rglob("*") if path.parent.name != "locks"}
    assert left == {"agentramp-cache", "index", "locks", "objects", "staging"}


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        Cache(tmp_path / "file").fetch(Source("http://127.0.0.1:9/"))
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_what_others_keep_in_a_folder_is_left_alone(tmp_path: Path) -> None:
    theirs = ("staging/terraform/main.tf", "objects/models/weights.bin", "index/notes.txt")
    for name in theirs:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("mine")
    cache = Cache(tmp_path)
    for do in (
        lambda: cache.fetch(Source("http://127.0.0.1:9/"), Terms(offline=True)),
        cache.entries,
        cache.clear,
    ):
        with pytest.raises(UsageError, match="holds other things"):
            do()
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == set(theirs)


def test_of_a_cache_only_what_has_our_form_is_touched(scene: Scene) -> None:
    scene.fetch()
    theirs = [scene.root / name / "theirs" for name in ("staging", "objects", "index")]
    for path in theirs:
        path.mkdir()
        os.utime(path, (0, 0))
    (scene.root / "index" / "notes.json").write_text("{}")
    scene.now += UNUSED_SECONDS + 1
    scene.fetch()
    scene.cache.clear()
    assert all(path.is_dir() for path in theirs)
    assert (scene.root / "index" / "notes.json").exists()


def test_looking_makes_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "none")
    assert cache.entries() == ()
    assert cache.clear().entries == cache.clear("http://127.0.0.1:9/").entries == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("offline", [True, False])
def test_a_digest_says_nothing_of_what_the_url_gives(scene: Scene, *, offline: bool) -> None:
    scene.fetch("/a.tgz")
    scene.serve(SECOND, '"2"')
    scene.fetch("/b.tgz")
    assert names(scene.fetch("/a.tgz", sha256(SECOND))) == {"new"}, "it is what was asked for"
    scene.serve(FIRST, '"1"')
    copy = scene.fetch("/a.tgz", offline=offline)
    assert (names(copy), copy.downloaded) == ({"s.yaml", "old"}, False)


def test_with_a_digest_the_contents_are_read_again(scene: Scene) -> None:
    file = scene.fetch().folder / "s.yaml"
    before = file.stat()
    file.write_text("evil")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(FetchError, match="no copy"):
        scene.fetch(sha256=sha256(FIRST), offline=True)
    copy = scene.fetch(sha256=sha256(FIRST))
    assert copy.downloaded
    assert (copy.folder / "s.yaml").read_text() == "fine"


def test_nobody_loses_the_folder_it_runs_in(scene: Scene) -> None:
    """Neither as it is fetched again, nor as it is damaged by a file that the agent wrote."""
    running = scene.fetch()
    assert scene.fetch(refresh=True).folder == running.folder, "it is the same, and stays"
    (running.folder / "made.pyc").write_text("")
    again = scene.fetch()
    assert again.downloaded
    assert names(again) == {"s.yaml", "old"}
    scene.now += UNUSED_SECONDS + 1
    scene.fetch()
    assert names(running) == {"s.yaml", "old", "made.pyc"}
    folder = running.folder
    del running
    scene.fetch()
    assert not folder.exists()
    assert names(again) == {"s.yaml", "old"}


def test_what_was_kept_is_named_at_once(scene: Scene) -> None:
    """Else who clears all in between would take it from whoever has just fetched it."""
    store = Store(scene.root, lambda: 0.0, lambda: "1")
    store.make()
    with store.staging() as staged:
        (staged / "tree").mkdir()
        (staged / "tree" / "x").write_text("x")
        known = Known("0" * 64, "http://x/", "1" * 64, Validators(), 0.0, 0.0)
        kept, _lease = store.keep(known, staged / "tree", staged)
        assert store.forget_rest(staged) == 0
        assert kept.tree.is_dir()
        store.forget(known, staged)
        assert store.use(kept, 0.0, known, staged) is None, "it was cleared meanwhile"
        assert store.known() == ()


def test_clear_waits_for_the_first_fetch(scene: Scene) -> None:
    waiting, cleared = threading.Event(), list[Cleared]()

    class Waits(Said):
        def say(self, line: str) -> None:
            assert "waiting" in line
            waiting.set()

    url, other = scene.server.url("/a.tgz"), Cache(scene.root)
    clearing = threading.Thread(target=lambda: cleared.append(other.clear(url, Waits())))

    def half_way() -> None:
        clearing.start()
        assert waiting.wait(60)

    scene.server.answer = lambda _: Given(FIRST, half_way=half_way)
    scene.fetch()
    clearing.join(60)
    assert [len(one.entries) for one in cleared] == [1]
    assert scene.cache.entries() == ()


def test_validators_go_only_to_who_gave_them(scene: Scene) -> None:
    """A redirect leads to something older: its own time says nothing of it."""
    newer, older = "Tue, 02 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT"
    shelves = {"/2.tgz": (SECOND, newer), "/1.tgz": (FIRST, older)}
    leads = "/2.tgz"

    def answer(asked: Asked) -> Given:
        if asked.path == "/latest.tgz":
            return Given(status=302, headers={"Location": leads})
        content, when = shelves[asked.path]
        since = asked.headers.get("if-modified-since")
        if since and parsedate_to_datetime(when) <= parsedate_to_datetime(since):
            return Given(status=304, length=None)
        return Given(content, headers={"Last-Modified": when})

    scene.server.answer = answer
    assert names(scene.fetch("/latest.tgz")) == {"new"}
    assert not scene.fetch("/latest.tgz").downloaded
    leads = "/1.tgz"
    assert names(scene.fetch("/latest.tgz")) == {"s.yaml", "old"}
    sent = [asked.headers.get("if-modified-since") for asked in scene.server.asked]
    assert sent == [None, None, None, newer, None, None]


def test_an_etag_is_for_an_address_whatever_its_signature(scene: Scene) -> None:
    """As where GitHub leads to: the path stays and the query is new each time."""
    numbers = count()

    def answer(asked: Asked) -> Given:
        if asked.path == "/latest.tgz":
            return Given(status=302, headers={"Location": f"/x?signature=hush{next(numbers)}"})
        return tagged(FIRST, '"1"')(asked)

    scene.server.answer = answer
    assert scene.fetch("/latest.tgz").downloaded
    assert not scene.fetch("/latest.tgz").downloaded
    words = "".join(path.read_text() for path in (scene.root / "index").iterdir())
    assert "hush" not in words
