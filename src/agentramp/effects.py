"""Carries out the steps that write no split: workspaces, log stores, runtimes, components."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from typing_extensions import assert_never

from agentramp.component import Component
from agentramp.errors import UnsupportedError
from agentramp.logs.port import Logs
from agentramp.model import Endpoint, Runtime, RuntimeSpec, Workspace
from agentramp.plan import (
    AskComponent,
    AwaitRuntime,
    CreateRuntime,
    CreateWorkspace,
    Effect,
    InstallComponent,
    PrepareLogStore,
    PublishVersion,
    RemoveComponent,
    RemoveRuntime,
    ReserveConcurrency,
    SetDomain,
    UpdateRuntime,
)
from agentramp.platform.components import Components
from agentramp.platform.functions import Functions
from agentramp.platform.port import NotAppliedError, NotReadyError, Platform, UnreachableError

PAUSES = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Seconds between two questions to a component: one that was just started takes some to answer."""
NO_PAGE, BROKEN = 404, 500
"""HTTP statuses: nothing is mounted there; and from here on the component itself is at fault."""


@dataclass(frozen=True)
class Outcome:
    """What was done: ``changed`` is False where there was nothing to do, or in a dry run.

    ``unwritten`` says what was done and could not be written into the journal.
    """

    changed: bool = False
    runtime: Runtime | None = None
    version: int | None = None
    endpoint: Endpoint | None = None
    workspace: Workspace | None = None
    component: Component | None = None
    unwritten: str = ""


def no_functions() -> Functions:
    raise UnsupportedError("this platform has no functions", advice="take customDomain out")


def no_logs() -> Logs:
    raise UnsupportedError("this platform has no log service", advice="name no log store")


def no_components() -> Components:
    raise UnsupportedError(
        "this platform mounts no components", advice="name a Blocklet Server with --platform"
    )


@dataclass(frozen=True)
class Ports:
    """Beside ``platform``, each is connected when a step needs it, and not before."""

    platform: Platform
    functions: Callable[[], Functions]
    logs: Callable[[], Logs]
    components: Callable[[], Components] = no_components
    sleep: Callable[[float], None] = time.sleep


def carry_out(step: Effect, outcome: Outcome, ports: Ports) -> Outcome:  # noqa: C901, PLR0912 - one case for each kind
    platform = ports.platform
    match step:
        case CreateWorkspace(wanted):
            return replace(outcome, workspace=platform.create_workspace(wanted))
        case PrepareLogStore(store):
            ports.logs().prepare(store)
        case CreateRuntime(spec, artifact):
            runtime = platform.create_runtime(_filed(spec, outcome), artifact)
            return replace(outcome, runtime=runtime)
        case UpdateRuntime(runtime_id, spec, artifact):
            runtime = platform.update_runtime(runtime_id, _filed(spec, outcome), artifact)
            return replace(outcome, runtime=runtime)
        case AwaitRuntime(runtime_id):
            return replace(outcome, runtime=platform.await_runtime(runtime_id))
        case PublishVersion(runtime_id, description):
            number = platform.publish_version(runtime_id, description)
            return replace(outcome, version=number)
        case RemoveRuntime(runtime_id):
            platform.delete_runtime(runtime_id)
        case SetDomain(runtime_id, domain):
            ports.functions().set_domain(runtime_id or _made(outcome), domain)
        case ReserveConcurrency():
            _reserve(step, ports.functions())
        case InstallComponent(bundle, mount_point):
            component = ports.components().install(bundle, mount_point)
            return replace(outcome, component=component)
        case AskComponent():
            _ask(step, ports)
        case RemoveComponent(did):
            ports.components().remove(did)
        case _:
            assert_never(step)
    return outcome


def _filed(spec: RuntimeSpec, outcome: Outcome) -> RuntimeSpec:
    """In the workspace that a step before this one made, if one did."""
    return replace(spec, workspace_id=outcome.workspace.id) if outcome.workspace else spec


def _made(outcome: Outcome) -> str:
    if outcome.runtime is None:
        raise TypeError("a domain is to lead to a runtime that no step has made")
    return outcome.runtime.id


def _reserve(step: ReserveConcurrency, functions: Functions) -> None:
    found = functions.reserve(step.runtime_id, step.after)
    if found != step.after:
        raise NotAppliedError(
            f"reserved concurrency is {found or 'none'} after it was set to {step.after or 'none'}",
            advice="look at the account's quota, then run this again",
        )


def _ask(step: AskComponent, ports: Ports) -> None:
    """Raises NotReadyError where no try was answered as a component does that works."""
    said = ""
    for pause in (*PAUSES, None):
        status, said = _answer(ports.components(), step)
        if status not in {0, NO_PAGE} and status < BROKEN:
            return
        if pause is not None:
            ports.sleep(pause)
    raise NotReadyError(
        f"the component at {step.page} does not work: {said}",
        advice="look at its log on the server; does it listen at the port that it is given?",
    )


def _answer(components: Components, step: AskComponent) -> tuple[int, str]:
    try:
        status = components.answers(step.mount_point, step.health_path)
    except UnreachableError as error:
        return 0, str(error)
    return status, f"it answers with HTTP {status}"
