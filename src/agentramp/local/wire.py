"""Reads the JSON of the AgentRun API into records; no dict leaves this module."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import fsum

from agentramp.local import assumptions
from agentramp.local.fields import Fields, is_object
from agentramp.local.images import MARK
from agentramp.local.records import (
    Affinity,
    Endpoint,
    Health,
    Label,
    Route,
    Snapshot,
    Spec,
    Weighted,
)
from agentramp.local.refusal import invalid

RUNTIME_NAME = r"[a-zA-Z][a-zA-Z0-9_-]{0,127}"
ENDPOINT_NAME = r"[a-zA-Z][a-zA-Z0-9_-]{0,63}"
BUCKET_NAME = r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
OBJECT_KEY = r"(?s:[^/\\].{0,1022})"
CONTAINER = "Container"
LABEL = r"LATEST|[1-9][0-9]{0,8}"

_NOT_KEPT = {"agentRuntimeName", "workspaceId", "forceEvictInstances"}
_SECONDS_MAX = 86_400
_WEIGHT_DUST = 1e-9  # what 0.1 + 0.2 leaves


@dataclass(frozen=True)
class RuntimeInput:
    """A whole head: what was sent, over what was there.

    Code came as ``archive``, or lies in the object ``stored`` (``bucket/name``), or did not come.
    """

    name: str
    workspace_id: str
    document: str = field(repr=False)
    archive: bytes | None = field(default=None, repr=False)
    stored: str = ""
    checksum: str = ""
    image: str = ""
    """A container's; it has no code."""


@dataclass(frozen=True)
class _Code:
    archive: bytes | None = field(default=None, repr=False)
    stored: str = ""
    checksum: str = ""


@dataclass(frozen=True)
class EndpointInput:
    """``route`` is complete: what was not sent is taken from what was there."""

    name: str
    document: str
    route: Route


def read_runtime(body: bytes, former: Snapshot | None = None) -> RuntimeInput:
    """The head that ``body`` asks for; with ``former`` it is an update of that."""
    sent = _object(body)
    kept: dict[str, object] = {} if former is None else json.loads(former.document)
    whole = {**kept, **{k: v for k, v in sent.items() if v is not None}}
    fields = Fields(whole)
    if former is None:
        fields.require("agentRuntimeName")
    name = fields.text("agentRuntimeName", pattern=RUNTIME_NAME) or ""
    workspace = fields.text("workspaceId") or ""
    is_container = whole.get("artifactType") == CONTAINER
    container = fields.child("containerConfiguration") if is_container else None
    image = container.text("image") if container else None
    has_code = bool(former and former.artifact and not former.artifact.startswith(MARK))
    needed = not is_container and not has_code
    # What the former head came from is not fetched again: the object may be gone by now.
    is_sent = needed or sent.get("codeConfiguration") is not None
    code = _code(fields.child("codeConfiguration"), needed=needed) if is_sent else _Code()
    _check_runtime(fields)
    _raise(fields)
    document = _runtime_document(whole)
    return RuntimeInput(
        name, workspace, document, code.archive, code.stored, code.checksum, image or ""
    )


def _runtime_document(whole: Mapping[str, object]) -> str:
    kept = {name: value for name, value in whole.items() if name not in _NOT_KEPT}
    code = kept.get("codeConfiguration")
    if is_object(code):
        kept["codeConfiguration"] = {k: v for k, v in code.items() if k != "zipFile"}
    return json.dumps(kept, ensure_ascii=False)


def _code(code: Fields | None, *, needed: bool) -> _Code:
    if code is None:
        return _Code()
    checksum = code.text("checksum") or ""
    if code.has("ossBucketName") or code.has("ossObjectName"):
        return _Code(stored=_stored(code), checksum=checksum)
    if needed:
        code.require("zipFile")
    text = code.text("zipFile")
    try:
        archive = base64.b64decode(text, validate=True) if text else None
    except binascii.Error:
        code.faults.append("codeConfiguration.zipFile is not base64")
        archive = None
    return _Code(archive, checksum=checksum)


