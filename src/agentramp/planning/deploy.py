"""Make the head what the file says. Versions and endpoints are other verbs' business."""

from dataclasses import replace

from agentramp.model import LATEST, Artifact, Observed, Runtime, RuntimeSpec
from agentramp.plan import AwaitRuntime, CreateRuntime, Plan, Step, Subject, UpdateRuntime
from agentramp.planning.difference import differences

NO_OLD_HEAD = f"none: the platform keeps no old head; pin endpoints to a version, not {LATEST}"


def plan_deploy(spec: RuntimeSpec, artifact: Artifact | None, observed: Observed) -> Plan:
    wanted = _with_checksum(spec, artifact)
    step = _step(wanted, artifact, observed.runtime)
    steps: tuple[Step, ...] = (step,) if step else ()
    subject = Subject(spec.name)
    if not steps:
        return Plan("deploy", subject, notes=(_why_nothing(observed.runtime),))
    if notes := _following_the_head(observed):
        return Plan("deploy", subject, steps, notes=notes, no_way_back=NO_OLD_HEAD)
    return Plan("deploy", subject, steps)


def _with_checksum(spec: RuntimeSpec, artifact: Artifact | None) -> RuntimeSpec:
    if spec.code is None or artifact is None:
        return spec
    return replace(spec, code=replace(spec.code, checksum=artifact.crc64))


def _step(wanted: RuntimeSpec, artifact: Artifact | None, runtime: Runtime | None) -> Step | None:
    if runtime is None:
        return CreateRuntime(wanted, artifact)
    changes = differences(wanted, runtime.spec)
    if changes or runtime.status.is_failure:
        return UpdateRuntime(runtime.id, wanted, artifact, changes)
    return None if runtime.status.is_final else AwaitRuntime(runtime.id)


def _why_nothing(runtime: Runtime | None) -> str:
    name = runtime.spec.name if runtime else ""
    return f"runtime {name} is already what the file says"


def _following_the_head(observed: Observed) -> tuple[str, ...]:
    return tuple(
        f"endpoint {endpoint.name} follows {LATEST}: this deploy moves its traffic at once"
        for endpoint in observed.endpoints
        if LATEST in dict(endpoint.split.weights)
    )
