"""An operation of ours beside the vendor's: sessions by version in spans of time."""

import asyncio
import json
import math
import re

from agentramp.local import shown
from agentramp.local.control import Answer, Call, Plane, Table
from agentramp.local.counts import BOUNDS, Arm, Counted, Span, Unknown, count
from agentramp.local.records import Endpoint, Label
from agentramp.local.refusal import invalid, missing
from agentramp.local.wire import LABEL

SPANS_MAX = 100
"""Spans of one call: a longer list would not fit into a request's first line."""


async def read_evidence(plane: Plane, call: Call) -> Answer:
    versions = [_version(call, name) for name in ("stable", "canary")]
    spans = _spans(call.query.get("spans", ""))
    endpoint = _endpoint(plane, call, versions)
    now = plane.now()
    plane.ledger.flush()
    # In a thread: the gateway goes on meanwhile.
    found = await asyncio.to_thread(count, plane.database, endpoint, versions, spans, now)
    return Answer(_rendered(found, *versions))


def _endpoint(plane: Plane, call: Call, versions: list[Label]) -> Endpoint:
    name, wanted = call.query.get("runtime", ""), call.query.get("endpoint", "")
    runtime = next((found for found in plane.store.runtimes() if found.name == name), None)
    if runtime is None:
        raise missing("agent runtime", name)
    for version in versions:
        if plane.store.revision_of(runtime, version) is None:
            raise missing(f"version of agent runtime {name}", version)
    for endpoint in plane.store.endpoints(runtime.id):
        if endpoint.name == wanted:
            return endpoint
    raise missing(f"endpoint of agent runtime {name}", wanted)


def _version(call: Call, name: str) -> Label:
    text = call.query.get(name, "")
    if not re.fullmatch(LABEL, text):
        raise invalid(f"{name} must be a version")
    return Label(text)


def _spans(text: str) -> list[Span]:
    try:
        found = [Span(*(float(edge) for edge in edges)) for edges in json.loads(text)]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise invalid("spans must be JSON: [[start, end, settled], ...]") from error
    if len(found) > SPANS_MAX:
        raise invalid(f"at most {SPANS_MAX} spans at once")
    for span in found:
        if not -math.inf < span.start < span.end <= span.settled < math.inf:
            raise invalid("a span must have start < end <= settled")
    return found


def _rendered(found: list[Counted], stable: Label, canary: Label) -> shown.Json:
    spans = [
        {"missing": counted.reason, "final": counted.final}
        if isinstance(counted, Unknown)
        else {"stable": _arm(counted[stable]), "canary": _arm(counted[canary])}
        for counted in found
    ]
    return shown.Json(json.dumps({"spans": spans}))


def _arm(arm: Arm) -> dict[str, object]:
    latency = {
        "bounds": BOUNDS,
        "counts": arm.counts,
        "total": arm.total,
        "squares": arm.squares,
    }
    return {"sessions": arm.sessions, "bad": arm.bad, "latency": latency}


EVIDENCE: Table = {("GET", "/agentramp/evidence"): read_evidence}
