"""Requests to GitHub's REST API: bounded in time, repeated where that is safe, never to a stranger.

Sources: "Using the REST API", "Rate limits for the REST API" and "Best practices" in GitHub's own
documentation.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

import requests

from agentramp.bookkeeping.patience import Patience
from agentramp.bookkeeping.port import BookkeepingError
from agentramp.errors import UsageError
from agentramp.exchange import ExchangeError, Letter, Reply, check_address, check_token, post

VERSION: Final = "2022-11-28"
PAGE: Final = 100
_ATTEMPTS: Final = 4
_TIMEOUT: Final = 5.0
_MOST_BYTES: Final = 8 * 1024 * 1024
_HOPS: Final = 3
_MOST_PAGES: Final = 30
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_NO_TIME_TOLD: Final = 60.0
"""Seconds that GitHub asks for where it limits and says no time."""
_SAID: Final = 200
_NO_REF: Final = "No ref found"
"""How GitHub begins where a deployment's commit is not there."""
_REPOSITORY: Final = re.compile(r"[a-z0-9][\w-]*/(?!\.{1,2}$)[\w.-]+", re.ASCII | re.IGNORECASE)


class UnsureError(BookkeepingError):
    """What was to be made may have been made: look before it is asked for again."""


class UnknownRefError(BookkeepingError):
    """A deployment was to be of a commit that GitHub does not know: it was never pushed."""


@dataclass(frozen=True)
class Repository:
    """``api`` is the address that paths are put after; ``name`` is ``owner/repository``."""

    api: str
    name: str
    token: str = field(repr=False)


class Client:
    """``permission`` in each call is what a refusal's advice names, such as deployments: write."""

    def __init__(self, repository: Repository, patience: Patience) -> None:
        """Raises BookkeepingError where the address or the token cannot be right."""
        try:
            check_address(repository.api, "GITHUB_API_URL")
            check_token(repository.token, "GITHUB_TOKEN")
        except UsageError as error:
            raise BookkeepingError(error.message, advice=error.advice) from error
        if not _REPOSITORY.fullmatch(repository.name):
            raise BookkeepingError(
                f"GITHUB_REPOSITORY is {repository.name!r}, and not owner/repository",
                advice="a workflow sets it; elsewhere set it by hand",
            )
        self._repository = repository
        self._root = f"{repository.api.rstrip('/')}/repos/{quote(repository.name)}"
        self.patience = patience
        self._line = requests.Session()

    def close(self) -> None:
        self._line.close()

    def pages(self, path: str, permission: str, **query: str) -> Iterator[list[Any]]:
        """Lists, in GitHub's order; a reader that has found what it wants asks for no more."""
        for number in range(1, _MOST_PAGES + 1):
            asked = {**query, "per_page": str(PAGE), "page": str(number)}
            found = self._read(f"{self._root}/{path}?{urlencode(asked)}", permission)
            if not isinstance(found, list):
                raise BookkeepingError("GitHub's API answered no list where one was asked for")
            yield found
            if len(found) < PAGE:
                return

    def viewer(self) -> object:
        """Who the token stands for; None where it may not ask, as a workflow's own may not."""
        reply = self._answer(self._letter("GET", f"{self._repository.api.rstrip('/')}/user"))
        return _parsed(reply) if reply.status == requests.codes.ok else None

    def make(self, path: str, body: Mapping[str, Any], permission: str) -> object:
        """Raises UnsureError where no answer tells whether it was made."""
        letter = self._letter("POST", f"{self._root}/{path}", body)
        return _parsed(self._accepted(letter, permission))

    def change(self, path: str, body: Mapping[str, Any], permission: str) -> None:
        self._accepted(self._letter("PATCH", f"{self._root}/{path}", body), permission)

    def remove(self, path: str, permission: str) -> None:
        """What is gone already is as it should be."""
        letter = self._letter("DELETE", f"{self._root}/{path}")
        reply = self._answer(letter)
        if reply.status != requests.codes.not_found:
            _check(reply, permission)

    def _read(self, url: str, permission: str) -> object:
        return _parsed(self._accepted(self._letter("GET", url), permission))

    def _accepted(self, letter: Letter, permission: str) -> Reply:
        reply = self._answer(letter)
        _check(reply, permission)
        return reply

    def _letter(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Letter:
        return Letter(
            url,
            b"" if body is None else json.dumps(body).encode(),
            token=self._repository.token,
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION},
            method=method,
        )

    def _answer(self, letter: Letter) -> Reply:
        """What GitHub says in the end, whatever it is; repeated where it may say another thing."""
        for attempt in range(_ATTEMPTS):
            reply = self._followed(letter)
            pause = self._pause(letter, reply, attempt)
            if pause is None and isinstance(reply, Reply):
                return reply
            if attempt == _ATTEMPTS - 1 or not self.patience.wait(pause or 0.0):
                raise self._in_vain(reply, is_last=attempt == _ATTEMPTS - 1)
        raise AssertionError  # the last attempt returns or raises

    def _pause(self, letter: Letter, reply: Reply | ExchangeError, attempt: int) -> float | None:
        """Seconds until it is worth asking again; None where the answer stands."""
        if isinstance(reply, Reply):
            limited = _limited(reply, self.patience.clock())
            if limited is not None:
                return limited
            if reply.status < requests.codes.internal_server_error:
                return None
        if letter.method == "POST":
            raise UnsureError(_why(reply))
        return self.patience.backoff(attempt)

    def _followed(self, letter: Letter) -> Reply | ExchangeError:
        """A renamed repository redirects, and GitHub asks to repeat the request as it was."""
        reply = self._sent(letter)
        for _ in range(_HOPS):
            if isinstance(reply, ExchangeError) or reply.status not in _REDIRECTS:
                break
            letter = self._redirected(letter, reply)
            reply = self._sent(letter)
        return reply

    def _redirected(self, letter: Letter, reply: Reply) -> Letter:
        target = urljoin(letter.url, reply.headers.get("location", ""))
        if urlsplit(target)[:2] != urlsplit(letter.url)[:2]:
            raise BookkeepingError(
                "GitHub's API redirects to another host, and the token is not sent there",
                advice="check GITHUB_API_URL",
            )
        return replace(letter, url=target)

    def _sent(self, letter: Letter) -> Reply | ExchangeError:
        if not self.patience.left:
            raise self.patience.over()
        try:
            return post(
                letter,
                timeout=min(_TIMEOUT, self.patience.left),
                most=_MOST_BYTES,
                line=self._line,
            )
        except ExchangeError as error:
            return error

    def _in_vain(self, reply: Reply | ExchangeError, *, is_last: bool) -> BookkeepingError:
        if isinstance(reply, Reply) and (rest := _limited(reply, self.patience.clock())):
            return BookkeepingError(
                f"GitHub's API limits the rate of requests for another {rest:.0f} s",
                advice="the next run writes down what is missing then",
            )
        if not is_last:
            return self.patience.over()
        return BookkeepingError(
            f"{_why(reply)}, and went on so", advice="the next run writes down what is missing"
        )


