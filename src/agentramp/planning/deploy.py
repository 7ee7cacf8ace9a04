"""Make the head what the file says. Versions and endpoints are other verbs' business."""

from dataclasses import dataclass, replace

from agentramp.model import LATEST, Artifact, LogStore, Observed, Runtime, RuntimeSpec, Workspace
from agentramp.plan import (
    AwaitRuntime,
    CreateRuntime,
    CreateWorkspace,
    Plan,
    PrepareLogStore,
    SetDomain,
    Step,
    Subject,
    UpdateRuntime,
)
from agentramp.planning.difference import differences

NO_OLD_HEAD = f"none: the platform keeps no old head; pin endpoints to a version, not {LATEST}"
NO_OLD_DOMAIN = "none: the platform gives out no certificate to set a domain back with"


@dataclass(frozen=True)
class Beside:
    """What a deploy sees to beside the runtime itself: a workspace to make, logs, a domain."""

    workspace: Workspace | None = None
    log_store: LogStore | None = None
    domain: SetDomain | None = None


def plan_deploy(
    spec: RuntimeSpec, artifact: Artifact | None, observed: Observed, beside: Beside | None = None
) -> Plan:
    beside = beside or Beside()
    wanted = _with_checksum(spec, artifact)
    if beside.log_store:
        wanted = replace(wanted, log_store=beside.log_store)
    head = _step(wanted, artifact, observed.runtime)
    steps = (*_before(beside, observed.runtime), *((head,) if head else ()))
    steps = (*steps, beside.domain) if beside.domain else steps
    subject = Subject(spec.name)
    if not steps:
        return Plan("deploy", subject, notes=(_why_nothing(observed.runtime),))
    if head and (notes := _following_the_head(observed)):
        return Plan("deploy", subject, steps, notes=notes, no_way_back=NO_OLD_HEAD)
    if beside.domain:
        return Plan("deploy", subject, steps, no_way_back=NO_OLD_DOMAIN)
    return Plan("deploy", subject, steps)


def _before(beside: Beside, runtime: Runtime | None) -> tuple[Step, ...]:
    steps: list[Step] = []
    if beside.workspace:
        steps.append(CreateWorkspace(beside.workspace))
    if beside.log_store and (runtime is None or runtime.spec.log_store != beside.log_store):
        steps.append(PrepareLogStore(beside.log_store))
    return tuple(steps)


def _with_checksum(spec: RuntimeSpec, artifact: Artifact | None) -> RuntimeSpec:
    if spec.code is None or artifact is None:
        return spec
    return replace(spec, code=replace(spec.code, checksum=artifact.crc64))


def _step(wanted: RuntimeSpec, artifact: Artifact | None, runtime: Runtime | None) -> Step | None:
    if runtime is None:
        return CreateRuntime(wanted, artifact)
    changes = differences(wanted, runtime.spec)
    if changes or runtime.status.is_failure:
        return UpdateRuntime(runtime.id, wanted, _unsent(artifact, runtime), changes)
    return None if runtime.status.is_final else AwaitRuntime(runtime.id)


def _unsent(artifact: Artifact | None, runtime: Runtime) -> Artifact | None:
    """The package, unless the platform surely has it: then nothing is uploaded."""
    there = runtime.spec.code.checksum if runtime.spec.code else None
    has_it = artifact is not None and there == artifact.crc64 and not runtime.status.is_failure
    return None if has_it else artifact


def _why_nothing(runtime: Runtime | None) -> str:
    name = runtime.spec.name if runtime else ""
    return f"runtime {name} is already what the file says"


def _following_the_head(observed: Observed) -> tuple[str, ...]:
    return tuple(
        f"endpoint {endpoint.name} follows {LATEST}: this deploy moves its traffic at once"
        for endpoint in observed.endpoints
        if LATEST in dict(endpoint.split.weights)
    )
