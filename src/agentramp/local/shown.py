"""Renders records as the JSON objects of the AgentRun API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from agentramp.local.records import (
    LATEST,
    Endpoint,
    Identity,
    Label,
    Runtime,
    Snapshot,
    Version,
    Workspace,
)


@dataclass(frozen=True)
class Json:
    """A JSON object already rendered, so that it can be put into another without being read."""

    text: str


def success(data: Json, request_id: str) -> bytes:
    return f'{{"code":"SUCCESS","requestId":"{request_id}","data":{data.text}}}'.encode()


def failure(code: str, message: str, request_id: str) -> bytes:
    return json.dumps(
        {"code": code, "message": message, "requestId": request_id}, ensure_ascii=False
    ).encode()


def page(items: list[Json], number: int, size: int, *, name: str = "items") -> Json:
    """The slice that was asked for, and how many there are in all."""
    first = (number - 1) * size
    shown = ",".join(item.text for item in items[first : first + size])
    return Json(
        f'{{"{name}":[{shown}],"pageNumber":{number},"pageSize":{size},"total":{len(items)}}}'
    )


def _json(values: Mapping[str, object]) -> Json:
    return Json(json.dumps(values, ensure_ascii=False))


def runtime_arn(identity: Identity, name: str) -> str:
    return f"acs:agentrun:{identity.region}:{identity.account_id}:runtimes/{name}"


def runtime_json(
    identity: Identity, runtime: Runtime, snapshot: Snapshot, label: Label = LATEST
) -> Json:
    return _json(
        {
            **json.loads(snapshot.document),
            "agentRuntimeArn": runtime_arn(identity, runtime.name),
            "agentRuntimeId": runtime.id,
            "agentRuntimeName": runtime.name,
            "agentRuntimeVersion": label,
            "workspaceId": runtime.workspace_id,
            "status": runtime.status.value,
            "statusReason": runtime.reason,
            "createdAt": _time(runtime.created_at),
            "lastUpdatedAt": _time(runtime.updated_at),
        }
    )


def version_json(identity: Identity, runtime: Runtime, version: Version) -> Json:
    return _json(
        {
            "agentRuntimeArn": runtime_arn(identity, runtime.name),
            "agentRuntimeId": runtime.id,
            "agentRuntimeName": runtime.name,
            "agentRuntimeVersion": str(version.number),
            "description": version.description,
            "lastUpdatedAt": _time(version.created_at),
        }
    )


def endpoint_json(
    identity: Identity, runtime: Runtime, endpoint: Endpoint, url: str, instances: int = 0
) -> Json:
    """While a change is at work the split that was asked for is shown, else the one in effect."""
    route = endpoint.wanted or endpoint.route
    arn = runtime_arn(identity, runtime.name)
    document = json.loads(endpoint.document)
    return _json(
        {
            "disablePublicNetworkAccess": False,
            "description": "",
            **document,
            "agentRuntimeEndpointArn": f"{arn}/endpoints/{endpoint.name}",
            "agentRuntimeEndpointId": endpoint.id,
            "agentRuntimeEndpointName": endpoint.name,
            "agentRuntimeId": runtime.id,
            "endpointPublicUrl": url,
            "targetVersion": route.target if route else "",
            "routingConfiguration": {
                "versionWeights": [
                    {"version": entry.version, "weight": entry.weight}
                    for entry in (route.weights if route else ())
                ]
            },
            "status": endpoint.status.value,
            "statusReason": endpoint.reason,
            "scalingStatus": _scaling(document, instances),
        }
    )


def _scaling(document: Mapping[str, object], instances: int) -> dict[str, object]:
    """What was asked for is shown beside what runs; scaling has no effect here."""
    config = document.get("scalingConfig")
    asked = config if isinstance(config, dict) else {}
    return {
        "minInstances": asked.get("minInstances") or 0,
        "targetInstances": asked.get("minInstances") or 0,
        "currentInstances": instances,
        "currentError": "",
        "scheduledPolicies": asked.get("scheduledPolicies") or [],
    }


def workspace_json(identity: Identity, workspace: Workspace) -> Json:
    return _json(
        {
            "workspaceId": workspace.id,
            "workspaceArn": f"acs:agentrun:{identity.region}:{identity.account_id}"
            f":workspaces/{workspace.id}",
            "name": workspace.name,
            "description": workspace.description,
            "isDefault": workspace.is_default,
            "createdAt": _time(workspace.created_at),
            "updatedAt": _time(workspace.created_at),
        }
    )


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
