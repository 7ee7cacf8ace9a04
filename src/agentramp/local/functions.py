"""Function Compute 3.0 (API 2023-03-30), as far as it concerns agents: a runtime is a function."""

import json
import secrets
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from agentramp.local import assumptions, control, shown
from agentramp.local.agent import Agent, Instance
from agentramp.local.control import Answer, Call, Plane
from agentramp.local.fields import Fields, is_object
from agentramp.local.records import LATEST, Runtime
from agentramp.local.refusal import RefusalError
from agentramp.local.supervisor import Supervisor

PREFIX = "/2023-03-30"
DOMAIN_NAME = (
    r"(?=.{3,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"
)
_INSTANCES_MOST = 1000


@dataclass(frozen=True)
class Desk:
    """What the operations work with; ``records`` holds the tables of this service."""

    plane: Plane
    supervisor: Supervisor
    records: sqlite3.Connection

    async def answer(self, call: Call) -> Answer:
        """Raises RefusalError."""
        table = {place: self._bound(operation) for place, operation in _OPERATIONS.items()}
        return await control.answer(self.plane, call, table)

    def _bound(self, operation: "_Operation") -> control.Operation:
        return lambda _plane, matched: operation(self, matched)

    def runtime(self, function: str) -> Runtime:
        prefix = assumptions.FUNCTION_PREFIX
        found = self.plane.store.runtime(function.removeprefix(prefix))
        if found is None or not function.startswith(prefix):
            raise RefusalError(404, "FunctionNotFound", f"function '{function}' does not exist")
        return found

    def instance(self, function: str, name: str) -> tuple[Agent, Instance]:
        for agent in self.supervisor.agents(self.runtime(function).id):
            if agent.instance and agent.instance.id == name:
                return agent, agent.instance
        raise RefusalError(404, "InstanceNotFound", f"instance '{name}' does not run")


# functions and instances


async def _get_function(desk: Desk, call: Call) -> Answer:
    runtime = desk.runtime(call.names[0])
    snapshot = desk.plane.store.snapshot(runtime.id, runtime.revision)
    document = json.loads(snapshot.document) if snapshot else {}
    told = {
        "functionName": call.names[0],
        "functionArn": _arn(desk, call.names[0]),
        "functionId": runtime.id,
        "runtime": "custom.debian12",
        "cpu": document.get("cpu"),
        "memorySize": document.get("memory"),
        "diskSize": document.get("diskSize"),
        "role": document.get("executionRoleArn"),
        "logConfig": _log_config(document.get("logConfiguration")),
        "state": "Active",
        "createdTime": _moment(runtime.created_at),
        "lastModifiedTime": _moment(runtime.updated_at),
    }
    return _told({name: value for name, value in told.items() if value is not None})


def _log_config(given: object) -> dict[str, object] | None:
    if not is_object(given) or not given.get("project"):
        return None
    return {
        "project": given["project"],
        "logstore": given.get("logstore", ""),
        "enableRequestMetrics": assumptions.REQUEST_METRICS,
        "enableInstanceMetrics": False,
    }


async def _list_instances(desk: Desk, call: Call) -> Answer:
    runtime = desk.runtime(call.names[0])
    limit = call.number("limit", _INSTANCES_MOST, _INSTANCES_MOST)
    wanted, statuses = _texts(call, "instanceIds"), _texts(call, "instanceStatus")
    found = [
        {
            "instanceId": one.id,
            "qualifier": label,
            "versionId": assumptions.LATEST_VERSION_ID if label == LATEST else label,
            "status": "Running",
            "resourceType": "OnDemand",
            "createdTimeMs": int(one.created_at * 1000),
        }
        for one, label in _instances(desk, runtime)
        if call.query.get("qualifier", "") in {"", label}
        and (not wanted or one.id in wanted)
        and (not statuses or "Running" in statuses)
        and _is_within(call, one.created_at * 1000)
        and one.id > call.query.get("startKey", "")
    ]
    return _told({"instances": found[:limit], "requestId": secrets.token_hex(16)})


