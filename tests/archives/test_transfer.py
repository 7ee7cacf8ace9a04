"""What comes over the network, against servers that do not do as they should."""

import gzip
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agentramp.archives.address import Source
from agentramp.archives.cache import Cache, Copy, Terms
from agentramp.archives.errors import FetchError
from agentramp.archives.limits import Limits
from agentramp.archives.tokens import Token
from agentramp.errors import RefusedError
from tests.archives.hostile import OK, tar, tgz
from tests.archives.shelf import Asked, Given, shelf

CONTENT = tgz(OK)


@dataclass(frozen=True)
class Fetcher:
    root: Path

    def __call__(self, url: str, limits: Limits | None = None, token: Token | None = None) -> Copy:
        terms = Terms(limits=limits or Limits(), token=token)
        return Cache(self.root / "cache").fetch(Source(url), terms)


@pytest.fixture
def fetch(tmp_path: Path) -> Fetcher:
    return Fetcher(tmp_path)


def to(location: str, status: int = 302) -> Given:
    return Given(b"", status, {"Location": location})


@pytest.mark.parametrize("packed", [CONTENT, gzip.compress(tar(OK), mtime=0)])
def test_what_is_said_to_be_encoded_is_kept_as_it_came(fetch: Fetcher, packed: bytes) -> None:
    with shelf(lambda _: Given(packed, headers={"Content-Encoding": "gzip"})) as server:
        copy = fetch(server.url())
    assert copy.sha256 == hashlib.sha256(packed).hexdigest()
    assert (copy.folder / "s.yaml").read_text() == "fine"
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_without_a_length(fetch: Fetcher) -> None:
    with shelf(lambda _: Given(CONTENT, length=None)) as server:
        assert fetch(server.url()).downloaded


@pytest.mark.parametrize(
    ("given", "limits", "why"),
    [
        (Given(CONTENT, length=len(CONTENT) + 9), Limits(), "sent|broke off"),
        (Given(CONTENT), Limits(download=50), "50 bytes are the most"),
        (Given(CONTENT, length=None), Limits(download=50), "50 bytes are the most"),
        (Given(status=304, length=None), Limits(), "answered 304"),
        (Given(CONTENT, status=206), Limits(), "answered 206 Partial Content$"),
        (Given(b"", status=204, length=None), Limits(), "answered 204"),
        (Given(b"<html>sign in</html>"), Limits(), "a page for a browser"),
        (to("http://example.com/x"), Limits(), "nothing is fetched from"),
        (to("file:///etc/passwd"), Limits(), "nothing is fetched from"),
        (to("https://a:hush@example.com/"), Limits(), "nothing is fetched from"),
        (Given(status=302), Limits(), "redirects, and does not say where to"),
        (to("/again"), Limits(), "more than 5 times"),
        (to("/again", 308), Limits(redirects=1), "more than 1 times"),
    ],
)
def test_what_is_refused(fetch: Fetcher, given: Given, limits: Limits, why: str) -> None:
    with shelf(lambda _: given) as server, pytest.raises(RefusedError, match=why) as caught:
        fetch(server.url("/agent.tgz?token=hush"), limits)
    assert "hush" not in caught.value.message + caught.value.advice
    assert len(server.asked) <= 6
    assert list((fetch.root / "cache" / "objects").iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(stall_seconds=0.2), r"then nothing for 0\.2 s"),
        (Limits(download_seconds=0.4), r"was not done in 0\.4 s"),
    ],
)
def test_a_server_that_stalls(fetch: Fetcher, limits: Limits, why: str) -> None:
    over = threading.Event()

    def wait() -> None:
        over.wait(60)

    with shelf(lambda _: Given(CONTENT, half_way=wait)) as server:
        with pytest.raises(FetchError, match=why):
            fetch(server.url(), limits)
        over.set()


