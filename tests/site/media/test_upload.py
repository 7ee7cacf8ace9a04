"""Pictures are sent once, from where the line broke, and a picture that fails is a failure."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentramp.errors import RefusedError
from agentramp.site.media.memory_media import MemoryMedia
from agentramp.site.media.port import Begun, Media, MediaError, Sent, UploadGoneError
from agentramp.site.media.upload import Uploads
from agentramp.site.pages.document import Picture
from agentramp.site.published import Published, PublishedAt

SITE = "https://site.example"


def pictures(folder: Path, *contents: bytes) -> list[Picture]:
    found = []
    for number, content in enumerate(contents):
        file = folder / f"{number}.png"
        file.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        found.append(Picture(file, file.name, digest, len(content), "image/png"))
    return found


@dataclass
class Troubled(MemoryMedia):
    """``troubles`` come in turn, one before each part is taken; None is none."""

    troubles: list[MediaError | None] = field(default_factory=list)
    announced: int = 0

    def begin(self, picture: Picture) -> Begun:
        self.announced += 1
        return super().begin(picture)

    def send(self, location: str, picture: Picture, offset: int, part: bytes) -> Sent:
        trouble = self.troubles.pop(0) if self.troubles else None
        if isinstance(trouble, UploadGoneError):
            self.forget(location)
        elif trouble is not None:
            raise trouble
        return super().send(location, picture, offset, part)


@dataclass
class Desk:
    folder: Path
    waits: list[float] = field(default_factory=list)

    @property
    def memory(self) -> PublishedAt:
        return Published(self.folder / "memory.json").at(SITE)

    def uploads(self, media: Media, part_bytes: int = 4) -> Uploads:
        return Uploads(media, self.memory, self.waits.append, lambda: 0.5, part_bytes=part_bytes)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def again() -> MediaError:
    return MediaError("the line broke", again=True)


def test_each_picture_once_and_none_the_second_time(desk: Desk) -> None:
    media = MemoryMedia()
    every = pictures(desk.folder, b"0123456789", b"abc", b"0123456789")
    first = desk.uploads(media).bring(every)
    assert sorted(media.whole.values()) == [b"0123456789", b"abc"]
    assert (first.sent, sorted(media.sent)) == (2, [2, 3, 4, 4])
    second = desk.uploads(media).bring(every)
    assert (second.sent, second.urls, len(media.sent)) == (0, first.urls, 4)


def test_what_the_site_lost_is_sent_again(desk: Desk) -> None:
    media = MemoryMedia()
    every = pictures(desk.folder, b"0123")
    desk.uploads(media).bring(every)
    media.whole.clear()
    assert desk.uploads(media).bring(every).sent == 1
    assert list(media.whole.values()) == [b"0123"]


def test_a_line_that_breaks_is_waited_for_longer_each_time(desk: Desk) -> None:
    media = Troubled(troubles=[again(), again(), None, again()])
    desk.uploads(media).bring(pictures(desk.folder, b"01234567"))
    assert desk.waits == [1.0, 2.0, 1.0], "what came through begins it anew"
    assert (media.sent, media.announced) == ([4, 4], 1)


def test_patience_ends_and_the_next_run_sends_the_rest(desk: Desk) -> None:
    media = Troubled(troubles=[None, *(again() for _ in range(5))])
    every = pictures(desk.folder, b"0123456789")
    with pytest.raises(MediaError, match=r"0\.png could not be sent: the line broke"):
        desk.uploads(media).bring(every)
    assert media.whole == {}
    desk.uploads(media).bring(every)
    assert (list(media.whole.values()), media.sent) == ([b"0123456789"], [4, 4, 2])
    assert media.announced == 1


def test_an_upload_that_the_site_forgot_begins_anew(desk: Desk) -> None:
    media = Troubled(troubles=[None, UploadGoneError("gone")])
    desk.uploads(media).bring(pictures(desk.folder, b"0123456789"))
    assert list(media.whole.values()) == [b"0123456789"]
    assert media.announced == 2


def test_a_refusal_is_told_at_once_with_what_is_missing(desk: Desk) -> None:
    media = Troubled(troubles=[MediaError("too large", advice="make it smaller")])
    with pytest.raises(MediaError) as refused:
        desk.uploads(media).bring(pictures(desk.folder, b"0123"))
    assert (refused.value.message, refused.value.advice) == ("too large", "make it smaller")
    assert desk.waits == []


def test_one_that_fails_fails_all(desk: Desk) -> None:
    class Refusing(MemoryMedia):
        def begin(self, picture: Picture) -> Begun:
            if picture.size == 1:
                raise MediaError(f"{picture.name} is refused")
            return super().begin(picture)

    every = pictures(desk.folder, b"0", *(bytes([65 + number]) * 9 for number in range(30)))
    with pytest.raises(MediaError, match=r"^0\.png is refused"):
        desk.uploads(Refusing()).bring(every)


def test_a_memory_that_is_none_costs_no_more_than_sending(desk: Desk) -> None:
    media = MemoryMedia()
    every = pictures(desk.folder, b"0123")
    for text in ("", "[1]", "{", '{"sites": 3}', '{"sites":{"' + SITE + '":{"pictures":[]}}}'):
        (desk.folder / "memory.json").write_text(text)
        media.whole.clear()
        assert desk.uploads(media).bring(every).sent == 1
    assert desk.memory.picture(every[0].sha256) in media.whole
    assert list(desk.folder.glob(".memory*")) == [], "no draft is left"


def test_no_draft_is_left_of_a_memory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "memory.json").mkdir()
    with pytest.raises(RefusedError, match="could not be written"):
        Published(tmp_path / "memory.json").at(SITE).begun("1", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["memory.json"]


def test_a_picture_that_shrinks_meanwhile_is_no_picture(desk: Desk) -> None:
    (one,) = pictures(desk.folder, b"0123456789")
    one.path.write_bytes(b"0123")
    with pytest.raises(MediaError, match="became shorter"):
        desk.uploads(MemoryMedia()).bring([one])
    one.path.unlink()
    with pytest.raises(MediaError, match="could not be read while it was sent: No such file"):
        desk.uploads(MemoryMedia()).bring([one])


@dataclass
class Lying(MemoryMedia):
    """Says ``offset`` whatever comes."""

    said: int = 0
    asked: int = 0

    def send(self, location: str, picture: Picture, offset: int, part: bytes) -> Sent:
        self.asked += 1
        return Sent(self.said)

    def offset(self, location: str) -> int:
        return 0


@pytest.mark.parametrize("said", [0, 9, -1])
def test_an_offset_that_does_not_go_on_is_not_believed_for_ever(desk: Desk, said: int) -> None:
    media = Lying(said=said)
    with pytest.raises(MediaError, match=f"says that it has {said} B of 0.png"):
        desk.uploads(media).bring(pictures(desk.folder, b"0123456789"))
    assert (media.asked, desk.waits) == (5, [1.0, 2.0, 4.0, 8.0])


def test_a_site_that_forgets_each_upload_is_left(desk: Desk) -> None:
    troubles = [None, UploadGoneError("gone")] * 9
    with pytest.raises(MediaError, match=r"could not be sent: there is no such upload"):
        desk.uploads(Troubled(troubles=list(troubles))).bring(pictures(desk.folder, b"01234567"))
    assert len(desk.waits) == 4
