"""The control plane's operations on runtimes and their versions."""

import asyncio
import io
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from agentramp.local import shown, wire
from agentramp.local.control import Answer, Call, Plane, Table, paged
from agentramp.local.images import MARK
from agentramp.local.records import LATEST, Label, Runtime, Snapshot, Status
from agentramp.local.refusal import conflict, invalid, missing


async def create_runtime(plane: Plane, call: Call) -> Answer:
    sent = await asyncio.to_thread(wire.read_runtime, call.body)
    async with _code(plane, sent) as digest:
        if any(runtime.name == sent.name for runtime in plane.store.runtimes()):
            raise conflict(f"agent runtime '{sent.name}' already exists")
        runtime = _new_runtime(sent.name, _workspace(plane, sent.workspace_id), plane.now())
        plane.store.add_runtime(runtime, Snapshot(runtime.id, 1, sent.document, digest))
    plane.objects.used(sent.stored, plane.now())
    plane.lifecycle.settle_runtime(runtime.id)
    return Answer(_shown(plane, runtime))


@asynccontextmanager
async def _code(
    plane: Plane, sent: wire.RuntimeInput, former: str | None = None
) -> AsyncIterator[str]:
    """The digest of the code that was sent, else ``former``; of an image, what stands for it."""
    content = None if sent.image else _content(plane, sent)
    if sent.image:
        found = await asyncio.to_thread(plane.images.find, sent.image)
        yield f"{MARK}{found.digest}" if found else ""
    elif content is None and former is not None:
        yield former
    else:
        async with plane.artifacts.kept(content or io.BytesIO(), sent.checksum) as digest:
            yield digest


def _content(plane: Plane, sent: wire.RuntimeInput) -> BinaryIO | None:
    """The code that was sent, or that lies in an object; None where there is none."""
    if not sent.stored:
        return None if sent.archive is None else io.BytesIO(sent.archive)
    found = plane.objects.find(sent.stored)
    if found is None:
        bucket, _, key = sent.stored.partition("/")
        raise invalid(f"codeConfiguration: there is no object '{key}' in bucket '{bucket}'")
    return plane.objects.open(found)


def _new_runtime(name: str, workspace_id: str, now: float) -> Runtime:
    return Runtime(
        id=secrets.token_hex(16),
        name=name,
        workspace_id=workspace_id,
        revision=1,
        ready_revision=0,
        status=Status.CREATING,
        reason="",
        created_at=now,
        updated_at=now,
    )


def _workspace(plane: Plane, wanted: str) -> str:
    for workspace in plane.store.workspaces():
        if workspace.id == wanted or (not wanted and workspace.is_default):
            return workspace.id
    raise invalid(f"workspaceId: workspace '{wanted}' does not exist")


async def update_runtime(plane: Plane, call: Call) -> Answer:
    runtime = plane.runtime(call.names[0])
    former = _snapshot(plane, runtime, runtime.revision)
    sent = await asyncio.to_thread(wire.read_runtime, call.body, former)
    if sent.name not in {"", runtime.name}:
        raise invalid("agentRuntimeName cannot be changed")
    async with _code(plane, sent, former.artifact) as digest:
        _move_head(plane, runtime, sent, digest)
    plane.objects.used(sent.stored, plane.now())
    plane.lifecycle.settle_runtime(runtime.id)
    plane.artifacts.prune(plane.store.artifacts())
    return Answer(_shown(plane, plane.runtime(runtime.id)))


def _move_head(plane: Plane, runtime: Runtime, sent: wire.RuntimeInput, digest: str) -> None:
    # Reading the archive took a while: another call may have moved the head meanwhile.
    if plane.runtime(runtime.id).revision != runtime.revision:
        raise conflict(f"agent runtime '{runtime.name}' was updated by another call")
    snapshot = Snapshot(runtime.id, runtime.revision + 1, sent.document, digest)
    plane.store.update_head(snapshot, plane.now())