def _limited(reply: Reply, now: float) -> float | None:
    """Seconds until the limit ends, where this is one."""
    told = reply.headers
    spent = told.get("x-ratelimit-remaining") == "0"
    after = _number(told.get("retry-after"))
    named = spent or after is not None or "rate limit" in reply.text.lower()
    refused = reply.status == requests.codes.forbidden and named
    if not refused and reply.status != requests.codes.too_many_requests:
        return None
    if after is not None:
        return after
    reset = _number(told.get("x-ratelimit-reset"))
    return max(1.0, reset - now) if spent and reset is not None else _NO_TIME_TOLD


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None


def _why(reply: Reply | ExchangeError) -> str:
    if isinstance(reply, ExchangeError):
        return f"GitHub's API: {reply}"
    return f"GitHub's API answered {reply.status}"


def _check(reply: Reply, permission: str) -> None:
    """Raise BookkeepingError unless GitHub did what was asked."""
    if 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's range of success
        return
    said = _said(reply)
    unknown = reply.status == requests.codes.unprocessable and said.startswith(_NO_REF)
    raise (UnknownRefError if unknown else BookkeepingError)(
        f"GitHub's API answered {reply.status}{f': {said}' if said else ''}",
        advice=_advice(reply.status, permission),
    )


def _said(reply: Reply) -> str:
    try:
        found = json.loads(reply.content)
    except ValueError:
        return ""
    message = found.get("message") if isinstance(found, dict) else None
    words = " ".join(message.split()) if isinstance(message, str) else ""
    return "".join(char for char in words if char.isprintable())[:_SAID]


def _advice(status: int, permission: str) -> str:
    match status:
        case 401:
            return "the token is not valid, or has ended: hand over ${{ github.token }}"
        case 403:
            return (
                f"the job lacks `permissions: {permission}`; a pull request from a fork never"
                " has it"
            )
        case 404:
            return (
                f"check GITHUB_REPOSITORY, and that the job has `permissions: {permission}`:"
                " GitHub says 404 of what a token may not see"
            )
        case 422:
            return "usual cause: the commit is not on GitHub, or the text is too long"
        case _:
            return "see www.githubstatus.com"


def _parsed(reply: Reply) -> object:
    if not reply.content:
        return None
    try:
        return json.loads(reply.content)
    except ValueError as error:
        raise BookkeepingError(
            "GitHub's API answered what is no JSON", advice="check GITHUB_API_URL"
        ) from error