def _stored(code: Fields) -> str:
    code.require("ossBucketName", "ossObjectName")
    if code.has("zipFile"):
        code.faults.append("codeConfiguration: zipFile and an object are both given")
    bucket = code.text("ossBucketName", pattern=BUCKET_NAME)
    key = code.text("ossObjectName", pattern=OBJECT_KEY)
    return f"{bucket}/{key}"


def _check_runtime(fields: Fields) -> None:
    fields.require("artifactType", "cpu", "memory", "port")
    artifact = fields.text("artifactType")
    if artifact == CONTAINER:
        _check_container(fields)
    elif artifact is not None and artifact != "Code":
        fields.faults.append("artifactType must be Code or Container")
    else:
        fields.require("codeConfiguration")
    fields.number("cpu", 0.05, 16)
    fields.whole("memory", 128, 32_768)
    fields.whole("diskSize", 1, 1_000_000)
    fields.whole("sessionConcurrencyLimitPerInstance", 1, 200)
    fields.text("description", longest=assumptions.DESCRIPTION_MAX)
    fields.child("networkConfiguration")
    fields.texts("systemTags")
    _spec(fields)


def _check_container(fields: Fields) -> None:
    fields.require("containerConfiguration")
    container = fields.child("containerConfiguration")
    if container is not None:
        container.require("image")
        container.text("image")
        container.texts("command")
        container.whole("port", 1, 65_535)


def spec_of(snapshot: Snapshot) -> Spec:
    """The parts of a stored configuration that the supervisor and the gateway act on."""
    return _spec(Fields(_object(snapshot.document.encode())))


def _spec(fields: Fields) -> Spec:
    if fields.values.get("artifactType") == CONTAINER:
        return _spec_of(fields, fields.child("containerConfiguration") or Fields({}))
    code = fields.child("codeConfiguration")
    command: tuple[str, ...] = ()
    if code is not None:
        code.text("language")
        code.require("command")
        command = code.texts("command")
        if code.has("command") and not command:
            code.faults.append("codeConfiguration.command names no program")
    return replace(_spec_of(fields, Fields({})), command=command)


def _spec_of(fields: Fields, container: Fields) -> Spec:
    return Spec(
        image=container.text("image") or "",
        command=container.texts("command"),
        port=container.whole("port", 1, 65_535) or fields.whole("port", 1, 65_535) or 0,
        environment=fields.text_map("environmentVariables"),
        health=_health(fields.child("healthCheckConfiguration")),
        affinity=_affinity(fields),
    )


def _health(fields: Fields | None) -> Health:
    if fields is None:
        return Health()
    fields.whole("initialDelaySeconds", 0, 300)
    return Health(
        http_path=fields.text("httpGetUrl", pattern="/[!-~]*"),
        period=fields.whole("periodSeconds", 1, 300) or assumptions.HEALTH_PERIOD_SECONDS,
        timeout=fields.whole("timeoutSeconds", 1, 60) or assumptions.HEALTH_TIMEOUT_SECONDS,
        failures=fields.whole("failureThreshold", 1, 10) or assumptions.HEALTH_FAILURES,
        successes=fields.whole("successThreshold", 1, 10) or assumptions.HEALTH_SUCCESSES,
    )


