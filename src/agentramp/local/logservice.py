"""The log service's operations: projects, stores, indexes, and queries in both of its forms."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import parse_qsl

from agentramp.local import log_auth, logsearch, logstore
from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.fields import is_object
from agentramp.local.logsearch import Page, Places, Wanted
from agentramp.local.logwords import ParseError
from agentramp.local.refusal import RefusalError
from agentramp.local.scribe import Scribe
from agentramp.local.visitors import put_before

MARK = "x-log-apiversion"
"""Every request of this service has this header; paths alone would not tell it from others."""
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,126}"
_LONGEST_BODY = 256 * 1024
_LIST_SIZE = 500


@dataclass(frozen=True)
class Desk:
    """What the operations work with."""

    plane: Plane
    scribe: Scribe
    names: sqlite3.Connection
    places: Places = field(default_factory=Places)


@dataclass(frozen=True)
class Asked:
    """``name`` is the log store's, where the path has one."""

    request: Received
    name: str = ""

    @property
    def body(self) -> dict[str, object]:
        try:
            found = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise RefusalError(400, "PostBodyInvalid", f"the body is not JSON: {error}") from error
        if not is_object(found) or len(self.request.body) > _LONGEST_BODY:
            raise RefusalError(400, "ParameterInvalid", "the body is no JSON object, or too long")
        return found


async def answer(desk: Desk, request: Received) -> logstore.Told:
    """Raises RefusalError."""
    log_auth.verify(request, desk.plane.keys, desk.plane.now())
    for method, pattern, operation in _OPERATIONS:
        found = re.fullmatch(pattern, request.path)
        if found and method == request.method:
            return await operation(desk, Asked(request, *found.groups()))
    raise RefusalError(
        404, "LogStoreNotExist", f"{request.method} {request.path} is no operation here"
    )


# projects, stores and indexes


