"""Counts from an address of the user's: the question is posted, the answer is its body.

``answers`` tells what both look like.
"""

from dataclasses import dataclass, field
from typing import Final

from agentramp.evidence.answers import question_json, read_answers
from agentramp.evidence.port import Answer, EvidenceError, Question
from agentramp.exchange import (
    MOST_BYTES,
    ExchangeError,
    Letter,
    Reply,
    check_address,
    check_token,
    host,
    post,
)
from agentramp.judge.window import Unit
from agentramp.program import said_last

_OK: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_QUOTED_CHARACTERS: Final = 2000


@dataclass(frozen=True)
class UrlEvidence:
    """Raises UsageError where ``url`` is neither https nor on this machine; a redirect is refused.

    The address may hold a secret: only its host is ever shown. ``timeout`` is in seconds.
    """

    url: str = field(repr=False)
    unit: Unit = Unit.SESSIONS
    timeout: float = 30.0
    token: str | None = field(default=None, repr=False)
    most: int = MOST_BYTES

    def __post_init__(self) -> None:
        check_address(self.url, "the evidence")
        check_token(self.token, "the evidence")

    def read(self, question: Question) -> tuple[Answer, ...]:
        letter = Letter(
            self.url,
            question_json(question),
            token=self.token,
            headers={"Accept": "application/json"},
        )
        try:
            reply = post(letter, timeout=self.timeout, most=self.most)
        except ExchangeError as error:
            raise EvidenceError(error.message, advice=error.advice) from error
        check_status(reply, self.url)
        return read_answers(reply.content, question, host(self.url))


def check_status(reply: Reply, url: str) -> None:
    """Raise EvidenceError, with the last lines of the body, unless the answer is a success."""
    if reply.status in _OK:
        return
    if reply.status in _REDIRECT:
        raise EvidenceError(
            f"{host(url)} answered with a redirect (status {reply.status}), which is not followed",
            advice="name the address it leads to",
        )
    raise EvidenceError(
        f"{said_last(reply.text[-_QUOTED_CHARACTERS:])}{host(url)} answered {reply.status}",
        advice="a token may be missing or out of date" if reply.status in {401, 403} else "",
    )
