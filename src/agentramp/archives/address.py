"""Where an archive comes from, and how much of that may be told."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from agentramp.address import place
from agentramp.archives.errors import FetchError
from agentramp.errors import UsageError

_SHA256: Final = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_IN_ADDRESSES: Final = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class Source:
    """An archive's URL, and the sha256 it has to have if that is known. Raises UsageError.

    The URL may hold a token in its query, so it is in no repr and only ``shown`` is ever told.
    """

    url: str = field(repr=False)
    sha256: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", checked(self.url))
        if self.sha256 is not None:
            object.__setattr__(self, "sha256", checked_sha256(self.sha256))

    @property
    def key(self) -> str:
        """The whole address, port and query too: two that differ in anything are two."""
        return hashlib.sha256(self.url.encode()).hexdigest()

    @property
    def shown(self) -> str:
        return shown(self.url)


def checked(url: str) -> str:
    """``url`` in the one form of it that is a key; raises UsageError where nobody should ask it."""
    if not (url.isascii() and url.isprintable() and " " not in url):
        raise UsageError(
            "the URL of the archive holds a space or a character that no URL may hold",
            advice="write such characters in percent encoding, as a browser's address line does",
        )
    parts, where = urlsplit(url), place(url, "the archive")
    return urlunsplit((where.scheme, where.netloc, parts.path or "/", parts.query, ""))


def origin(url: str) -> str:
    return place(url, "the archive").origin


def redirected(url: str, location: str) -> str:
    """Where ``url`` leads on to; raises FetchError where nobody should follow."""
    if not location:
        raise FetchError(
            f"{shown(url)} redirects, and does not say where to",
            advice="give the address of the file itself",
        )
    # Raw letters and spaces stand there often; the octets are the server's own, and stay so.
    octets = location.encode("latin-1", "replace")
    try:
        further = checked(urljoin(url, quote(octets, safe=_IN_ADDRESSES)))
    except (UsageError, ValueError) as error:
        raise FetchError(
            f"{shown(url)} redirects to where nothing is fetched from",
            advice="an archive comes by https, or from this machine; give another address",
        ) from error
    if url.startswith("https:") and not further.startswith("https:"):
        raise FetchError(
            f"{shown(url)} redirects from https to http",
            advice="what comes unencrypted could be changed on its way; give another address",
        )
    return further


def shown(url: str) -> str:
    """As much of it as is no secret: neither query nor user."""
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return place if place.isprintable() else parts.netloc


def checked_sha256(text: str) -> str:
    match = _SHA256.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            "what the archive's sha256 has to be is no sha256", advice="it is 64 digits 0-9, a-f"
        )
    return match[1].lower()
