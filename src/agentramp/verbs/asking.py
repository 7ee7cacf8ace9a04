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
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target

PROMPT: Final = "Hello! Please answer in one sentence: who are you?"
TIMEOUT: Final = 120.0
ATTEMPTS: Final = 3
PAUSE: Final = 2.0
"""Seconds between two attempts: an endpoint that was made just now is not known everywhere."""
_UNSIGNED: Final = frozenset({401, 403})
_PASSING: Final = frozenset({0, 502, 503, 504})
_OK: Final = 200
_DATA_HOST: Final = re.compile(r"(\d+)(\.agentrun-data\..+)")


class VerifyError(RefusedError):
    """An endpoint does not answer as an agent does."""


@dataclass(frozen=True)
class Asked:
    endpoint: Endpoint
    heard: Heard
    signed: bool


def asked(context: Context, where: Target, endpoint: Endpoint, text: str, timeout: float) -> Asked:
    """The guide's own request: a streamed chat. Raises VerifyError unless the answer is whole."""
    prompt = Prompt("verify", (Message("user", text),), stream=True)
    chat, url, signed = Chat(context.nonce, timeout), endpoint.url, False
    heard = chat.ask(url, prompt)
    for _ in range(ATTEMPTS - 1):
        if heard.status in _UNSIGNED and not signed:
            signed, (chat, url) = True, _signed(where, url, chat)
        elif heard.status in _PASSING:
            context.sleep(PAUSE)
        else:
            break
        heard = chat.ask(url, prompt)
    _check(endpoint, heard, signed=signed)
    return Asked(endpoint, heard, signed)


def _signed(where: Target, url: str, chat: Chat) -> tuple[Chat, str]:
    """Signed requests go to a host of their own."""
    host = urlsplit(url).netloc
    other = _DATA_HOST.sub(r"\1-ram\2", host)
    url = url.replace(host, other, 1).rstrip("/")
    headers = dataplane_headers(
        "POST",
        url + CHAT_PATH,
        where.region,
        where.address.credentials(),
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
