"""One resource of s.yaml made so on the platform: its runtime first, then its endpoints."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

from agentramp.config import Config, RuntimeConfig
from agentramp.effects import Outcome
from agentramp.errors import UnsupportedError
from agentramp.execution import Execute
from agentramp.model import (
    LATEST,
    Artifact,
    Endpoint,
    LogStore,
    Observed,
    Runtime,
    RuntimeSpec,
)
from agentramp.plan import Plan, SetDomain, Step, UpdateRuntime
from agentramp.planning import (
    Beside,
    file_in,
    on_head,
    plan_deploy,
    plan_domain,
    plan_endpoints,
    plan_leading,
    refuse_automatic,
    removes,
)
from agentramp.platform.functions import Functions
from agentramp.platform.port import NotFoundError
from agentramp.ramp import Standing
from agentramp.stepping import words
from agentramp.wiring.alongside import looked, skips, young
from agentramp.wiring.context import Context
from agentramp.wiring.packaging import going_up
from agentramp.wiring.target import Target, executor, of
from agentramp.wiring.undertaking import Undertaking


@dataclass(frozen=True)
class Prepared:
    """What is to be done for one resource; nothing is changed yet."""

    runtime: RuntimeConfig
    where: Target
    observed: Observed
    artifact: Artifact | None
    plan: Plan
    endpoints: tuple[Plan, ...] = ()
    known: tuple[tuple[str, Standing], ...] = ()
    domain: Plan | None = None

    @property
    def changes(self) -> bool:
        return any(plan.steps for plan in self.all)

    @property
    def all(self) -> tuple[Plan, ...]:
        """In the order in which they are carried out: what nothing gives back comes last."""
        kept = tuple(plan for plan in self.endpoints if not removes(plan))
        return (self.plan, *kept, *((self.domain,) if self.domain else ()), *self.removals)

    @property
    def removals(self) -> tuple[Plan, ...]:
        return tuple(plan for plan in self.endpoints if removes(plan))


@dataclass(frozen=True)
class Deployed:
    prepared: Prepared
    changed: bool
    head: Runtime | None
    endpoints: tuple[Endpoint, ...] = ()

    def endpoint(self, name: str) -> Endpoint | None:
        return next((found for found in self.endpoints if found.name == name), None)


def prepare(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Prepared:
    """Build if need be, read the platform once, and plan; raises before anything is changed."""
    _refuse_what_is_not_done(runtime)
    artifact = going_up(args, context, whole, runtime)
    where = of(_writing(args, runtime), context, runtime, whole.access)
    observed, known = looked(args, context, runtime, where)
    spec, workspace = file_in(
        _with_role(runtime.spec, where.account),
        runtime.workspace,
        where.platform.workspaces() if runtime.workspace and not runtime.workspace.id else (),
        observed,
    )
    beside = Beside(workspace, _automatic_logs(runtime, where))
    plan = plan_deploy(spec, artifact, observed, beside)
    domain = _domain(runtime, where, observed)
    prepared = Prepared(runtime, where, observed, artifact, plan, domain=domain)
    if skips(args, runtime):
        return prepared
    prepared = replace(prepared, known=tuple(known.items()))
    return replace(prepared, endpoints=_endpoint_plans(args, prepared, observed))


def tell(args: argparse.Namespace, context: Context, prepared: Prepared) -> None:
    names = ", ".join(endpoint.name for endpoint in prepared.runtime.endpoints)
    if args.skip_endpoints and names:
        context.console.say(f"endpoints {names} are left as they are: shift-traffic moves traffic")
    elif args.prune and not names:
        context.console.say("the file names no endpoints, so --prune removes none")
    for plan in prepared.all:
        context.console.plan(plan)


def carry_out(
    args: argparse.Namespace, context: Context, prepared: Prepared, undertaking: Undertaking
) -> Deployed:
    """The head and the endpoints that stay; ``finish`` does the rest."""
    execute = executor(args, context, prepared.where)
    outcome = _head(prepared, execute, undertaking)
    plans = prepared.endpoints
    if outcome.runtime and prepared.observed.runtime is None and plans:
        # Only now is it known which id the new runtime got.
        seen = replace(prepared.observed, runtime=outcome.runtime)
        plans = _endpoint_plans(args, prepared, seen)
    outcomes = [undertaking.carry_out(plan, execute) for plan in plans if not removes(plan)]
    return Deployed(
        prepared,
        outcome.changed or any(one.changed for one in outcomes),
        outcome.runtime or prepared.observed.runtime,
        _endpoints(prepared, outcomes),
    )


def lead(
    args: argparse.Namespace, context: Context, deployed: Deployed, undertaking: Undertaking
) -> Deployed:
    """Its domain, once all that it leads to has stood its test."""
    plan = deployed.prepared.domain
    if plan is None:
        return deployed
    if deployed.head and deployed.prepared.observed.runtime is None:
        plan = replace(plan, steps=tuple(_here(step, deployed.head) for step in plan.steps))
    outcome = undertaking.carry_out(plan, executor(args, context, deployed.prepared.where))
    return replace(deployed, changed=deployed.changed or outcome.changed)


def prune(
    args: argparse.Namespace, context: Context, deployed: Deployed, undertaking: Undertaking
) -> Deployed:
    """Last of all, as nothing gives a removed endpoint back as it was."""
    execute = executor(args, context, deployed.prepared.where)
    outcomes = [undertaking.remove(plan, execute) for plan in deployed.prepared.removals]
    return replace(deployed, changed=deployed.changed or any(one.changed for one in outcomes))


def _here(step: Step, head: Runtime) -> Step:
    return replace(step, runtime_id=head.id) if isinstance(step, SetDomain) else step


def _head(prepared: Prepared, execute: Execute, undertaking: Undertaking) -> Outcome:
    """An endpoint that follows the head serves the new one from here on, whatever fails later."""
    following = on_head(prepared.observed)
    if not following or not any(isinstance(step, UpdateRuntime) for step in prepared.plan.steps):
        return execute(prepared.plan)
    what = ", ".join(f"{prepared.where.runtime}/{name}" for name in following)
    told = f"{what} serves the new head ({LATEST}), and the platform keeps no old one"
    try:
        outcome = execute(prepared.plan)
    except (Exception, KeyboardInterrupt):
        if why := _became(prepared):
            undertaking.stays(f"{what} serves the head ({LATEST}), {why}")
        raise
    if outcome.changed:
        undertaking.stays(told)
    return outcome


def _became(prepared: Prepared) -> str:
    """What a failed update left of the head, in words; empty where it is as it was."""
    where = prepared.where
    try:
        head = where.platform.observe(where.runtime).runtime
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then it is not known
        return f"which cannot be read: {words(error)}"
    if head == prepared.observed.runtime:
        return ""
    status = head.status.value if head else "not there"
    return f"which this deploy changed and which is {status}; the platform keeps no old one"


def _endpoints(prepared: Prepared, outcomes: list[Outcome]) -> tuple[Endpoint, ...]:
    """As they are now, as far as this run read them."""
    found = {one.name: one for one in prepared.observed.endpoints}
    found |= {one.endpoint.name: one.endpoint for one in outcomes if one.endpoint}
    return tuple(found.values())


def _endpoint_plans(
    args: argparse.Namespace, prepared: Prepared, observed: Observed
) -> tuple[Plan, ...]:
    return plan_endpoints(
        prepared.where.runtime,
        prepared.runtime.endpoints,
        observed,
        dict(prepared.known),
        prune=args.prune,
        young=young(prepared.where),
    )


def _writing(args: argparse.Namespace, runtime: RuntimeConfig) -> argparse.Namespace:
    """Without endpoints nothing is written down, so no place for a journal is asked for."""
    if args.journal or (runtime.endpoints and not args.skip_endpoints):
        return args
    kept = {name: value for name, value in vars(args).items() if name not in {"journal", "remote"}}
    return argparse.Namespace(**kept)


def _refuse_what_is_not_done(runtime: RuntimeConfig) -> None:
    """A field that is valid but would be silently left out must stop a deploy."""
    if runtime.unmanaged:
        raise UnsupportedError(
            f"{runtime.resource}: deploy cannot carry out {', '.join(runtime.unmanaged)} yet",
            advice="take it out of s.yaml, or deploy this resource with s",
        )
    if runtime.domain:
        refuse_automatic(runtime.domain)


def _automatic_logs(runtime: RuntimeConfig, where: Target) -> LogStore | None:
    """The project and store that Serverless Devs takes for ``logConfig: auto``."""
    if not runtime.automatic_logs:
        return None
    return LogStore(f"aliyun-serverless-{where.account()}-{runtime.region}", "default-logs")


def _domain(runtime: RuntimeConfig, where: Target, observed: Observed) -> Plan | None:
    if runtime.domain is None:
        return None
    functions = where.functions()
    found = functions.domain(runtime.domain.name)
    own = observed.runtime.id if observed.runtime else None
    others = [one for one in (found[1] if found else ()) if one != own]
    gone = [one for one in others if _is_gone(functions, one)]
    step = plan_domain(runtime.domain, observed, found, gone)
    return plan_leading(where.runtime, step, found) if step else None


def _is_gone(functions: Functions, runtime_id: str) -> bool:
    try:
        functions.log_store(runtime_id)  # a plain reading of its function
    except NotFoundError:
        return True
    return False


def _with_role(spec: RuntimeSpec, account: Callable[[], str]) -> RuntimeSpec:
    """The role as the platform wants it: its full name."""
    if spec.role is None or spec.role.startswith("acs:ram::"):
        return spec
    return replace(spec, role=f"acs:ram::{account()}:role/{spec.role}")