def _affinity(fields: Fields) -> Affinity:
    kind = fields.text("sessionAffinityType", pattern="NONE|HEADER_FIELD|GENERATED_COOKIE|COOKIE")
    off = fields.flag("disableSessionAffinity") or kind == "NONE"
    header = fields.text("headerFieldName", pattern=r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
    idle = fields.whole("sessionIdleTimeoutSeconds", 1, _SECONDS_MAX)
    return Affinity(
        enabled=not off,
        header=(header or assumptions.SESSION_HEADER).lower(),
        idle_seconds=idle or assumptions.SESSION_IDLE_SECONDS,
    )


def read_endpoint(body: bytes, former: Endpoint | None = None) -> EndpointInput:
    """The endpoint that ``body`` asks for; with ``former`` it is an update of that."""
    fields = Fields(_object(body))
    if former is None:
        fields.require("agentRuntimeEndpointName")
    name = fields.text("agentRuntimeEndpointName", pattern=ENDPOINT_NAME)
    if former is not None and name not in {None, former.name}:
        fields.faults.append("agentRuntimeEndpointName cannot be changed")
    fields.text("description", longest=assumptions.DESCRIPTION_MAX)
    fields.child("scalingConfig")
    fields.flag("disablePublicNetworkAccess")
    route = _read_route(fields, None if former is None else former.wanted or former.route)
    _raise(fields)
    document = _endpoint_document(fields.values, former)
    return EndpointInput(former.name if former else name or "", document, route)


def _endpoint_document(sent: Mapping[str, object], former: Endpoint | None) -> str:
    kept: dict[str, object] = {} if former is None else json.loads(former.document)
    for name in ("description", "disablePublicNetworkAccess", "scalingConfig"):
        if sent.get(name) is not None:
            kept[name] = sent[name]
    if sent.get("deleteScalingConfig") is True:
        kept.pop("scalingConfig", None)
    return json.dumps(kept, ensure_ascii=False)


def _read_route(fields: Fields, former: Route | None) -> Route:
    sent = fields.text("targetVersion", pattern=LABEL)
    kept = former.target if former else Label(assumptions.DEFAULT_TARGET)
    target = kept if sent is None else Label(sent)
    routing = fields.child("routingConfiguration")
    if routing is None and former is not None:
        # What becomes the target has no share of its own beside it any more.
        weights = tuple(entry for entry in former.weights if entry.version != target)
    else:
        weights = () if routing is None else _weights(routing)
    _check_weights(weights, fields.faults)
    return Route(target, weights)


def _weights(routing: Fields) -> tuple[Weighted, ...]:
    found = []
    for entry in routing.children("versionWeights"):
        entry.require("version", "weight")
        version = entry.text("version", pattern=LABEL)
        weight = entry.number("weight", 0.0, 1.0)
        if version is not None and weight is not None:
            found.append(Weighted(Label(version), weight))
    return tuple(found)


def _check_weights(weights: tuple[Weighted, ...], faults: list[str]) -> None:
    place = "routingConfiguration.versionWeights"
    versions = [entry.version for entry in weights]
    if len(set(versions)) < len(versions):
        faults.append(f"{place} names a version twice")
    if len(weights) > assumptions.MAX_WEIGHTED_VERSIONS:
        faults.append(f"{place} has more than {assumptions.MAX_WEIGHTED_VERSIONS} entries")
    if any(not 0 < entry.weight < 1 for entry in weights):
        faults.append(f"{place}: a weight must be above 0 and below 1")
    if fsum(entry.weight for entry in weights) > 1 - _WEIGHT_DUST:
        faults.append(f"{place}: the weights must sum to less than 1")


def read_publish(body: bytes) -> str:
    """The description of the version to publish."""
    fields = Fields(_object(body or b"{}"))
    fields.text("publisher")
    description = fields.text("description", longest=assumptions.DESCRIPTION_MAX)
    _raise(fields)
    return description or ""


def read_workspace(body: bytes) -> tuple[str, str]:
    """Name and description."""
    fields = Fields(_object(body))
    fields.require("name")
    name = fields.text("name", pattern=r"\S(.{0,126}\S)?")
    description = fields.text("description", longest=assumptions.DESCRIPTION_MAX)
    _raise(fields)
    return name or "", description or ""


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"the body is not JSON: {error}") from error
    if not is_object(value):
        raise invalid("the body must be a JSON object")
    return value


def _raise(fields: Fields) -> None:
    if fields.faults:
        raise invalid("; ".join(dict.fromkeys(fields.faults)))
