"""Requests by version from the platform's log service (SLS).

Function Compute writes a line of request metrics for every request of a function whose log
configuration asks for them (``enableRequestMetrics``); a runtime is the function
``agentrun-<its id>``. These lines know no sessions, so requests are counted.

A request is bad if the platform says ``hasFunctionError``: out of memory, out of time, or an error
that nothing caught. An agent that answers with 5xx by itself may not count as that.

There is no latency: ``durationMs`` runs until an answer's last byte, so for an agent that streams
it measures how much it said and not how long one waited.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import tenacity

from agentramp.evidence.log_query import Scope, batches, query
from agentramp.evidence.log_signing import signed_headers
from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.exchange import ExchangeError, Letter, Reply, check_address, post
from agentramp.judge.window import Arm, Tally, Unit, Window
from agentramp.platform.agentrun.signing import Credentials

ATTEMPTS: Final = 4
MOST_BYTES: Final = 4 * 1024 * 1024
UNFINISHED: Final = 10
"""How often an unfinished query is repeated; the vendor's documentation says up to ten times."""
_OK, _THROTTLED, _SERVER_FAULT = 200, 429, 500


@dataclass(frozen=True)
class LogStore:
    """``url`` is ``https://<project>.<region>.log.aliyuncs.com`` or the embedded platform's.

    Raises UsageError unless that is https, or http to this machine.
    """

    url: str
    name: str
    credentials: Callable[[], Credentials]

    def __post_init__(self) -> None:
        check_address(self.url, "the log service")

    @classmethod
    def of(
        cls, project: str, region: str, name: str, credentials: Callable[[], Credentials]
    ) -> "LogStore":
        return cls(f"https://{project}.{region}.log.aliyuncs.com", name, credentials)


def function_of(runtime_id: str) -> str:
    """The function that a runtime is."""
    return f"agentrun-{runtime_id}"


@dataclass(frozen=True)
class LogServiceEvidence:
    """``now`` is seconds since 1970-01-01 UTC; lines may come up to ``delay`` seconds late.

    ``qualifier`` None counts the versions' requests by whatever endpoint they came, since no
    source says what the platform writes there for an endpoint.
    """

    store: LogStore
    function: str
    now: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)
    delay: float = 60.0
    timeout: float = 60.0
    qualifier: str | None = None

    @property
    def unit(self) -> Unit:
        return Unit.REQUESTS

    def read(self, question: Question) -> tuple[Answer, ...]:
        now = self.now()
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
        tallies = _tallies(self._finished(json.dumps(body).encode()))

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

    def _finished(self, body: bytes) -> list[Mapping[str, Any]]:
        """The rows of the query; an answer that says it is not whole is asked for again."""
        for turn in range(UNFINISHED):
            rows = _rows(self._answered(body))
            if rows is not None:
                return rows
            self.sleep(min(2.0**turn / 4, 4.0))
        raise EvidenceError(
            f"the log service did not finish a query of {self.store.name} in {UNFINISHED} turns",
            advice="usual cause: very many lines; give request metrics a log store of their own",
        )

    def _answered(self, body: bytes) -> bytes:
        """Asks again where the service is busy, broken or does not answer."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_exponential(0.5, max=8),
            retry=tenacity.retry_if_exception_type(_AgainError),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, body)
        except _AgainError as spent:
            raise spent.error from spent

    def _once(self, body: bytes) -> bytes:
        path = f"/logstores/{quote(self.store.name, safe='')}/logs"
        headers = signed_headers(path, body, self.store.credentials(), self.now())
        url = self.store.url.rstrip("/") + path
        letter = Letter(url, body, headers={**headers, "accept-encoding": "gzip"})
        try:
            reply = post(letter, timeout=self.timeout, most=MOST_BYTES)
        except ExchangeError as error:
            advice = error.advice or "check the network, the project and the region"
            told = EvidenceError(f"the log service cannot be asked: {error}", advice=advice)
            raise _AgainError(told) from error
        if reply.status == _OK:
            return reply.content
        refusal = _refusal(reply)
        raise _AgainError(refusal) if _is_passing(reply.status) else refusal


class _AgainError(Exception):
    """Worth asking again for; carries what to raise when the attempts are spent."""

    def __init__(self, error: EvidenceError) -> None:
        super().__init__(str(error))
        self.error = error


def _is_passing(status: int) -> bool:
    return status >= _SERVER_FAULT or status == _THROTTLED


def _refusal(reply: Reply) -> EvidenceError:
    """The service's own words."""
    try:
        told = json.loads(_inflated(reply.content))
        code, message = str(told["errorCode"]), str(told["errorMessage"])
    except (ValueError, TypeError, KeyError, zlib.error):
        code, message = f"status {reply.status}", reply.text[:200]
    advice = next((text for mark, text in _ADVICE.items() if mark in f"{code} {message}"), "")
    return EvidenceError(f"the log service refused: {message} ({code})", advice=advice)


_ADVICE: Final = {
    "cannot be resolved": "index that field of the log store, with analytics on",
    "index config": "index the fields of the request metrics, with analytics on",
    "ProjectNotExist": "the project lies in another region or is misspelt: look at s.yaml",
    "LogStoreNotExist": "the log store is misspelt or in another project: look at s.yaml",
    "Unauthorized": "the identity needs log:GetLogStoreLogs on this log store",
    "SignatureNotMatch": "the access key's secret is wrong",
    "RequestTimeExpired": "this machine's clock is off",
    "SecurityToken": "the temporary credentials have expired: fetch new ones",
}


def _rows(content: bytes) -> list[Mapping[str, Any]] | None:
    """None where the answer is not complete. Raises EvidenceError."""
    try:
        match json.loads(_inflated(content)):
            case {"meta": {"progress": "Complete"}, "data": list(rows)}:
                return rows
            case {"meta": {"progress": "Incomplete"}}:
                return None
            case _:
                raise _senseless("it has no meta.progress or no data")
    except (ValueError, RecursionError, zlib.error) as error:
        raise _senseless(str(error)) from error


def _tallies(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], Tally]:
    """By window and version. The service writes every value as text."""
    try:
        return {
            (int(row["span"]), int(row["version"])): Tally(int(row["requests"]), int(row["bad"]))
            for row in rows
        }
    except (KeyError, TypeError, ValueError) as error:
        raise _senseless(repr(error)) from error


def _senseless(why: str) -> EvidenceError:
    return EvidenceError(
        f"the log service's answer makes no sense: {why}",
        advice="something between may have answered: check the project, the region and the proxy",
    )


def _inflated(content: bytes) -> bytes:
    """The service names its compression in a header of its own, so HTTP's rules do not undo it."""
    if content[:1] in {b"{", b"[", b""}:
        return content
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)  # both of zlib's headers
    whole = inflater.decompress(content, MOST_BYTES)
    if not inflater.eof:
        raise ValueError("it is cut off or too large")
    return whole
