"""Which addresses are asked at all, and how much of one is ever told."""

import pytest

from agentramp.archives.address import Source, redirected
from agentramp.archives.errors import FetchError
from agentramp.archives.tokens import Token, accepted, private
from agentramp.errors import UsageError

API = "https://api.github.com/repos/o/r"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.tgz",
        "ftp://example.com/a.tgz",
        "file:///etc/passwd",
        "https://me:hush@example.com/a.tgz",
        "https://me@example.com/a.tgz",
        "https:///a.tgz",
        "https://example.com:99999/a.tgz",
        "https://example.com/a b",
        "https://example.com/a\n",
        "https://ex\u00e4mple.com/",
        "http://127.0.0.1.example.com/",
        "a.tgz",
        "",
    ],
)
def test_what_is_not_asked(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Source(url)
    assert "hush" not in caught.value.message + caught.value.advice


def test_one_address_is_one_key() -> None:
    same = {"HTTPS://Example.com:443/a?b=1#c", "https://example.com/a?b=1"}
    assert len({Source(url).key for url in same}) == 1
    others = {
        "https://example.com/a",
        "https://example.com/A?b=1",
        "https://example.com:8443/a?b=1",
    }
    assert len({Source(url).key for url in same | others}) == 4


def test_a_query_is_never_told() -> None:
    source = Source("https://example.com/a.tgz?token=hush")
    assert source.shown == "https://example.com/a.tgz"
    assert "hush" not in repr(source)


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, "sha512:" + "0" * 64])
def test_what_is_no_digest(digest: str) -> None:
    with pytest.raises(UsageError, match="no sha256"):
        Source("https://example.com/", digest)


def test_where_a_redirect_may_lead() -> None:
    asked = "https://github.com/o/r/archive/main.zip?token=hush"
    assert redirected(asked, "/x") == "https://github.com/x"
    assert redirected(asked, "https://codeload.github.com/x?y=1").endswith("/x?y=1")
    for location in (
        "http://127.0.0.1/x",
        "http://github.com/x",
        "file:///etc/passwd",
        "https://a:b@c/",
    ):
        with pytest.raises(FetchError, match="redirects") as caught:
            redirected(asked, location)
        assert "hush" not in caught.value.message


@pytest.mark.parametrize(
    ("page", "api"),
    [
        ("https://github.com/o/r/archive/main.tar.gz", f"{API}/tarball/main"),
        ("https://github.com/o/r/archive/refs/heads/a/b.zip", f"{API}/zipball/refs/heads/a/b"),
        ("https://github.com/o/r/archive/refs/tags/v1.0.tgz", f"{API}/tarball/refs/tags/v1.0"),
        ("https://codeload.github.com/o/r/tar.gz/v1", f"{API}/tarball/v1"),
        ("https://codeload.github.com/o/r/legacy.zip/refs/heads/x", f"{API}/zipball/refs/heads/x"),
        ("https://github.com/o/r/releases/download/v1/a.tgz", None),
        ("https://github.com.example.com/o/r/archive/main.zip", None),
        (f"{API}/tarball/main", None),
    ],
)
def test_where_a_private_archive_is_to_be_had(page: str, api: str | None) -> None:
    assert private(page) == api


def test_an_asset_is_asked_for_itself() -> None:
    assert accepted(f"{API}/releases/assets/12") == "application/octet-stream"
    assert accepted(f"{API}/tarball/main") == "*/*"


def test_a_token_is_for_its_hosts() -> None:
    token = Token("hush")
    assert token.shown_to("https://github.com/o/r/archive/x.zip") == "hush"
    assert token.shown_to(f"{API}/tarball/main") == "hush"
    for url in (
        "https://github.com.evil.com/",
        "https://objects.githubusercontent.com/",
        "https://x/",
    ):
        assert token.shown_to(url) is None
    assert "hush" not in repr(token)
    with pytest.raises(UsageError, match="GITHUB_TOKEN"):
        Token("hu\nsh")
