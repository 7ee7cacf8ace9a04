"""How a runtime and its endpoints stand, as JSON: every key is always there."""

import json
from typing import Any

from agentramp.model import Endpoint, Version, VersionRef
from agentramp.provenance import Provenance, provenance
from agentramp.ramp import Ramp
from agentramp.report.json import weights
from agentramp.report.ramp_view import waits
from agentramp.report.status import Overview, Served, region, serves, step_of


def fields(value: Overview) -> tuple[tuple[str, str], ...]:
    endpoints = tuple(one.endpoint for one in value.served if one.endpoint)
    versions = [
        _version(ref, version, value.provenance(ref, version), endpoints)
        for ref, version in value.in_service()
    ]
    return (
        ("runtime", json.dumps(_runtime(value))),
        ("versions", json.dumps(versions)),
        ("endpoints", json.dumps([_served(one) for one in value.served])),
    )


def published(
    versions: tuple[Version, ...], endpoints: tuple[Endpoint, ...]
) -> tuple[tuple[str, str], ...]:
    found = (
        _version(version.number, version, provenance(version.description), endpoints)
        for version in versions
    )
    return (("versions", json.dumps(list(found))),)


def listed(served: tuple[Served, ...]) -> tuple[tuple[str, str], ...]:
    return (("endpoints", json.dumps([_served(one) for one in served])),)


def one_of(served: Served) -> tuple[tuple[str, str], ...]:
    return tuple((name, json.dumps(said)) for name, said in _served(served).items())


def _runtime(value: Overview) -> dict[str, Any]:
    runtime, spec = value.runtime, value.runtime.spec
    return {
        "id": runtime.id,
        "arn": runtime.arn,
        "name": spec.name,
        "description": spec.description,
        "region": region(runtime),
        "version": value.newest,
        "artifact_type": "Container" if spec.container else "Code",
        "language": spec.code.language if spec.code else None,
        "checksum": spec.code.checksum if spec.code else None,
        "image": spec.container.image if spec.container else None,
        "status": runtime.status.value,
        "reason": runtime.reason,
        "resources": {
            "cpu": spec.cpu,
            "memory": spec.memory,
            "disk_size": spec.disk_size,
            "port": spec.port,
            "instance_concurrency": spec.instance_concurrency,
        },
        "created_at": runtime.created_at,
        "updated_at": runtime.updated_at,
        "workspace_id": spec.workspace_id,
    }


def _version(
    ref: VersionRef,
    version: Version | None,
    found: Provenance,
    endpoints: tuple[Endpoint, ...],
) -> dict[str, Any]:
    return {
        "version": ref,
        "published_at": version.updated_at if version else None,
        "digest": found.digest,
        "commit": found.commit,
        "description": version.description if version else None,
        "served_by": serves(endpoints, ref),
    }


def _served(one: Served) -> dict[str, Any]:
    found, now = one.endpoint, one.standing
    return {
        "name": one.name,
        "id": found.id if found else None,
        "arn": found.arn if found else None,
        "url": found.url if found else None,
        "description": found.description if found else None,
        "status": found.status.value if found else None,
        "reason": found.reason if found else None,
        "version": found.split.stable if found else None,
        "weights": weights(found.split) if found else None,
        "journal": weights(now.settled),
        "drift": one.drift or None,
        "queued": now.queued,
        "ramp": _ramp(now.ramp) if now.ramp else None,
        "waits_for": waits(now, one.now),
    }


def _ramp(ramp: Ramp) -> dict[str, Any]:
    last, above = ramp.last, ramp.policy.above(ramp.weight)
    return {
        "id": ramp.id,
        "stable": ramp.stable,
        "canary": ramp.canary,
        "weight": ramp.weight,
        "step": step_of(ramp),
        "steps": [rung.weight for rung in ramp.policy.rungs],
        "next_weight": above.weight if above else None,
        "began_at": ramp.began_at,
        "entered_at": ramp.entered_at,
        "paused": ramp.paused is not None,
        "verdict": last.decision.value if last else None,
        "reason": last.reason if last else None,
        "e": last.e if last else None,
        "threshold": last.threshold if last else None,
    }
