"""Where an archive comes from, and how much of that may be told."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from agentramp.archives.errors import FetchError
from agentramp.errors import UsageError
from agentramp.exchange import check_address

_SHA256: Final = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_PORTS: Final = {"https": 443, "http": 80}


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


def is_url(text: str) -> bool:
    return re.match(r"https?://", text, re.IGNORECASE) is not None


def checked(url: str) -> str:
    """``url`` in the one form of it that is a key; raises UsageError where nobody should ask it."""
    if not (url.isascii() and url.isprintable() and " " not in url):
        raise UsageError(
            "the URL of the archive holds a space or a character that no URL may hold",
            advice="write such characters in percent encoding, as a browser's address line does",
        )
    check_address(url, "the archive")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise UsageError(
            "the URL of the archive holds a user or a password",
            advice="leave them out: URLs end up in logs; GITHUB_TOKEN serves private archives",
        )
    return urlunsplit((parts.scheme, netloc(parts), parts.path or "/", parts.query, ""))


def netloc(parts: SplitResult) -> str:
    """Host and port, in small letters and without the port that goes without saying."""
    try:
        port = parts.port
    except ValueError as error:
        raise UsageError(
            "the URL of the archive has no port that exists", advice="from 1 to 65535"
        ) from error
    named = (parts.hostname or "").lower()
    named = f"[{named}]" if ":" in named else named
    return named if port in {None, _PORTS.get(parts.scheme)} else f"{named}:{port}"


def origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, netloc(parts)


def redirected(url: str, location: str) -> str:
    """Where ``url`` leads on to; raises FetchError where nobody should follow."""
    try:
        further = checked(urljoin(url, location))
    except (UsageError, ValueError) as error:
        raise FetchError(
            f"{shown(url)} redirects to where nothing is fetched from",
            advice="an archive comes by https, or from this machine; give another address",
        ) from error
    if origin(url)[0] == "https" != origin(further)[0]:
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