def _instances(desk: Desk, runtime: Runtime) -> list[tuple[Instance, str]]:
    """By id, so that a page can begin after one."""
    agents = desk.supervisor.agents(runtime.id)
    found = [(one.instance, str(one.launch.unit.label)) for one in agents if one.instance]
    return sorted(found, key=lambda pair: pair[0].id)


def _is_within(call: Call, created_ms: float) -> bool:
    """An instance that runs was there in every span that ends after its beginning."""
    until = call.query.get("endTimeMs", "")
    if until and not until.isdecimal():
        raise _invalid("endTimeMs must be a number")
    return not until or created_ms <= int(until)


def _texts(call: Call, name: str) -> list[str]:
    try:
        found = json.loads(call.query.get(name) or "[]")
    except (ValueError, RecursionError) as error:
        raise _invalid(f"{name} must be a JSON list") from error
    if not isinstance(found, list):
        raise _invalid(f"{name} must be a JSON list")
    return [str(one) for one in found]


# reserved concurrency


async def _get_concurrency(desk: Desk, call: Call) -> Answer:
    runtime = desk.runtime(call.names[0])
    row = desk.records.execute(
        "SELECT reserved FROM concurrency WHERE runtime_id=?", (runtime.id,)
    ).fetchone()
    if row is None:
        raise RefusalError(
            404, "ConcurrencyConfigNotFound", f"function '{call.names[0]}' has none reserved"
        )
    return _told({"functionArn": _arn(desk, call.names[0]), "reservedConcurrency": row[0]})


async def _put_concurrency(desk: Desk, call: Call) -> Answer:
    runtime = desk.runtime(call.names[0])
    fields = Fields(_body(call))
    fields.require("reservedConcurrency")
    reserved = fields.whole("reservedConcurrency", 0, assumptions.CONCURRENCY_MOST)
    _check(fields)
    desk.records.execute(
        "INSERT OR REPLACE INTO concurrency VALUES(?,?)", (runtime.id, reserved or 0)
    )
    return await _get_concurrency(desk, call)


async def _delete_concurrency(desk: Desk, call: Call) -> Answer:
    runtime = desk.runtime(call.names[0])
    desk.records.execute("DELETE FROM concurrency WHERE runtime_id=?", (runtime.id,))
    return Answer(shown.Json(""), 204)


# custom domains


async def _create_domain(desk: Desk, call: Call) -> Answer:
    fields = Fields(_body(call))
    fields.require("domainName")
    name = fields.text("domainName", pattern=DOMAIN_NAME) or ""
    document = _domain_document(desk, fields)
    now = desk.plane.now()
    done = desk.records.execute(
        "INSERT OR IGNORE INTO domains VALUES(?,?,?,?)", (name, document, now, now)
    )
    if not done.rowcount:
        raise RefusalError(409, "DomainNameAlreadyExists", f"domain '{name}' already exists")
    return _told(_domain(desk, name))


async def _get_domain(desk: Desk, call: Call) -> Answer:
    return _told(_domain(desk, call.names[0]))


async def _update_domain(desk: Desk, call: Call) -> Answer:
    former = _domain(desk, call.names[0])
    kept = {name: former[name] for name in _DOMAIN_FIELDS if name in former}
    document = _domain_document(desk, Fields({**kept, **_body(call)}))
    desk.records.execute(
        "UPDATE domains SET document=?, updated_at=? WHERE name=?",
        (document, desk.plane.now(), call.names[0]),
    )
    return _told(_domain(desk, call.names[0]))


async def _delete_domain(desk: Desk, call: Call) -> Answer:
    _domain(desk, call.names[0])
    desk.records.execute("DELETE FROM domains WHERE name=?", (call.names[0],))
    return Answer(shown.Json(""), 204)