def test_redirects_are_followed_and_the_token_stays(fetch: Fetcher) -> None:
    """As with GitHub: the page sends to another host, whose address carries a token of its own."""
    with shelf(lambda _: Given(CONTENT)) as other:

        def answer(asked: Asked) -> Given:
            if asked.path == "/page":
                return to("/moved")
            return to(other.url("/x?token=temporary"))

        with shelf(answer) as server:
            token = Token("hush", frozenset({f"127.0.0.1:{server.port}"}))
            assert fetch(server.url("/page"), token=token).downloaded
    assert [asked.headers.get("authorization") for asked in server.asked] == ["Bearer hush"] * 2
    assert [(asked.path, asked.headers.get("authorization")) for asked in other.asked] == [
        ("/x?token=temporary", None)
    ]


def test_a_token_is_not_shown_to_who_is_led_to(fetch: Fetcher) -> None:
    """Though it is one of the token's hosts: it was not the one that was asked."""
    with shelf(lambda _: Given(CONTENT)) as github, shelf(lambda _: to(github.url())) as first:
        token = Token("hush", frozenset({urlsplit(github.url()).netloc}))
        fetch(first.url(), token=token)
    for asked in (*github.asked, *first.asked):
        assert "authorization" not in asked.headers


def test_what_a_page_hides_is_had_elsewhere(fetch: Fetcher) -> None:
    def answer(asked: Asked) -> Given:
        if asked.path != "/api" or asked.headers.get("authorization") != "Bearer hush":
            return Given(b"Not Found: Bearer hush", 404)
        return Given(CONTENT)

    with shelf(answer) as server:
        place = frozenset({f"127.0.0.1:{server.port}"})
        elsewhere: Callable[[str], str | None] = {server.url("/page"): server.url("/api")}.get
        token = Token("hush", place, elsewhere)
        assert fetch(server.url("/page"), token=token).downloaded
        with pytest.raises(FetchError, match="answered 404") as caught:
            fetch(server.url("/other"), token=token)
        assert "hush" not in caught.value.message
        assert "GITHUB_TOKEN" in caught.value.advice
        with pytest.raises(FetchError, match="answered 404"):
            fetch(server.url("/page?x"))


def test_a_server_that_says_again_what_it_was_asked_tells_no_secret(fetch: Fetcher) -> None:
    def answer(asked: Asked) -> Given:
        return Given(f"no such key: s3cr&t-word, at {asked.path}".encode(), 403)

    with shelf(answer) as server, pytest.raises(FetchError, match="no such key: ") as caught:
        fetch(server.url("/a.tgz?v=1&signature=s3cr%26t-word"))
    assert "s3cr" not in caught.value.message
    assert "/a.tgz?***" in caught.value.message


def test_a_length_that_no_archive_has(fetch: Fetcher) -> None:
    given = Given(CONTENT, headers={"Content-Length": "9" * 5000}, length=None)
    with shelf(lambda _: given) as server, pytest.raises(FetchError, match="of 5000 digits, and"):
        fetch(server.url())


def test_silence_before_the_head_is_told_as_long_as_it_was(fetch: Fetcher) -> None:
    over = threading.Event()

    def wait(_: Asked) -> Given:
        over.wait(60)
        return Given(CONTENT)

    with shelf(wait) as server:
        with pytest.raises(RefusedError, match=r"did not answer within 0\.2 s") as caught:
            fetch(server.url(), Limits(stall_seconds=0.2))
        assert caught.value.advice == "run it again"
        over.set()


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/a b.tgz", "/a%20b.tgz"),
        ("/caf\u00e9.tgz", "/caf%E9.tgz"),
        ("/caf\u00c3\u00a9.tgz", "/caf%C3%A9.tgz"),
        ("/a%20b.tgz?x=%2F", "/a%20b.tgz?x=%2F"),
    ],
)
def test_a_redirect_is_followed_however_it_is_written(
    fetch: Fetcher, location: str, asked: str
) -> None:
    with shelf(lambda one: Given(CONTENT) if one.path != "/x" else to(location)) as server:
        assert fetch(server.url("/x")).downloaded
    assert server.asked[-1].path == asked
