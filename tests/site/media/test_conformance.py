"""Media in memory and the TUS client before a real TUS server answer alike."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentramp.site.media.memory_media import MemoryMedia
from agentramp.site.media.port import Media, MediaError, UploadGoneError
from agentramp.site.media.tus import TusMedia
from agentramp.site.pages.document import Picture
from agentramp.site.tokens import Token
from tests.site import kit_emulator, tus_server


@pytest.fixture(scope="module")
def tus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TusMedia, Path]]:
    kept = tmp_path_factory.mktemp("kept")
    with tus_server.running(kept) as tus, kit_emulator.running(tus.start) as site:
        yield TusMedia(site.url, "/media", Token.of(site.url, kit_emulator.TOKEN)), kept


@pytest.fixture(params=["memory", "tus"])
def media(request: pytest.FixtureRequest) -> Media:
    if request.param == "memory":
        return MemoryMedia()
    media, kept = request.getfixturevalue("tus")
    for file in kept.iterdir():
        file.unlink()
    assert isinstance(media, TusMedia)
    return media


def picture(folder: Path, content: bytes = b"0123456789") -> Picture:
    file = folder / "p.png"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Picture(file, "p.png", digest, len(content), "image/png")


def test_a_picture_goes_in_parts_and_is_announced_once(media: Media, tmp_path: Path) -> None:
    one = picture(tmp_path)
    begun = media.begin(one)
    assert (begun.offset, begun.url) == (0, "")
    assert media.offset(begun.location) == 0
    assert media.send(begun.location, one, 0, b"0123").offset == 4
    assert media.offset(begun.location) == 4
    with pytest.raises(MediaError) as wrong:
        media.send(begun.location, one, 2, b"2345")
    assert wrong.value.again
    whole = media.send(begun.location, one, 4, b"456789")
    assert whole.offset == 10
    assert whole.url
    assert not media.is_gone(whole.url)
    assert media.is_gone(whole.url + "x")
    again = media.begin(one)
    assert (again.url, again.offset) == (whole.url, 10)


def test_what_was_never_begun_is_gone(media: Media, tmp_path: Path) -> None:
    one = picture(tmp_path)
    begun = media.begin(one)
    nowhere = begun.location + "0"
    with pytest.raises(UploadGoneError):
        media.offset(nowhere)
    with pytest.raises(UploadGoneError):
        media.send(nowhere, picture(tmp_path, b"other"), 0, b"other")
