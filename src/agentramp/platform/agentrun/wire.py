"""Between our nouns and AgentRun's JSON. Nothing else knows the vendor's words.

The tables name each field's key once, for both directions. What is not said is absent on the
wire: the API has no word for an explicit nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from agentramp.model import (
    FULL,
    LATEST,
    Code,
    Container,
    Endpoint,
    HealthCheck,
    LogStore,
    Nas,
    NasMount,
    Network,
    NetworkMode,
    OssMount,
    OssObject,
    RegistryAccess,
    Runtime,
    RuntimeSpec,
    Split,
    Status,
    Tracing,
    Version,
    VersionRef,
    Workspace,
)
from agentramp.platform.port import PlatformError

Json: TypeAlias = Mapping[str, Any]
Keys: TypeAlias = Mapping[str, str]
T = TypeVar("T")

_RUNTIME: Keys = {
    "name": "agentRuntimeName",
    "description": "description",
    "cpu": "cpu",
    "memory": "memory",
    "disk_size": "diskSize",
    "port": "port",
    "instance_concurrency": "sessionConcurrencyLimitPerInstance",
    "session_idle_timeout": "sessionIdleTimeoutSeconds",
    "session_isolation": "enableSessionIsolation",
    "role": "executionRoleArn",
    "credential_name": "credentialName",
    "workspace_id": "workspaceId",
}
_CODE: Keys = {"language": "language", "command": "command", "checksum": "checksum"}
_OSS_OBJECT: Keys = {"bucket": "ossBucketName", "key": "ossObjectName"}
_CONTAINER: Keys = {
    "image": "image",
    "command": "command",
    "port": "port",
    "registry_type": "imageRegistryType",
    "acr_instance_id": "acrInstanceId",
}
_REGISTRY: Mapping[str, Keys] = {
    "authConfig": {"user_name": "userName", "password": "password"},
    "certConfig": {"insecure": "insecure", "root_ca_base64": "rootCaCertBase64"},
    "networkConfig": {
        "vpc_id": "vpcId",
        "vswitch_id": "vSwitchId",
        "security_group_id": "securityGroupId",
    },
}
_NETWORK: Keys = {
    "vpc_id": "vpcId",
    "vswitch_ids": "vswitchIds",
    "security_group_id": "securityGroupId",
}
_HEALTH: Keys = {
    "path": "httpGetUrl",
    "initial_delay": "initialDelaySeconds",
    "period": "periodSeconds",
    "timeout": "timeoutSeconds",
    "failure_threshold": "failureThreshold",
    "success_threshold": "successThreshold",
}
_NAS: Keys = {"user_id": "userId", "group_id": "groupId"}
_NAS_MOUNT: Keys = {"server": "serverAddr", "directory": "mountDir", "tls": "enableTLS"}
_OSS_MOUNT: Keys = {
    "bucket": "bucketName",
    "directory": "mountDir",
    "path": "bucketPath",
    "endpoint": "endpoint",
    "read_only": "readOnly",
}
_LOG: Keys = {"project": "project", "logstore": "logstore"}
_WORKSPACE: Keys = {
    "name": "name",
    "description": "description",
    "resource_group": "resourceGroupId",
}
_TRACING: Keys = {
    "enabled": "enableArms",
    "license_key": "armsLicenseKey",
    "workspace": "cmsWorkspace",
}


def encode_runtime(spec: RuntimeSpec, archive: str | None) -> Json:
    """The body of a create or update; ``archive`` is the package in base64."""
    parts = {
        "artifactType": "Container" if spec.container else "Code",
        "codeConfiguration": _encode_code(spec.code, archive),
        "containerConfiguration": _encode_container(spec.container),
        "disableSessionAffinity": _opposite(spec.session_affinity),
        "networkConfiguration": {
            "networkMode": spec.network.mode.value,
            **_encode(spec.network, _NETWORK),
        },
        "environmentVariables": dict(spec.environment),
        "protocolConfiguration": {"type": spec.protocol} if spec.protocol else None,
        "logConfiguration": spec.log_store and _encode(spec.log_store, _LOG),
        "healthCheckConfiguration": spec.health_check and _encode(spec.health_check, _HEALTH),
        "nasConfig": _encode_nas(spec.nas),
        "ossMountConfig": _encode_oss(spec.oss_mounts),
        "armsConfiguration": spec.tracing and _encode(spec.tracing, _TRACING),
    }
    said = {key: value for key, value in parts.items() if value is not None}
    return {**_encode(spec, _RUNTIME), **said}


def decode_runtime(data: Json) -> Runtime:
    return Runtime(
        id=str(data.get("agentRuntimeId", "")),
        spec=decode_spec(data),
        status=_status(data),
        reason=str(data.get("statusReason") or ""),
        arn=str(data.get("agentRuntimeArn") or ""),
        created_at=str(data.get("createdAt") or ""),
        updated_at=str(data.get("lastUpdatedAt") or ""),
    )


def decode_spec(data: Json) -> RuntimeSpec:
    network = data.get("networkConfiguration") or {}
    return RuntimeSpec(
        **_fields(data, _RUNTIME),
        code=_decode_code(data.get("codeConfiguration")),
        container=_decode_container(data.get("containerConfiguration")),
        session_affinity=_opposite(data.get("disableSessionAffinity")),
        network=Network(
            NetworkMode(network.get("networkMode") or NetworkMode.PUBLIC.value),
            **_fields(network, _NETWORK),
        ),
        environment=tuple(sorted((data.get("environmentVariables") or {}).items())),
        protocol=(data.get("protocolConfiguration") or {}).get("type"),
        log_store=_decode(LogStore, data.get("logConfiguration"), _LOG),
        health_check=_decode(HealthCheck, data.get("healthCheckConfiguration"), _HEALTH),
        nas=_decode_nas(data.get("nasConfig")),
        oss_mounts=_decode_oss(data.get("ossMountConfig")),
        tracing=_decode(Tracing, data.get("armsConfiguration"), _TRACING),
    )


def encode_split(split: Split) -> Json:
    """``targetVersion`` takes what the entries leave; an empty list clears an old split."""
    entries = [{"version": str(ref), "weight": weight / FULL} for ref, weight in split.canaries]
    return {
        "targetVersion": str(split.stable),
        "routingConfiguration": {"versionWeights": entries},
    }


def encode_endpoint(was: Json, split: Split, description: str) -> Json:
    """A whole change of an endpoint: what ``was`` read of it and is not changed goes back as it is.

    No source says whether a field that is left out of a PUT is kept or cleared.
    """
    private = was.get("disablePublicNetworkAccess")
    scaling = was.get("scalingConfig") or _scaling(was.get("scalingStatus") or {})
    kept = {"disablePublicNetworkAccess": private, "scalingConfig": scaling}
    said = {key: value for key, value in kept.items() if value is not None}
    return {"description": description, **encode_split(split), **said}


def _scaling(status: Json) -> Json | None:
    """What was configured, of what the platform tells of its instances."""
    least, policies = status.get("minInstances"), status.get("scheduledPolicies")
    if not least and not policies:
        return None
    return {"minInstances": least or 0, **({"scheduledPolicies": policies} if policies else {})}


def decode_endpoint(data: Json) -> Endpoint:
    return Endpoint(
        id=str(data.get("agentRuntimeEndpointId", "")),
        name=str(data.get("agentRuntimeEndpointName", "")),
        split=_decode_split(data),
        status=_status(data),
        reason=str(data.get("statusReason") or ""),
        url=str(data.get("endpointPublicUrl") or ""),
        description=str(data.get("description") or ""),
        arn=str(data.get("agentRuntimeEndpointArn") or ""),
    )


def decode_version(data: Json) -> Version:
    return Version(
        number=int(data["agentRuntimeVersion"]),
        description=str(data.get("description") or ""),
        updated_at=str(data.get("lastUpdatedAt") or ""),
    )


def encode_workspace(workspace: Workspace) -> Json:
    return _encode(workspace, _WORKSPACE)


def decode_workspace(data: Json) -> Workspace:
    return Workspace(
        **{"name": "", **_fields(data, _WORKSPACE)},
        id=str(data.get("workspaceId") or ""),
        is_default=bool(data.get("isDefault")),
    )


def _decode_split(data: Json) -> Split:
    stable = _reference(data.get("targetVersion") or LATEST)
    entries = (data.get("routingConfiguration") or {}).get("versionWeights") or []
    shares: dict[VersionRef, int] = {}
    for entry in entries:
        ref = _reference(entry["version"])
        shares[ref] = shares.get(ref, 0) + _percent(entry["weight"])
    # Made by hand elsewhere, an entry may repeat the stable version, or leave it nothing.
    others = [(ref, weight) for ref, weight in shares.items() if ref != stable and weight > 0]
    taken = sum(weight for _, weight in others)
    if taken > FULL:
        raise PlatformError(
            f"endpoint {data.get('agentRuntimeEndpointName')} has weights that sum to {taken} %",
            advice="set its weights by hand to what you mean, then run this again",
        )
    if taken == FULL:
        (stable, _), *others = sorted(others, key=lambda share: -share[1])
    return Split(stable, tuple(others))


def _percent(weight: float) -> int:
    """Whole percent; a share that is neither nothing nor everything never rounds to either."""
    if weight <= 0 or weight >= 1:
        return FULL if weight >= 1 else 0
    return min(max(round(weight * FULL), 1), FULL - 1)


def _reference(text: object) -> VersionRef:
    return LATEST if str(text) == LATEST else int(str(text))


def _status(data: Json) -> Status:
    text = str(data.get("status") or Status.READY.value)
    if text not in Status.__members__:
        raise PlatformError(
            f"the platform reports the status {text}, which is unknown here",
            advice="a newer agentramp may know it",
        )
    return Status[text]


def _opposite(flag: object) -> bool | None:
    return None if flag is None else not flag


def _encode(value: object, keys: Keys) -> dict[str, Any]:
    pairs = ((key, getattr(value, name)) for name, key in keys.items())
    return {
        key: list(item) if isinstance(item, tuple) else item
        for key, item in pairs
        if item is not None and item != ()
    }


def _fields(data: Json, keys: Keys) -> dict[str, Any]:
    """What ``data`` says, by our names; what it does not say is left to our defaults."""
    found = ((name, data.get(key)) for name, key in keys.items())
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found
        if value is not None
    }


def _decode(kind: Callable[..., T], data: Json | None, keys: Keys) -> T | None:
    known = _fields(data or {}, keys)
    return kind(**known) if known else None


def _encode_code(code: Code | None, archive: str | None) -> Json | None:
    if code is None:
        return None
    place = _encode(code.oss, _OSS_OBJECT) if code.oss else {}
    return {**_encode(code, _CODE), **place, **({"zipFile": archive} if archive else {})}


def _decode_code(data: Json | None) -> Code | None:
    if not data:
        return None
    return Code(**_fields(data, _CODE), oss=_decode(OssObject, data, _OSS_OBJECT))


def _encode_container(container: Container | None) -> Json | None:
    if container is None:
        return None
    access = container.registry
    parts = {key: _encode(access, keys) for key, keys in _REGISTRY.items() if access}
    registry = {key: part for key, part in parts.items() if part}
    return {**_encode(container, _CONTAINER), **({"registryConfig": registry} if registry else {})}


def _decode_container(data: Json | None) -> Container | None:
    if not data:
        return None
    config = data.get("registryConfig") or {}
    known: dict[str, Any] = {}
    for key, keys in _REGISTRY.items():
        known |= _fields(config.get(key) or {}, keys)
    access = RegistryAccess(**known) if known else None
    return Container(**_fields(data, _CONTAINER), registry=access)


def _encode_nas(nas: Nas | None) -> Json | None:
    if nas is None:
        return None
    return {**_encode(nas, _NAS), "mountPoints": [_encode(m, _NAS_MOUNT) for m in nas.mounts]}


def _decode_nas(data: Json | None) -> Nas | None:
    if not data:
        return None
    points = data.get("mountPoints") or ()
    return Nas(tuple(NasMount(**_fields(p, _NAS_MOUNT)) for p in points), **_fields(data, _NAS))


def _encode_oss(mounts: tuple[OssMount, ...]) -> Json | None:
    return {"mountPoints": [_encode(mount, _OSS_MOUNT) for mount in mounts]} if mounts else None


def _decode_oss(data: Json | None) -> tuple[OssMount, ...]:
    points = (data or {}).get("mountPoints") or ()
    return tuple(OssMount(**_fields(point, _OSS_MOUNT)) for point in points)
