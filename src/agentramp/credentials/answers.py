"""What services that hand out credentials answer: JSON into values, and no secret in a message."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from agentramp.credentials.port import CredentialsError, Lent
from agentramp.exchange import ExchangeError, Letter, get, host
from agentramp.platform.agentrun.signing import Credentials

_OK: Final = 200


@dataclass(frozen=True)
class Fetching:
    """Words about one who is asked: what came to nothing, and what to do about it.

    ``silent`` is for no answer, ``refused`` for one that is none of success.
    """

    what: str
    silent: str
    refused: str
    timeout: float
    most: int


def fetched(letter: Letter, about: Fetching) -> Mapping[str, Any]:
    """The JSON object at an address; raises CredentialsError, which shows its host alone."""
    try:
        reply = get(letter, timeout=about.timeout, most=about.most)
    except ExchangeError as error:
        raise CredentialsError(f"{about.what}: {error}", advice=about.silent) from None
    if reply.status != _OK:
        raise CredentialsError(
            f"{about.what}: {host(letter.url)} answered {reply.status}", advice=about.refused
        )
    return loaded(reply.content, host(letter.url))


def loaded(content: bytes, who: str) -> Mapping[str, Any]:
    """Raises CredentialsError unless ``content`` is a JSON object."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        return answer
    raise CredentialsError(
        f"the answer of {who} is no JSON object",
        advice="something between may have answered: check the address and the proxy",
    )


def lent(answer: Mapping[str, Any], who: str) -> Lent:
    """The ``Credentials`` of an answer of STS; raises CredentialsError."""
    held = answer.get("Credentials")
    return temporary(held if isinstance(held, dict) else {}, who)


def temporary(held: Mapping[str, Any], who: str) -> Lent:
    names = ("AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration")
    missing = [name for name in names if not (isinstance(held.get(name), str) and held[name])]
    if missing:
        raise CredentialsError(
            f"the answer of {who} lacks {', '.join(missing)}",
            advice="something between may have answered: check the address and the proxy",
        )
    return Lent(
        Credentials(held["AccessKeyId"], held["AccessKeySecret"], held["SecurityToken"]),
        _moment(held["Expiration"], who),
    )


def _moment(text: str, who: str) -> float:
    """Seconds since 1970-01-01 UTC of a moment such as 2026-01-02T03:04:05Z."""
    try:
        moment = datetime.strptime(f"{text}+0000", "%Y-%m-%dT%H:%M:%SZ%z")
    except ValueError:
        raise CredentialsError(
            f"the answer of {who} says an Expiration that is no moment in UTC",
            advice="it must look like 2026-01-02T03:04:05Z",
        ) from None
    return moment.timestamp()