async def _list_domains(desk: Desk, call: Call) -> Answer:
    limit = call.number("limit", assumptions.PAGE_SIZE_DEFAULT, assumptions.PAGE_SIZE_MAX)
    prefix, after = call.query.get("prefix", ""), call.query.get("nextToken", "")
    rows = desk.records.execute(
        "SELECT name FROM domains WHERE name>? AND substr(name,1,?)=? ORDER BY name LIMIT ?",
        (after, len(prefix), prefix, limit + 1),
    )
    names = [name for (name,) in rows]
    told: dict[str, object] = {"customDomains": [_domain(desk, name) for name in names[:limit]]}
    return _told({**told, "nextToken": names[limit - 1]} if len(names) > limit else told)


_DOMAIN_FIELDS = ("protocol", "routeConfig", "tlsConfig", "wafConfig", "authConfig", "corsConfig")


def _domain_document(desk: Desk, fields: Fields) -> str:
    """A certificate is kept without its private key: nothing here needs it."""
    fields.text("protocol", pattern="HTTP|HTTPS|HTTP,HTTPS")
    config = fields.child("routeConfig")
    for route in config.children("routes") if config else ():
        route.require("path", "functionName")
        route.text("path", pattern="/.*")
        desk.runtime(route.text("functionName") or "")
    _check(fields)
    kept = {name: fields.values[name] for name in _DOMAIN_FIELDS if fields.has(name)}
    certificate = fields.values.get("certConfig")
    if is_object(certificate):
        kept["certConfig"] = {
            name: value for name, value in certificate.items() if name != "privateKey"
        }
    return json.dumps({"protocol": "HTTP", **kept}, ensure_ascii=False)


def _domain(desk: Desk, name: str) -> dict[str, object]:
    row = desk.records.execute(
        "SELECT document,created_at,updated_at FROM domains WHERE name=?", (name,)
    ).fetchone()
    if row is None:
        raise RefusalError(404, "DomainNameNotFound", f"domain '{name}' does not exist")
    document, created_at, updated_at = row
    return {
        **json.loads(document),
        "domainName": name,
        "accountId": desk.plane.identity.account_id,
        "apiVersion": PREFIX.removeprefix("/"),
        "createdTime": _moment(created_at),
        "lastModifiedTime": _moment(updated_at),
    }


# what they share


def failure(refusal: RefusalError, request_id: str) -> bytes:
    told = {"Code": refusal.code, "Message": refusal.message, "RequestId": request_id}
    return json.dumps(told, ensure_ascii=False).encode()


def _body(call: Call) -> dict[str, object]:
    try:
        found = json.loads(call.body)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"the body is not JSON: {error}") from error
    if not is_object(found):
        raise _invalid("the body must be a JSON object")
    return found


def _check(fields: Fields) -> None:
    if fields.faults:
        raise _invalid("; ".join(fields.faults))


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, "InvalidArgument", message)


def _told(values: Mapping[str, object]) -> Answer:
    return Answer(shown.Json(json.dumps(values, ensure_ascii=False)))


def _arn(desk: Desk, function: str) -> str:
    identity = desk.plane.identity
    return f"acs:fc:{identity.region}:{identity.account_id}:functions/{function}"


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


_Operation = Callable[[Desk, Call], Coroutine[Any, Any, Answer]]
_OPERATIONS: dict[tuple[str, str], _Operation] = {
    ("GET", "/functions/*"): _get_function,
    ("GET", "/functions/*/instances"): _list_instances,
    ("GET", "/functions/*/concurrency"): _get_concurrency,
    ("PUT", "/functions/*/concurrency"): _put_concurrency,
    ("DELETE", "/functions/*/concurrency"): _delete_concurrency,
    ("POST", "/custom-domains"): _create_domain,
    ("GET", "/custom-domains"): _list_domains,
    ("GET", "/custom-domains/*"): _get_domain,
    ("PUT", "/custom-domains/*"): _update_domain,
    ("DELETE", "/custom-domains/*"): _delete_domain,
}
