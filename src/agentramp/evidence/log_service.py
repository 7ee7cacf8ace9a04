"""Requests by version from the platform's log service (SLS).

Function Compute writes a line of request metrics for every request of a function whose log
configuration asks for them (``enableRequestMetrics``); a runtime is the function
``agentrun-<its id>``. These lines know no sessions, so requests are counted.

A request is bad if the platform says ``hasFunctionError``: out of memory, out of time, or an error
that nothing caught. An agent that answers with 5xx by itself may not count as that.

There is no latency: ``durationMs`` runs until an answer's last byte, so for an agent that streams
it measures how much it said and not how long one waited.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agentramp.evidence.log_query import Scope, batches, query
from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.judge.window import Arm, Tally, Unit, Window
from agentramp.logs.port import LogError
from agentramp.logs.service import LogService, Rows, senseless


def function_of(runtime_id: str) -> str:
    """The function that a runtime is."""
    return f"agentrun-{runtime_id}"


@dataclass(frozen=True)
class LogServiceEvidence:
    """``store`` is one of the project that ``service`` asks.

    Lines may come up to ``delay`` seconds late. ``qualifier`` None counts the versions' requests
    by whatever endpoint they came, since no source says what the platform writes there for one.
    """

    service: LogService
    store: str
    function: str
    delay: float = 60.0
    qualifier: str | None = None

    @property
    def unit(self) -> Unit:
        return Unit.REQUESTS

    def read(self, question: Question) -> tuple[Answer, ...]:
        now = self.service.now()
        ready = [span for span in question.spans if span.settled + self.delay <= now]
        known: dict[Span, Answer] = {}
        for batch in batches(ready):
            known |= zip(batch, self._count(question, batch), strict=True)
        late = f"lines of the log service may come up to {self.delay:g} s late"
        return tuple(known.get(span) or Missing(span, late, final=False) for span in question.spans)

    def _count(self, question: Question, spans: Sequence[Span]) -> list[Window]:
        versions = (question.stable, question.canary)
        asked = query(Scope(self.function, versions, self.qualifier), spans)
        body = {"from": asked.start, "to": asked.end, "query": asked.text}
        try:
            tallies = _tallies(self.service.query(self.store, body))
        except LogError as error:
            raise EvidenceError(error.message, advice=error.advice) from error

        def arm(number: int, version: int) -> Arm:
            return Arm(tallies.get((number, version), Tally()))

        return [
            Window(
                span.start,
                span.end,
                canary=arm(number, question.canary),
                stable=arm(number, question.stable),
                weight=span.weight,
            )
            for number, span in enumerate(spans)
        ]


def _tallies(rows: Rows) -> dict[tuple[int, int], Tally]:
    """By window and version. The service writes every value as text."""
    try:
        return {
            (int(row["span"]), int(row["version"])): Tally(int(row["requests"]), int(row["bad"]))
            for row in rows
        }
    except (KeyError, TypeError, ValueError) as error:
        raise senseless(repr(error)) from error
