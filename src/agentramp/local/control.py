"""The control plane's operations: from an authenticated call to a JSON answer."""

import re
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentramp.local import assumptions, shown, wire
from agentramp.local.artifacts import Artifacts
from agentramp.local.images import Images
from agentramp.local.keys import Keys
from agentramp.local.ledger import Ledger
from agentramp.local.lifecycle import Lifecycle
from agentramp.local.networks import Networks
from agentramp.local.objects import Objects
from agentramp.local.records import Endpoint, Identity, Runtime, Workspace
from agentramp.local.refusal import RefusalError, conflict, invalid, missing
from agentramp.local.routes import Routes
from agentramp.local.store import Store
from agentramp.local.trust import Trust

PREFIX = "/2025-09-10"


@dataclass(frozen=True)
class Call:
    """``path`` is decoded and without the API's prefix; ``names`` are its variable parts."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes = field(repr=False)
    names: tuple[str, ...] = ()

    def number(self, name: str, default: int, most: int) -> int:
        text = self.query.get(name) or str(default)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise invalid(f"{name} must be between 1 and {most}")
        return int(text)


@dataclass(frozen=True)
class Answer:
    data: shown.Json
    status: int = 200


@dataclass(frozen=True)
class Plane:
    """What the operations work with."""

    identity: Identity
    store: Store
    ledger: Ledger
    lifecycle: Lifecycle
    routes: Routes
    artifacts: Artifacts
    images: Images
    data_url: str
    database: Path
    keys: Keys
    objects: Objects
    trust: Trust
    networks: Networks
    now: Callable[[], float] = time.time

    def runtime(self, runtime_id: str) -> Runtime:
        found = self.store.runtime(runtime_id)
        if found is None:
            raise missing("agent runtime", runtime_id)
        return found

    def endpoint(self, runtime_id: str, endpoint_id: str) -> tuple[Runtime, Endpoint]:
        runtime = self.runtime(runtime_id)
        found = self.store.endpoint(endpoint_id)
        if found is None or found.runtime_id != runtime.id:
            raise missing("agent runtime endpoint", endpoint_id)
        return runtime, found


Operation = Callable[[Plane, Call], Coroutine[Any, Any, Answer]]
Table = dict[tuple[str, str], Operation]
"""Method and path; ``*`` stands for one variable part."""


async def answer(plane: Plane, call: Call, table: Table) -> Answer:
    """Raises RefusalError."""
    known = False
    for (method, path), operation in table.items():
        pattern = re.escape(path).replace(r"\*", "([^/]+)")
        found = re.fullmatch(pattern, call.path)
        known = known or found is not None
        if found is not None and method == call.method:
            matched = Call(call.method, call.path, call.query, call.body, found.groups())
            return await operation(plane, matched)
    if known:
        raise RefusalError(405, "ERR_METHOD_NOT_ALLOWED", f"{call.method} is not for {call.path}")
    raise RefusalError(
        404,
        "ERR_NOT_FOUND",
        f"'{call.method} {call.path}' is no operation of the embedded platform",
    )


async def list_workspaces(plane: Plane, call: Call) -> Answer:
    name = call.query.get("name", "")
    found = [
        shown.workspace_json(plane.identity, workspace)
        for workspace in plane.store.workspaces()
        if name in workspace.name
    ]
    return Answer(paged(call, found, name="workspaces"))


async def get_workspace(plane: Plane, call: Call) -> Answer:
    for workspace in plane.store.workspaces():
        if workspace.id == call.names[0]:
            return Answer(shown.workspace_json(plane.identity, workspace))
    raise missing("workspace", call.names[0])


async def create_workspace(plane: Plane, call: Call) -> Answer:
    name, description = wire.read_workspace(call.body)
    workspace = Workspace(
        f"ws-{secrets.token_hex(8)}", name, description, is_default=False, created_at=plane.now()
    )
    if not plane.store.add_workspace(workspace):
        raise conflict(f"workspace '{name}' already exists")
    return Answer(shown.workspace_json(plane.identity, workspace))


def paged(call: Call, items: list[shown.Json], *, name: str = "items") -> shown.Json:
    number = call.number("pageNumber", 1, 1_000_000)
    size = call.number("pageSize", assumptions.PAGE_SIZE_DEFAULT, assumptions.PAGE_SIZE_MAX)
    return shown.page(items, number, size, name=name)


WORKSPACES: Table = {
    ("GET", "/workspaces"): list_workspaces,
    ("POST", "/workspaces"): create_workspace,
    ("GET", "/workspaces/*"): get_workspace,
}
