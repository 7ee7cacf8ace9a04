"""Two addresses of one place are one, and what names no place is told."""

import pytest

from agentramp.address import place
from agentramp.errors import UsageError


@pytest.mark.parametrize(
    ("url", "origin", "with_port"),
    [
        ("https://EXAMPLE.com:443/x?y", "https://example.com", "example.com:443"),
        ("HTTPS://example.com.", "https://example.com", "example.com:443"),
        ("https://example.com:", "https://example.com", "example.com:443"),
        ("https://example.com:8443", "https://example.com:8443", "example.com:8443"),
        ("http://127.0.0.1:80/", "http://127.0.0.1", "127.0.0.1:80"),
        ("http://[::1]:3030", "http://[::1]:3030", "[::1]:3030"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]", "[2001:db8::1]:443"),
    ],
)
def test_one_place_has_one_form(url: str, origin: str, with_port: str) -> None:
    found = place(url, "the site")
    assert (found.origin, found.with_port) == (origin, with_port)
    assert found.origin == f"{found.scheme}://{found.netloc}"
    assert place(found.origin, "the site") == found


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com:99999",
        "https://example.com:x",
        "https://example.com:0",
        "http://127.0.0.1:0",
        "https://example.com:-1",
        "https://me:hush@example.com",
        "https://hush@example.com",
        "https://...",
        "https://exa mple.com",
        "https://evil.com\\",
        "https://a%2fb",
        "https://[::1",
        "http://example.com",
        "example.com",
        "",
    ],
)
def test_what_names_no_place_is_told(url: str) -> None:
    with pytest.raises(UsageError, match="the site") as caught:
        place(url, "the site")
    assert "hush" not in caught.value.message + caught.value.advice
