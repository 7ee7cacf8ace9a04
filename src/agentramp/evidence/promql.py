"""The query API of Prometheus, as far as it is needed here: range queries, checked and bounded.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import json
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from agentramp.evidence.port import EvidenceError
from agentramp.exchange import (
    ExchangeError,
    Letter,
    Reply,
    check_address,
    check_token,
    host,
    post,
)

MOST_POINTS: Final = 10_000
"""Prometheus itself refuses more than 11,000 points of a series."""

_SLOT: Final = re.compile(r"\{(runtime|endpoint|version)\}")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n"}
_OK: Final = 200


def fill(template: str, *, runtime: str, endpoint: str, version: int) -> str:
    """Put names into the text between quotes of PromQL; all other braces are PromQL's own."""
    values = {"runtime": runtime, "endpoint": endpoint, "version": str(version)}
    return _SLOT.sub(lambda slot: _escaped(values[slot[1]]), template)


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in value)


@dataclass(frozen=True)
class Series:
    """``values`` by time in milliseconds since 1970-01-01 UTC; a time without a value is absent."""

    labels: dict[str, str]
    values: dict[int, float]


@dataclass(frozen=True)
class Prometheus:
    """Raises UsageError where ``url`` is neither https nor on this machine."""

    url: str = field(repr=False)
    timeout: float = 30.0
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_address(self.url, "Prometheus")
        check_token(self.token, "Prometheus")

    def range(self, query: str, start: int, end: int, step: int) -> tuple[Series, ...]:
        """All series of ``query`` at ``start``, ``start + step``, ... up to ``end``, in ms.

        Raises EvidenceError.
        """
        form = {
            "query": query,
            "start": f"{start / 1000:.3f}",
            "end": f"{end / 1000:.3f}",
            "step": f"{step / 1000:.3f}",
            "timeout": f"{self.timeout:g}s",
        }
        letter = Letter(
            f"{self.url.rstrip('/')}/api/v1/query_range",
            urlencode(form).encode(),
            "application/x-www-form-urlencoded",
            self.token,
        )
        try:
            reply = post(letter, timeout=self.timeout)
        except ExchangeError as error:
            raise EvidenceError(f"Prometheus: {error.message}", advice=error.advice) from error
        return self._series(reply, query)

    def _series(self, reply: Reply, query: str) -> tuple[Series, ...]:
        answer = _json(reply)
        match answer:
            case {"status": "success", "warnings": [warning, *_]}:
                raise EvidenceError(
                    f"Prometheus answered with a warning: {warning}",
                    advice=f"its counts may not be whole; try the query by hand: {query}",
                )
            case {"status": "success", "data": {"resultType": "matrix", "result": list(found)}}:
                return tuple(self._one(series) for series in found)
            case {"status": "error", "error": str(message)}:
                raise EvidenceError(
                    f"Prometheus refused a query: {message}", advice=f"the query was: {query}"
                )
            case _:
                raise self._not_understood(reply)

    def _one(self, series: object) -> Series:
        match series:
            case {"metric": dict(labels), "values": list(points)}:
                try:
                    values = {round(float(at) * 1000): float(text) for at, text in points}
                except (TypeError, ValueError, OverflowError) as error:
                    raise self._no_counts() from error
                return Series(labels, values)
            case _:
                raise self._no_counts()

    def _no_counts(self) -> EvidenceError:
        return EvidenceError(
            f"{host(self.url)} answered with values that are no counts",
            advice="native histograms cannot be read; ask for classic buckets with the label le",
        )

    def _not_understood(self, reply: Reply) -> EvidenceError:
        if reply.status in {401, 403}:
            return EvidenceError(
                f"{host(self.url)} refused us with status {reply.status}",
                advice="the token is missing, wrong or out of date",
            )
        return EvidenceError(
            f"{host(self.url)} answered {reply.status} and nothing that Prometheus would say",
            advice="the address ends where /api/v1 begins, and redirects are not followed",
        )


def _json(reply: Reply) -> object:
    try:
        return json.loads(reply.content)
    except (ValueError, RecursionError):
        return None
