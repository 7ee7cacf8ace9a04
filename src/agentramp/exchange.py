"""One HTTP exchange: bounded in time and size, sent to the address that was named and nowhere else.

An address may hold a secret, so no message shows more of it than its host.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from agentramp import __version__
from agentramp.errors import RefusedError, UsageError
from agentramp.timely import timely, within

MOST_BYTES: Final = 8 * 1024 * 1024
_PART_BYTES: Final = 16 * 1024
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NEAR: Final = _LOOPBACK | {"100.100.100.200"}
AGENT: Final = f"agentramp/{__version__}"


class ExchangeError(RefusedError):
    """No whole answer came: no connection, too late, too large or broken off."""


class UnreachableError(ExchangeError):
    """Nobody was there to ask: what another answer would have said is not known."""


class TooLargeError(requests.RequestException):
    """The answer had not ended when it held ``most`` bytes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


class Sendable(Protocol):
    """A body that is read while it is sent; its length is known before."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class Letter:
    """What is sent. ``token`` goes into the Authorization header."""

    url: str = field(repr=False)
    content: bytes | Sendable = field(repr=False)
    content_type: str = "application/json"
    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"


@dataclass(frozen=True)
class Reply:
    """Seconds are from the sending to the body's first byte and to its last."""

    status: int
    content: bytes
    content_type: str
    first_byte: float
    duration: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By name in lower case."""
    reason: str = ""

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class Bearer(AuthBase):
    """Set here and not as a header, since requests lets a .netrc overrule a header."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return "an address that is none"


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def is_near(url: str) -> bool:
    """Whether ``url`` is on this machine, on its link, or the vendor's own metadata address."""
    try:
        named = urlsplit(url).hostname or ""
        return named in _NEAR or ip_address(named).is_loopback or ip_address(named).is_link_local
    except ValueError:
        return False


def check_address(url: str, what: str) -> None:
    """Raise UsageError unless ``url`` is https, or http to this machine."""
    try:
        parts = urlsplit(url)
        named = parts.hostname
        secure = parts.scheme == "https" or (parts.scheme == "http" and named in _LOOPBACK)
    except ValueError:
        named, secure = None, False
    if named and secure:
        return
    raise UsageError(
        f"the address of {what} ({host(url) or 'no host'}) is neither https nor on this machine",
        advice="write an https address; what is sent and believed must not be open to others",
    )


def check_token(token: str | None, what: str) -> None:
    """Raise UsageError where ``token`` cannot stand in a header; it is not shown."""
    if token is not None and not (token and token.isascii() and token.isprintable()):
        raise UsageError(
            f"the token of {what} is empty or holds characters that no header may hold",
            advice="usual cause: a line end after it in the secret; store it anew",
        )


def post(
    letter: Letter,
    *,
    timeout: float,
    most: int = MOST_BYTES,
    line: requests.Session | None = None,
    told: Callable[[int, bytes], None] | None = None,
) -> Reply:
    """Send and read the whole answer, whatever its status; raises ExchangeError.

    A redirect is an answer like others: what is sent goes to nobody else. ``line`` is kept open for
    who asks often. ``told`` is told the status and each part as it comes.
    """
    began = time.monotonic()
    try:
        with nullcontext(line) if line else requests.Session() as session:
            timely(session)
            # A proxy of the environment is for the way out, never for this machine.
            session.trust_env = not is_near(letter.url)
            with session.request(
                letter.method,
                letter.url,
                data=letter.content,
                headers={
                    "User-Agent": AGENT,
                    "Content-Type": letter.content_type,
                    **letter.headers,
                },
                auth=Bearer(letter.token),
                timeout=within(timeout),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return whole(answer, Bounds(began, most, timeout, told=told))
    except (requests.RequestException, ValueError) as error:
        raise trouble(letter.url, error, timeout) from error


def get(letter: Letter, *, timeout: float, most: int = MOST_BYTES) -> Reply:
    """As ``post``, for an address that is only read."""
    return post(replace(letter, method="GET"), timeout=timeout, most=most)


def get_date(url: str, *, timeout: float) -> float | None:
    """What the one who answers at ``url`` says the time is, in seconds since 1970-01-01 UTC.

    Whatever its status; None where it says nothing. Raises ExchangeError.
    """
    reply = get(Letter(url, b""), timeout=timeout)
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return None


@dataclass(frozen=True)
class Bounds:
    """``began`` is a moment of ``monotonic``; the last byte is there ``seconds`` after it."""

    began: float
    most: int = MOST_BYTES
    seconds: float = float("inf")
    monotonic: Callable[[], float] = time.monotonic
    told: Callable[[int, bytes], None] | None = None

    @property
    def passed(self) -> float:
        return self.monotonic() - self.began


def whole(answer: requests.Response, bounds: Bounds) -> Reply:
    """All of an answer that is being streamed; raises requests.RequestException."""
    content = bytearray()
    first_byte = None
    for part in _parts(answer):
        first_byte = bounds.passed if first_byte is None else first_byte
        content += part
        if len(content) > bounds.most:
            raise TooLargeError(bounds.most)
        if bounds.passed > bounds.seconds:
            raise requests.ReadTimeout
        if bounds.told:
            bounds.told(answer.status_code, part)
    duration = bounds.passed
    return Reply(
        status=answer.status_code,
        content=bytes(content),
        content_type=answer.headers.get("Content-Type", ""),
        first_byte=duration if first_byte is None else first_byte,
        duration=duration,
        headers={name.lower(): value for name, value in answer.headers.items()},
        reason=answer.reason or "",
    )


def _parts(answer: requests.Response) -> Iterator[bytes]:
    """Parts as they arrive: a full part may take for ever where an answer comes in drops."""
    if answer.raw.chunked:
        yield from answer.iter_content(_PART_BYTES)
        return
    try:
        while part := answer.raw.read1(_PART_BYTES, decode_content=True):
            yield part
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


def trouble(url: str, error: Exception, timeout: float) -> ExchangeError:
    """What a person is told of ``error``, with no more of ``url`` than its host."""
    match error:
        case requests.exceptions.ConnectTimeout():
            return UnreachableError(f"{host(url)} cannot be reached: no connection in time")
        case (
            requests.Timeout()
            | requests.ConnectionError(args=(ReadTimeoutError(), *_))
            | requests.ConnectionError(args=(ProtocolError(args=(_, TimeoutError())), *_))
        ):
            return _too_late(url, timeout)
        case TooLargeError(most=most):
            return ExchangeError(
                f"{host(url)} answered more than {most} bytes", advice="let it answer less"
            )
        case requests.exceptions.SSLError():
            return ExchangeError(
                f"{host(url)} shows a certificate that is not trusted",
                advice="usual cause: a private authority; set REQUESTS_CA_BUNDLE to its file",
            )
        case (
            requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError()
        ):
            return ExchangeError(f"the answer of {host(url)} broke off")
        case requests.ConnectionError():
            return UnreachableError(
                f"{host(url)} cannot be reached, or closed the connection without an answer"
            )
        case _:
            return ExchangeError(f"{host(url)} cannot be asked: {type(error).__name__}")


def _too_late(url: str, timeout: float) -> ExchangeError:
    return ExchangeError(f"{host(url)} did not answer within {timeout:g} s")
