"""How the log service answers, and a query of a log store with SQL."""

import asyncio
import json
import secrets
import sqlite3
import zlib
from dataclasses import dataclass

from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.logview import LogQuery, QueryError, run
from agentramp.local.refusal import RefusalError

PREFIX = "/logstores/"


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
