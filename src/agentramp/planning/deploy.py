"""Make the head what the file says. Versions and endpoints are other verbs' business."""

from dataclasses import dataclass, replace

from agentramp.model import LATEST, Artifact, LogStore, Observed, Runtime, RuntimeSpec, Workspace
from agentramp.plan import (
    AwaitRuntime,
    CreateRuntime,
    CreateWorkspace,
    Plan,
    PrepareLogStore,
    Step,
    Subject,
    UpdateRuntime,
)
from agentramp.planning.difference import differences, kept

NO_OLD_HEAD = f"none: the platform keeps no old head; pin endpoints to a version, not {LATEST}"


@dataclass(frozen=True)
class Beside:
    """What a deploy sees to before the runtime itself: a workspace to make, and logs."""

    workspace: Workspace | None = None
    log_store: LogStore | None = None


def plan_deploy(
    spec: RuntimeSpec, artifact: Artifact | None, observed: Observed, beside: Beside | None = None
) -> Plan:
    beside = beside or Beside()
    wanted = _with_checksum(spec, artifact)
    if beside.log_store:
        wanted = replace(wanted, log_store=beside.log_store)
    head = _step(wanted, artifact, observed.runtime)
    steps = (*_before(beside, observed.runtime), *((head,) if head else ()))
    subject = Subject(spec.name)
    stays = _what_stays(wanted, observed.runtime)
    if not steps:
        note = f"runtime {spec.name} is already what the file says"
        return Plan("deploy", subject, notes=(note, *stays))
    if head and (notes := _following_the_head(observed)):
        return Plan("deploy", subject, steps, notes=(*notes, *stays), no_way_back=NO_OLD_HEAD)
    return Plan("deploy", subject, steps, notes=stays)


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
        # With the package, also where only words change: another deploy may bring its own before.
        return UpdateRuntime(runtime.id, wanted, artifact, changes)
    return None if runtime.status.is_final else AwaitRuntime(runtime.id)


def _what_stays(wanted: RuntimeSpec, runtime: Runtime | None) -> tuple[str, ...]:
    """A role that was taken out of the file on purpose must not stay in force unnoticed."""
    names = kept(wanted, runtime.spec) if runtime else ()
    if not names:
        return ()
    return (f"stays as the platform has it, as s.yaml does not say: {', '.join(names)}",)


def on_head(observed: Observed) -> tuple[str, ...]:
    """The endpoints that serve the head, whatever it is."""
    return tuple(one.name for one in observed.endpoints if one.split.share(LATEST))


def _following_the_head(observed: Observed) -> tuple[str, ...]:
    return tuple(
        f"endpoint {name} follows {LATEST}: this deploy moves its traffic at once"
        for name in on_head(observed)
    )
