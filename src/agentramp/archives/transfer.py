"""One archive comes over the network into a file: bounded in size and time, and as it was sent.

Redirects are followed by hand, so that each address is checked and no token goes along.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3

from agentramp.archives.address import origin, redirected, shown
from agentramp.archives.errors import FetchError
from agentramp.archives.limits import MIB, Limits, size
from agentramp.archives.tokens import Token, accepted
from agentramp.exchange import AGENT, Bearer, ExchangeError, is_near, trouble
from agentramp.progress import Progress
from agentramp.timely import timely, within

_PART: Final = 64 * 1024
_TOLD_EVERY: Final = 16 * MIB
_SAID: Final = 200
_SAID_SECONDS: Final = 10.0
_LEAST_SECRET: Final = 8
"""Characters: what is shorter stands in many words."""
_UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_DIGITS: Final = 18
_HIDDEN: Final = frozenset({401, 403, 404})


@dataclass(frozen=True)
class Validators:
    """What the server said of the copy that is here, by which it knows whether it has another.

    They are for the address that gave it, which a redirect may have led to: what another one has
    can be older and yet be new here. ``place`` is a digest of that address, as it may hold a
    secret: of all of it for a time; for an ETag without the query, which holds a new signature each
    time where GitHub leads to.
    """

    etag: str = ""
    last_modified: str = ""
    place: str = ""

    @classmethod
    def given(cls, url: str, headers: Mapping[str, str]) -> "Validators":
        if etag := headers.get("ETag", ""):
            return cls(etag=etag, place=_digest(url.partition("?")[0]))
        said = headers.get("Last-Modified", "")
        return cls(last_modified=said, place=_digest(url)) if said else cls()

    def headers(self, url: str) -> Mapping[str, str]:
        """What is said of it where ``url`` is asked."""
        if self.etag and self.place == _digest(url.partition("?")[0]):
            return {"If-None-Match": self.etag}
        if self.last_modified and self.place == _digest(url):
            return {"If-Modified-Since": self.last_modified}
        return {}


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


@dataclass(frozen=True)
class Arrived:
    """A whole archive, in the file that was named."""

    sha256: str
    size: int
    validators: Validators


@dataclass(frozen=True)
class Request:
    """What is asked for, and what it may take. ``known`` is what is here already."""

    url: str = field(repr=False)
    token: Token | None
    known: Validators
    limits: Limits
    progress: Progress


def transferred(request: Request, into: Path) -> Arrived | None:
    """The archive in the file ``into``; None where what is known still is what the server has.

    Raises UnreachableError where nobody answers, ExchangeError, FetchError.
    """
    ends = time.monotonic() + request.limits.download_seconds
    secret = request.token.shown_to(request.url) if request.token else None
    try:
        return _asked(request, _Way(request.url, secret, ends), into)
    except _HiddenError as hidden:
        other = request.token.elsewhere(request.url) if request.token and secret else None
        if other is None:
            raise hidden.told from None
        return _asked(request, _Way(other, secret, ends), into)


@dataclass(frozen=True)
class _Way:
    """``ends`` is on the monotonic clock."""

    url: str = field(repr=False)
    secret: str | None = field(repr=False)
    ends: float

    @property
    def left(self) -> float:
        return max(self.ends - time.monotonic(), 0.001)


class _HiddenError(Exception):
    """GitHub says so of what it does not show, which may be had another way."""

    def __init__(self, told: FetchError) -> None:
        super().__init__(told.message)
        self.told = told


def _asked(request: Request, way: _Way, into: Path) -> Arrived | None:
    for _ in range(request.limits.redirects + 1):
        with timely(requests.Session(), request.limits.stall_seconds) as session:
            answer = _answer(session, request, way)
            with answer:
                if answer.status_code not in _REDIRECTS:
                    return _taken(answer, request, way, into)
                way = _further(way, answer.headers.get("Location", ""))
    raise FetchError(
        f"{shown(request.url)} redirects more than {request.limits.redirects} times",
        advice="usual cause: it wants to be signed in to; give the address of the file itself",
    )


def _answer(session: requests.Session, request: Request, way: _Way) -> requests.Response:
    # A proxy of the environment is for the way out, never for this machine.
    session.trust_env = not is_near(way.url)
    try:
        return session.get(
            way.url,
            headers={
                "User-Agent": AGENT,
                "Accept": accepted(way.url),
                "Accept-Encoding": "identity",
                **request.known.headers(way.url),
            },
            auth=Bearer(way.secret),
            timeout=within(way.left),
            allow_redirects=False,
            stream=True,
        )
    except (requests.RequestException, ValueError) as error:
        limits = request.limits
        late = time.monotonic() >= way.ends or limits.stall_seconds > limits.download_seconds
        seconds = limits.download_seconds if late else limits.stall_seconds
        raise trouble(way.url, error, seconds) from error


def _further(way: _Way, location: str) -> _Way:
    """The next address; a token stays behind unless it is the very host that was asked."""
    url = redirected(way.url, location)
    return _Way(url, way.secret if origin(url) == origin(way.url) else None, way.ends)


def _taken(answer: requests.Response, request: Request, way: _Way, into: Path) -> Arrived | None:
    status = answer.status_code
    if status == HTTPStatus.NOT_MODIFIED and request.known.headers(way.url):
        return None
    if status != HTTPStatus.OK:
        told = _status(answer, way)
        raise _HiddenError(told) if status in _HIDDEN else told
    whole = _length(answer, request)
    with into.open("xb") as file:
        arrived = _received(answer, request, way, _Receiver(file, whole))
    if whole is not None and arrived.size != whole:
        raise FetchError(
            f"{shown(request.url)} sent {arrived.size} of {whole} bytes",
            advice="the transfer was cut; run it again",
        )
    return arrived


def _length(answer: requests.Response, request: Request) -> int | None:
    text = answer.headers.get("Content-Length", "")
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0")
    if len(digits) > _MOST_DIGITS:
        raise _too_large(request, f"a length of {len(digits)} digits")
    whole = int(digits or "0")
    if whole > request.limits.download:
        raise _too_large(request, size(whole))
    return whole


def _too_large(request: Request, much: str) -> FetchError:
    return FetchError(
        f"{shown(request.url)} has {much}, and {size(request.limits.download)} are the most",
        advice="raise --max-size if it is meant to be so large",
    )


@dataclass(frozen=True)
class _Receiver:
    file: BinaryIO
    whole: int | None


def _received(
    answer: requests.Response, request: Request, way: _Way, receiver: _Receiver
) -> Arrived:
    digest, count, told = hashlib.sha256(), 0, 0
    title = f"fetching {urlsplit(request.url).netloc}"
    try:
        # As they were sent: a .tar.gz that is said to be encoded with gzip is still a .tar.gz.
        while part := answer.raw.read1(_PART, decode_content=False):  # late is a TimeoutError
            count += len(part)
            if count > request.limits.download:
                raise _too_large(request, f"more than {size(count - 1)}")
            digest.update(part)
            receiver.file.write(part)
            if receiver.whole:
                request.progress.advance(title, count, receiver.whole)
            elif count - told >= _TOLD_EVERY:
                told = count
                request.progress.say(f"{title}: {size(count)} so far")
    except (TimeoutError, urllib3.exceptions.ReadTimeoutError) as error:
        raise _slow(request, way, count) from error
    except urllib3.exceptions.HTTPError as error:
        raise ExchangeError(
            f"{shown(request.url)} broke off after {size(count)}", advice="run it again"
        ) from error
    return Arrived(digest.hexdigest(), count, Validators.given(way.url, answer.headers))


def _slow(request: Request, way: _Way, count: int) -> FetchError:
    limits = request.limits
    late = time.monotonic() >= way.ends
    return FetchError(
        f"{shown(request.url)} sent {size(count)} and "
        + (
            f"was not done in {limits.download_seconds:g} s"
            if late
            else f"then nothing for {limits.stall_seconds:g} s"
        ),
        advice="run it again; nothing of it was kept",
    )


def _status(answer: requests.Response, way: _Way) -> FetchError:
    status = answer.status_code
    named = answer.reason if (answer.reason or "").isprintable() else ""
    said = _said(answer, way)
    words = f": {said}" if said else ""
    return FetchError(
        f"{shown(way.url)} answered {status} {named}".rstrip() + words,
        advice=(
            "look whether the address is right; GitHub answers so for what it does not show:"
            " set GITHUB_TOKEN to one that may read it"
            if status in _HIDDEN
            else "no copy from the cache is used instead, as the server is there; try again later"
        ),
    )


def _secrets(way: _Way) -> list[str]:
    """What a server may say again of what it was asked; the longest first."""
    query = urlsplit(way.url).query
    asked = (query, *(value for _, value in parse_qsl(query)))
    found = [text for text in asked if len(text) >= _LEAST_SECRET]
    return sorted([*found, *([way.secret] if way.secret else [])], key=len, reverse=True)


def _said(answer: requests.Response, way: _Way) -> str:
    """The beginning of what it says, if that is for people: no page for a browser, no bytes."""
    start, until = b"", time.monotonic() + _SAID_SECONDS
    try:
        while len(start) < 4 * _SAID and time.monotonic() < until:
            part = answer.raw.read1(4 * _SAID, decode_content=False)
            if not part:
                break
            start += part
    except (TimeoutError, urllib3.exceptions.HTTPError):
        return ""
    text = " ".join(start.decode("utf-8", "replace").split()).rstrip(_UNREADABLE)
    is_page = "html" in answer.headers.get("Content-Type", "").lower() or text.startswith("<")
    if is_page or _UNREADABLE in text:
        return ""
    text = "".join(letter for letter in text if letter.isprintable())
    for secret in _secrets(way):
        text = text.replace(secret, "***")
    return text if len(text) <= _SAID else f"{text[:_SAID]}…"
