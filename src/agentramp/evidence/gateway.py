"""Sessions by version as the embedded platform's own gateway saw them.

The gateway knows which request belongs to which session, so nothing has to be discounted.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.judge.arms import parse_arm
from agentramp.judge.window import Unit, Window
from agentramp.platform.agentrun.client import Action, Client
from agentramp.platform.port import NotFoundError, PlatformError

_EVIDENCE: Final = Action("ReadEvidence", "GET", ("agentramp", "evidence"))
_AT_ONCE: Final = 60
"""Spans of one call: they travel in the request's first line, of which servers read 8 KiB."""


@dataclass(frozen=True)
class GatewayEvidence:
    client: Client

    @property
    def unit(self) -> Unit:
        return Unit.SESSIONS

    def read(self, question: Question) -> tuple[Answer, ...]:
        return tuple(
            answer
            for first in range(0, len(question.spans), _AT_ONCE)
            for answer in self._read(question, question.spans[first : first + _AT_ONCE])
        )

    def _read(self, question: Question, spans: Sequence[Span]) -> list[Answer]:
        query = {
            "runtime": question.runtime,
            "endpoint": question.endpoint,
            "stable": str(question.stable),
            "canary": str(question.canary),
            "spans": json.dumps([(span.start, span.end, span.settled) for span in spans]),
        }
        try:
            data = self.client.call(_EVIDENCE, query=query)
        except NotFoundError as error:
            raise EvidenceError(
                f"the gateway has no evidence of {question.runtime}/{question.endpoint}: {error}",
                advice="only the embedded platform counts sessions: name another source in"
                " agentramp.yaml for a real one; if it is the embedded one and the endpoint is"
                " there, an older agentramp started it: agentramp local stop, then start",
            ) from error
        except PlatformError as error:
            raise EvidenceError(
                f"the gateway cannot be asked for evidence: {error}", advice=error.advice
            ) from error
        return _answers(data, spans)


def _answers(data: Mapping[str, Any], spans: Sequence[Span]) -> list[Answer]:
    try:
        told = data["spans"]
        return [_answer(one, span) for one, span in zip(told, spans, strict=True)]
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceError(
            f"the gateway's evidence makes no sense: {error!r}",
            advice="another agentramp may have started the embedded platform:"
            " agentramp local stop, then start",
        ) from error


def _answer(told: Mapping[str, Any], span: Span) -> Answer:
    if "missing" in told:
        return Missing(span, str(told["missing"]), final=told["final"] is not False)
    canary, stable = parse_arm(told["canary"]), parse_arm(told["stable"])
    return Window(span.start, span.end, canary, stable, span.weight)
