"""How the log service is spoken to: signatures, answers, and a query of a log store with SQL."""

import asyncio
import hmac
import json
import re
import secrets
import sqlite3
import zlib
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from agentramp.local import assumptions
from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.keys import Lookup, token_of
from agentramp.local.logview import LogQuery, QueryError, run
from agentramp.local.refusal import RefusalError
from agentramp.platform.agentrun.log_signing import (
    API_VERSION,
    METHOD,
    LogRequest,
    digest_of,
    signature,
)

PREFIX = "/logstores/"
_AUTHORIZATION = re.compile(r"LOG (?P<key>[^:\s]+):(?P<signature>\S+)")


async def query_log(plane: Plane, request: Received) -> bytes:
    """The answer's JSON, of a request that was verified. Raises RefusalError."""
    query = _query(request.body)
    plane.ledger.flush()
    try:
        # In a thread: the gateway goes on meanwhile.
        rows = await asyncio.to_thread(run, plane.database, query)
    except QueryError as error:
        raise _invalid(str(error)) from error
    except sqlite3.Error as error:
        raise RefusalError(500, "InternalServerError", str(error)) from error
    meta = {"progress": "Complete", "count": len(rows), "hasSQL": True}
    return json.dumps({"meta": meta, "data": rows}).encode()


@dataclass(frozen=True)
class Told:
    """What goes back; only an answer is compressed, an error never is."""

    status: int
    body: bytes
    headers: dict[str, str]


def answered(body: bytes) -> Told:
    """The service calls zlib's format gzip, and says so in a header of its own, not in HTTP's."""
    packed = {"x-log-compresstype": "gzip", "x-log-bodyrawsize": str(len(body))}
    return Told(200, zlib.compress(body), {**packed, **_request_id()})


def plain(told: object) -> Told:
    """Only the answer of a query is compressed; None says nothing but that it is done."""
    body = b"" if told is None else json.dumps(told, ensure_ascii=False).encode()
    return Told(200, body, _request_id())


def refused(refusal: RefusalError) -> Told:
    told = {"errorCode": refusal.code, "errorMessage": refusal.message}
    body = json.dumps(told, ensure_ascii=False).encode()
    return Told(refusal.status, body, _request_id())


def _request_id() -> dict[str, str]:
    return {"x-log-requestid": secrets.token_hex(12).upper()}


def _query(body: bytes) -> LogQuery:
    try:
        match json.loads(body):
            case {"from": int(start), "to": int(end), "query": str(text)} if start < end:
                return LogQuery(text, start, end)
            case _:
                raise _invalid("the body needs from, to and query, and from must be below to")
    except (ValueError, RecursionError) as error:
        raise RefusalError(400, "PostBodyInvalid", f"the body is not JSON: {error}") from error


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, "ParameterInvalid", message)


def verify(request: Received, keys: Lookup, now: float) -> None:
    """Raises RefusalError."""
    given = request.headers
    found = _AUTHORIZATION.fullmatch(given.get("authorization", ""))
    if found is None or given.get("x-log-signaturemethod") != METHOD:
        raise RefusalError(401, "Unauthorized", f"the request is not signed with LOG {METHOD}")
    if given.get("x-log-apiversion") != API_VERSION:
        raise RefusalError(400, "InvalidAPIVersion", f"x-log-apiversion must be {API_VERSION}")
    try:
        holder = keys.holder(found["key"], token_of(given), now)
    except RefusalError as refusal:
        raise RefusalError(401, "Unauthorized", refusal.message) from refusal
    _check_date(given.get("date", ""), now)
    if given.get("content-md5", "") != (digest_of(request.body) if request.body else ""):
        raise RefusalError(400, "InvalidContentMD5", "content-md5 is not the body's digest")
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    signed = LogRequest(request.method, request.path, given, query)
    if not hmac.compare_digest(signature(signed, holder.secret), found["signature"]):
        raise RefusalError(401, "SignatureNotMatch", "the signature is not the one of this request")


def _check_date(text: str, now: float) -> None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError) as error:
        raise RefusalError(400, "InvalidDateFormat", "date must be as RFC 1123 says") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if abs(moment.timestamp() - now) > assumptions.CLOCK_SKEW_SECONDS:
        now_text = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="seconds")
        raise RefusalError(400, "RequestTimeExpired", f"{text} is too far from {now_text}")
