"""The TUS client before a server that does not keep to what a Media Kit does."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentramp.errors import UsageError
from agentramp.site.media.port import MediaError, UploadGoneError
from agentramp.site.media.tus import TusMedia, is_address
from agentramp.site.pages.document import Picture
from agentramp.site.tokens import Token
from tests.site import kit_emulator
from tests.site.kit_emulator import Emulator, Fault

POST, PATCH, HEAD = "POST", "PATCH", "HEAD"


@pytest.fixture(scope="module")
def site() -> Iterator[Emulator]:
    with kit_emulator.running(lambda _: "127.0.0.1:9") as site:
        yield site


@pytest.fixture
def media(site: Emulator) -> TusMedia:
    site.faults.clear()
    return TusMedia(site.url, "/media", Token.of(site.url, kit_emulator.TOKEN))


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    file = tmp_path / "p.png"
    file.write_bytes(b"0123")
    return Picture(file, "p.png", hashlib.sha256(b"0123").hexdigest(), 4, "image/png")


def told(site: Emulator, status: int, tree: Any = None, headers: Any = ()) -> None:
    body = b"" if tree is None else json.dumps(tree).encode()
    for method in (POST, PATCH, HEAD):
        site.faults.append(Fault(method, "/media", status, body=body, headers=dict(headers)))


@pytest.mark.parametrize("location", ["https://elsewhere.example/1", "//127.0.0.1:1/x"])
def test_a_token_stays_at_its_site(
    site: Emulator, media: TusMedia, picture: Picture, location: str
) -> None:
    told(site, 201, None, {"Location": location})
    with pytest.raises(MediaError, match=r"wants p\.png sent to"):
        media.begin(picture)
    with pytest.raises(UploadGoneError):
        media.offset(location)
    with pytest.raises(UsageError, match="is not sent to"):
        media.send("https://elsewhere.example/1", picture, 0, b"0123")


@pytest.mark.parametrize(
    ("status", "then"),
    [
        *((status, "ends") for status in (401, 403, 413, 415, 302)),
        *((status, "again") for status in (423, 429, 500, 503)),
    ],
)
def test_what_may_be_asked_again_and_what_not(
    site: Emulator, media: TusMedia, picture: Picture, status: int, then: str
) -> None:
    told(site, status)
    with pytest.raises(MediaError) as refused:
        media.begin(picture)
    assert refused.value.again is (then == "again")
    assert str(status) in refused.value.message


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x/y", "//x/y", "/a b", "x" * 3000, 7, "https://x/\n"]
)
def test_an_address_that_no_page_may_have(
    site: Emulator, media: TusMedia, picture: Picture, url: Any
) -> None:
    told(site, 200, {"url": url})
    with pytest.raises(MediaError, match="an address of a picture that is none"):
        media.begin(picture)


@pytest.mark.parametrize("tree", [None, [], {"url": ""}, {"other": 1}, "x"])
def test_an_answer_that_says_nothing(
    site: Emulator, media: TusMedia, picture: Picture, tree: Any
) -> None:
    told(site, 200, tree)
    with pytest.raises(MediaError, match="does not say where it is"):
        media.begin(picture)


def test_a_site_that_calls_itself_by_another_scheme_is_asked_as_before(
    site: Emulator, media: TusMedia, picture: Picture
) -> None:
    near = site.url.replace("http://", "https://") + "/media/api/uploads/1"
    told(site, 201, None, {"Location": near})
    assert media.begin(picture).location == f"{site.url}/media/api/uploads/1"


@pytest.mark.parametrize("status", [404, 410])
def test_a_site_that_takes_no_uploads(
    site: Emulator, media: TusMedia, picture: Picture, status: int
) -> None:
    told(site, status)
    with pytest.raises(MediaError, match="takes no uploads at /media/api/uploads") as refused:
        media.begin(picture)
    assert (refused.value.again, isinstance(refused.value, UploadGoneError)) == (False, False)


@pytest.mark.parametrize(("status", "gone"), [(404, "gone"), (503, "gone"), (200, ""), (405, "")])
def test_whether_a_picture_is_shown(
    site: Emulator, media: TusMedia, status: int, gone: str
) -> None:
    told(site, status)
    assert media.is_gone("/media/uploads/p.png") is bool(gone)
    assert media.is_gone("http://127.0.0.1:9/p.png"), "nobody is there"
    assert media.is_gone("ftp://cdn.example/p.png")


def test_a_last_part_that_the_site_has_not(
    site: Emulator, media: TusMedia, picture: Picture
) -> None:
    told(site, 204, None, {"Upload-Offset": "0"})
    assert media.send(f"{media.url}/x", picture, 0, b"0123").offset == 0


def test_an_offset_that_is_no_number(site: Emulator, media: TusMedia) -> None:
    site.faults.append(Fault(HEAD, "/media", 200, headers={"Upload-Offset": "-1"}))
    with pytest.raises(MediaError, match="how much"):
        media.offset(f"{site.url}/media/api/uploads/x")


def test_no_token_is_in_what_is_shown(media: TusMedia) -> None:
    assert kit_emulator.TOKEN not in repr(media)


def test_addresses() -> None:
    assert is_address("https://cdn.example/x.png?w=1")
    assert is_address("/uploads/x.png")
    assert not is_address('/x".png')
