"""Asks an endpoint as a user of the agent does, signed where the platform wants it."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from agentramp.errors import RefusedError
from agentramp.gates.chat import CHAT_PATH, Chat, Heard
from agentramp.gates.prompts import Message, Prompt
from agentramp.model import Endpoint
from agentramp.platform.agentrun.dataplane_signing import dataplane_headers
from agentramp.platform.agentrun.signing import Credentials
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target

PROMPT: Final = "Hello! Please answer in one sentence: who are you?"
TIMEOUT: Final = 120.0
ATTEMPTS: Final = 3
PAUSE: Final = 2.0
"""Seconds between two attempts: an endpoint that was made just now is not known everywhere."""
_UNSIGNED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_PASSING: Final = frozenset({0, _NOT_FOUND, 502, 503, 504})
_OK: Final = 200
_ENDED: Final = ("SecurityTokenExpired", "SecurityToken.Expired")
_DATA_HOST: Final = re.compile(r"(\d+)(\.agentrun-data\..+)")


class VerifyError(RefusedError):
    """An endpoint does not answer as an agent does."""


@dataclass(frozen=True)
class Asked:
    endpoint: Endpoint
    heard: Heard
    signed: bool


def asked(context: Context, where: Target, endpoint: Endpoint, text: str, timeout: float) -> Asked:
    """The guide's own request: a streamed chat. Raises VerifyError unless the answer is whole.

    ``timeout`` is in seconds; once it is over, no attempt is begun.
    """
    prompt = Prompt("verify", (Message("user", text),), stream=True)
    chat, url = Chat(context.nonce, timeout), endpoint.url
    used: Credentials | None = None
    began = context.clock()
    heard = chat.ask(url, prompt)
    for _ in range(ATTEMPTS - 1):
        if _wants_another(where, heard, used):
            used = where.address.credentials()
            chat, url = _signed(where, url, chat, used)
        elif heard.status in _PASSING and context.clock() - began < timeout:
            context.sleep(PAUSE)
        else:
            break
        heard = chat.ask(url, prompt)
    signed = used is not None
    _check(endpoint, heard, signed=signed)
    return Asked(endpoint, heard, signed)


def _wants_another(where: Target, heard: Heard, used: Credentials | None) -> bool:
    """Whether it was refused for want of a signature, or for one with credentials that ended."""
    if used is None:
        return heard.status in _UNSIGNED
    renew = where.address.renew
    ended = heard.status != _OK and any(mark in heard.text for mark in _ENDED)
    if renew is None or not ended:
        return False
    renew(used)
    return True


def told(found: Asked) -> str:
    signed = ", signed" if found.signed else ""
    return (
        f"endpoint {found.endpoint.name} answers: {found.heard.status}, first byte after"
        f" {found.heard.first_byte * 1000:.0f} ms{signed}"
    )


def _signed(where: Target, url: str, chat: Chat, key: Credentials) -> tuple[Chat, str]:
    """Signed requests go to a host of their own."""
    host = urlsplit(url).netloc
    other = _DATA_HOST.sub(r"\1-ram\2", host)
    url = url.replace(host, other, 1).rstrip("/")
    headers = dataplane_headers(
        "POST",
        url + CHAT_PATH,
        where.region,
        key,
        where.platform.now(),
        content_type="application/json",
    )
    return Chat(chat.session, chat.timeout, headers), url


def _check(endpoint: Endpoint, heard: Heard, *, signed: bool) -> None:
    name = f"endpoint {endpoint.name}, which serves {endpoint.split},"
    if heard.status == 0:
        raise VerifyError(
            f"{name} does not answer: {heard.trouble}",
            advice="usual cause: the agent dies at its start; look at: agentramp logs",
        )
    if heard.status in _UNSIGNED:
        told = "also where the request is signed" if signed else "and the request cannot be signed"
        raise VerifyError(
            f"{name} answers {heard.status}, {told}",
            advice="grant the identity the right to call this endpoint",
        )
    if heard.status == _NOT_FOUND:
        raise VerifyError(
            f"{name} answers 404: the agent has no path {CHAT_PATH}, or the endpoint is not known"
            f" yet:\n{heard.text[:1000]}",
            advice=f"the agent has to serve POST {CHAT_PATH}; made just now? run this again",
        )
    if heard.status != _OK:
        raise VerifyError(
            f"{name} answers {heard.status}:\n{heard.text[:1000]}",
            advice=f"the agent has to serve POST {CHAT_PATH}; look at: agentramp logs --type fail",
        )
    if heard.trouble or not heard.text.strip():
        raise VerifyError(
            f"{name} gives no whole answer: {heard.trouble or 'it is empty'}",
            advice="look at: agentramp logs --type fail",
        )