async def _create_project(desk: Desk, asked: Asked) -> logstore.Told:
    name = _name(asked.body, "projectName", r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
    description = str(asked.body.get("description", ""))
    row = (name, json.dumps({"description": description}), desk.plane.now())
    if not _added(desk, "INSERT OR IGNORE INTO log_projects VALUES(?,?,?)", row):
        raise RefusalError(400, "ProjectAlreadyExist", f"project {name} already exists")
    return logstore.plain(None)


async def _get_project(desk: Desk, asked: Asked) -> logstore.Told:
    """The project stands before the name in the Host; without one, all are meant."""
    name = put_before(asked.request.headers.get("host", ""))
    rows = desk.names.execute(
        "SELECT name,document,created_at FROM log_projects WHERE ? IN ('',name) ORDER BY name",
        (name,),
    )
    found = [_project(desk, *row) for row in rows]
    if not name:
        return _listed(asked, "projects", found)
    if not found:
        raise RefusalError(404, "ProjectNotExist", f"project {name} does not exist")
    return logstore.plain(found[0])


def _project(desk: Desk, name: str, document: str, created_at: float) -> dict[str, object]:
    moment = datetime.fromtimestamp(created_at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    identity = desk.plane.identity
    told = {"projectName": name, "region": identity.region, "owner": identity.account_id}
    times = {"createTime": moment, "lastModifyTime": moment}
    return {**told, **times, **json.loads(document), "status": "Normal"}


async def _create_store(desk: Desk, asked: Asked) -> logstore.Told:
    body = asked.body
    name = _name(body, "logstoreName", _NAME)
    kept = json.dumps({"shardCount": 2, "ttl": 30, **body})
    row = (name, kept, desk.plane.now())
    if not _added(
        desk, "INSERT OR IGNORE INTO log_stores(name,document,created_at) VALUES(?,?,?)", row
    ):
        raise RefusalError(400, "LogStoreAlreadyExist", f"log store {name} already exists")
    return logstore.plain(None)


async def _get_store(desk: Desk, asked: Asked) -> logstore.Told:
    document, _index, created_at = _store(desk, asked.name)
    always = {
        "enable_tracking": False,
        "appendMeta": False,
        "autoSplit": False,
        "maxSplitShard": 0,
        "createTime": int(created_at),
        "lastModifyTime": int(created_at),
    }
    return logstore.plain({**always, **json.loads(document)})


async def _list_stores(desk: Desk, asked: Asked) -> logstore.Told:
    names = [name for (name,) in desk.names.execute("SELECT name FROM log_stores ORDER BY name")]
    return _listed(asked, "logstores", names)


def _listed(asked: Asked, name: str, found: Sequence[object]) -> logstore.Told:
    """The part of them that was asked for."""
    given = dict(parse_qsl(asked.request.query))
    first, size = _number(given, "offset", 0), _number(given, "size", _LIST_SIZE)
    shown = found[first : first + size]
    return logstore.plain({name: shown, "count": len(shown), "total": len(found)})


async def _create_index(desk: Desk, asked: Asked) -> logstore.Told:
    if _store(desk, asked.name)[1]:
        raise RefusalError(400, "IndexAlreadyExist", f"log store {asked.name} has an index")
    row = (json.dumps(asked.body), asked.name)
    desk.names.execute("UPDATE log_stores SET log_index=? WHERE name=?", row)
    return logstore.plain(None)


async def _get_index(desk: Desk, asked: Asked) -> logstore.Told:
    if "type=" in asked.request.query:
        raise RefusalError(400, "ParameterInvalid", "histograms are not offered here")
    index = _store(desk, asked.name)[1]
    if not index:
        raise RefusalError(404, "IndexConfigNotExist", f"log store {asked.name} has no index")
    return logstore.plain(json.loads(index))


def _store(desk: Desk, name: str) -> tuple[str, str | None, float]:
    row = desk.names.execute(
        "SELECT document,log_index,created_at FROM log_stores WHERE name=?", (name,)
    ).fetchone()
    if row is None:
        raise RefusalError(404, "LogStoreNotExist", f"log store {name} does not exist")
    document, index, created_at = row
    return document, index, created_at


def _added(desk: Desk, statement: str, row: tuple[object, ...]) -> bool:
    return desk.names.execute(statement, row).rowcount > 0


def _name(body: Mapping[str, object], key: str, pattern: str) -> str:
    found = body.get(key)
    if not isinstance(found, str) or not re.fullmatch(pattern, found):
        raise RefusalError(400, "ParameterInvalid", f"{key} must match {pattern}")
    return found


# queries


async def _query(desk: Desk, asked: Asked) -> logstore.Told:
    body = asked.body
    for name, kind in (("from", int), ("to", int), ("query", str | None)):
        if not isinstance(body.get(name), kind):
            what = "a text" if name == "query" else "a whole number"
            raise RefusalError(400, "ParameterInvalid", f"the body's {name} must be {what}")
    if "|" in str(body.get("query") or ""):
        return logstore.answered(await logstore.query_log(desk.plane, asked.request))
    page = await _page(desk, _wanted(body))
    meta = {"progress": _progress(page), "count": len(page.rows), "hasSQL": False}
    return logstore.answered(json.dumps({"meta": meta, "data": page.rows}).encode())


async def _legacy_query(desk: Desk, asked: Asked) -> logstore.Told:
    query: dict[str, object] = dict(parse_qsl(asked.request.query))
    if query.get("type") != "log":
        raise RefusalError(400, "ParameterInvalid", "type must be log")
    page = await _page(desk, _wanted(query))
    told = logstore.plain(page.rows)
    counts = {"x-log-progress": _progress(page), "x-log-count": str(len(page.rows))}
    return logstore.Told(told.status, told.body, {**told.headers, **counts})


async def _page(desk: Desk, wanted: Wanted) -> Page:
    await desk.scribe.catch_up()
    try:
        # In a thread: the gateway goes on meanwhile.
        return await asyncio.to_thread(logsearch.run, desk.scribe.path, wanted, desk.places)
    except ParseError as error:
        raise RefusalError(400, "ParameterInvalid", f"ParseError: {error}") from error
    except sqlite3.Error as error:
        raise RefusalError(500, "InternalServerError", str(error)) from error


def _progress(page: Page) -> str:
    return "Complete" if page.complete else "Incomplete"


def _wanted(given: Mapping[str, object]) -> Wanted:
    wanted = Wanted(
        text=str(given.get("query") or ""),
        start=_number(given, "from"),
        end=_number(given, "to"),
        line=_number(given, "line", logsearch.LINES_MOST),
        offset=_number(given, "offset", 0),
        reverse=str(given.get("reverse", "")).lower() == "true",
    )
    if wanted.start >= wanted.end:
        raise RefusalError(400, "ParameterInvalid", "from must be below to")
    if wanted.line > logsearch.LINES_MOST:
        raise RefusalError(400, "ParameterInvalid", f"line is at most {logsearch.LINES_MOST}")
    return wanted


def _number(given: Mapping[str, object], name: str, default: int | None = None) -> int:
    text = str(given.get(name, "" if default is None else default))
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise RefusalError(400, "ParameterInvalid", f"{name} must be a whole number")
    return int(text)


async def _get_or_query(desk: Desk, asked: Asked) -> logstore.Told:
    """One path for both: a query names its type."""
    return await (_legacy_query if "type=" in asked.request.query else _get_store)(desk, asked)


_Operation = Callable[[Desk, Asked], Awaitable[logstore.Told]]
_STORE = f"/logstores/({_NAME})"
_OPERATIONS: tuple[tuple[str, str, _Operation], ...] = (
    ("POST", "/", _create_project),
    ("GET", "/", _get_project),
    ("POST", "/logstores", _create_store),
    ("GET", "/logstores", _list_stores),
    ("GET", _STORE, _get_or_query),
    ("POST", f"{_STORE}/index", _create_index),
    ("GET", f"{_STORE}/index", _get_index),
    ("POST", f"{_STORE}/logs", _query),
)