async def get_runtime(plane: Plane, call: Call) -> Answer:
    runtime = plane.runtime(call.names[0])
    label = call.query.get("agentRuntimeVersion") or LATEST
    if label == LATEST:
        return Answer(_shown(plane, runtime))
    revision = plane.store.revision_of(runtime, Label(label)) if label.isdecimal() else None
    if revision is None:
        raise missing("agent runtime version", label)
    snapshot = _snapshot(plane, runtime, revision)
    return Answer(shown.runtime_json(plane.identity, runtime, snapshot, Label(label)))


async def list_runtimes(plane: Plane, call: Call) -> Answer:
    found = [
        _shown(plane, runtime)
        for runtime in plane.store.runtimes()
        if _asked_for(call, runtime) and _described(plane, call, runtime)
    ]
    return Answer(paged(call, found))


def _described(plane: Plane, call: Call, runtime: Runtime) -> bool:
    """Whether its configuration is the one that is looked for; every tag has to be there."""
    tags = {*call.query.get("systemTags", "").split(",")} - {""}
    group = call.query.get("discoveryResourceGroupId") or call.query.get("resourceGroupId", "")
    if not (tags or group):
        return True
    document = json.loads(_snapshot(plane, runtime, runtime.revision).document)
    kept = document.get("resourceGroupId") or ""
    return tags.issubset(document.get("systemTags") or ()) and group in {"", kept}


def _asked_for(call: Call, runtime: Runtime) -> bool:
    query = call.query
    workspaces = {*query.get("workspaceIds", "").split(","), query.get("workspaceId", "")} - {""}
    return (
        named(call, "agentRuntimeName", runtime.name)
        and query.get("status", "") in {"", runtime.status.value}
        and (not workspaces or runtime.workspace_id in workspaces)
    )


def named(call: Call, parameter: str, name: str) -> bool:
    """Whether a list shows ``name``: part of it is enough unless searchMode is exact."""
    wanted = call.query.get(parameter, "")
    return wanted == name if wanted and call.query.get("searchMode") == "exact" else wanted in name


async def delete_runtime(plane: Plane, call: Call) -> Answer:
    runtime = plane.runtime(call.names[0])
    endpoints = plane.store.endpoints(runtime.id)
    if endpoints:
        names = ", ".join(endpoint.name for endpoint in endpoints)
        raise conflict(f"agent runtime '{runtime.name}' still has endpoints: {names}")
    last = _shown(plane, runtime)
    plane.store.delete_runtime(runtime.id)
    plane.lifecycle.reconcile()
    plane.artifacts.prune(plane.store.artifacts())
    return Answer(last)


async def publish_version(plane: Plane, call: Call) -> Answer:
    description = wire.read_publish(call.body)
    runtime = plane.runtime(call.names[0])
    if runtime.status is not Status.READY:
        raise conflict(
            f"agent runtime '{runtime.name}' is {runtime.status.value}; only a READY one can be"
            " published"
        )
    version = plane.store.publish(runtime, description, plane.now())
    return Answer(shown.version_json(plane.identity, runtime, version))


async def list_versions(plane: Plane, call: Call) -> Answer:
    runtime = plane.runtime(call.names[0])
    versions = plane.store.versions(runtime.id)
    found = [shown.version_json(plane.identity, runtime, version) for version in versions]
    return Answer(paged(call, found))


def _shown(plane: Plane, runtime: Runtime) -> shown.Json:
    return shown.runtime_json(
        plane.identity, runtime, _snapshot(plane, runtime, runtime.revision), LATEST
    )


def _snapshot(plane: Plane, runtime: Runtime, revision: int) -> Snapshot:
    found = plane.store.snapshot(runtime.id, revision)
    if found is None:
        raise missing("revision", str(revision))
    return found


RUNTIMES: Table = {
    ("POST", "/agents/runtimes"): create_runtime,
    ("GET", "/agents/runtimes"): list_runtimes,
    ("PUT", "/agents/runtimes/*"): update_runtime,
    ("GET", "/agents/runtimes/*"): get_runtime,
    ("DELETE", "/agents/runtimes/*"): delete_runtime,
    ("POST", "/agents/runtimes/*/versions"): publish_version,
    ("GET", "/agents/runtimes/*/versions"): list_versions,
}
