"""Carries out the steps that write no split: workspaces, log stores, runtimes, domains."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from typing_extensions import assert_never

from agentramp.errors import UnsupportedError
from agentramp.logs.port import Logs
from agentramp.model import Endpoint, Runtime, RuntimeSpec, Workspace
from agentramp.plan import (
    AwaitRuntime,
    CreateRuntime,
    CreateWorkspace,
    Effect,
    PrepareLogStore,
    PublishVersion,
    RemoveRuntime,
    ReserveConcurrency,
    SetDomain,
    UpdateRuntime,
)
from agentramp.platform.functions import Functions
from agentramp.platform.port import NotAppliedError, Platform


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
    unwritten: str = ""


@dataclass(frozen=True)
class Ports:
    """``functions`` and ``logs`` are connected when a step needs them, and not before."""

    platform: Platform
    functions: Callable[[], Functions]
    logs: Callable[[], Logs]


def no_functions() -> Functions:
    raise UnsupportedError("this platform has no functions", advice="take customDomain out")


def no_logs() -> Logs:
    raise UnsupportedError("this platform has no log service", advice="name no log store")


def carry_out(step: Effect, outcome: Outcome, ports: Ports) -> Outcome:
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
