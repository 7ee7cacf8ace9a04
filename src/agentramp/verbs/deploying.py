"""One resource of s.yaml made so on the platform: its runtime first, then its endpoints."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

from agentramp.config import Config, RuntimeConfig
from agentramp.errors import UnsupportedError
from agentramp.executor import Outcome
from agentramp.model import Artifact, Endpoint, LogStore, Observed, Runtime, RuntimeSpec
from agentramp.plan import Plan, SetDomain, Subject
from agentramp.planning import (
    Beside,
    file_in,
    plan_deploy,
    plan_domain,
    plan_endpoints,
    refuse_automatic,
)
from agentramp.ramp import Standing, standing
from agentramp.verbs.build import artifact_of, packaged
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target, executor, of
from agentramp.verbs.undertaking import Undertaking


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

    @property
    def changes(self) -> bool:
        return bool(self.plan.steps) or any(plan.steps for plan in self.endpoints)


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
    packaged(args, context, whole, runtime)
    artifact = artifact_of(args, context, whole, runtime) if runtime.source else None
    where = of(_writing(args, runtime), context, runtime, whole.access)
    observed = where.platform.observe(where.runtime)
    spec, workspace = file_in(
        _with_role(runtime.spec, where.account),
        runtime.workspace,
        where.platform.workspaces() if runtime.workspace and not runtime.workspace.id else (),
        observed,
    )
    beside = Beside(workspace, _automatic_logs(runtime, where), _domain(runtime, where, observed))
    plan = plan_deploy(spec, artifact, observed, beside)
    prepared = Prepared(runtime, where, observed, artifact, plan)
    if args.skip_endpoints or not runtime.endpoints:
        return prepared
    known = _known(prepared, prune=args.prune)
    prepared = replace(prepared, known=tuple(known.items()))
    return replace(prepared, endpoints=_endpoint_plans(args, prepared, observed))


def tell(args: argparse.Namespace, context: Context, prepared: Prepared) -> None:
    names = ", ".join(endpoint.name for endpoint in prepared.runtime.endpoints)
    if args.skip_endpoints and names:
        context.console.say(f"endpoints {names} are left as they are: shift-traffic moves traffic")
    elif args.prune and not names:
        context.console.say("s.yaml names no endpoints, so --prune removes none")
    for plan in (prepared.plan, *prepared.endpoints):
        context.console.plan(plan)


def carry_out(
    args: argparse.Namespace, context: Context, prepared: Prepared, undertaking: Undertaking
) -> Deployed:
    execute = executor(args, context, prepared.where)
    outcome = execute(prepared.plan)
    plans = prepared.endpoints
    if outcome.runtime and prepared.observed.runtime is None and plans:
        # Only now is it known which id the new runtime got.
        seen = replace(prepared.observed, runtime=outcome.runtime)
        plans = _endpoint_plans(args, prepared, seen)
    outcomes = [undertaking.carry_out(plan, execute) for plan in plans]
    return Deployed(
        prepared,
        outcome.changed or any(one.changed for one in outcomes),
        outcome.runtime or prepared.observed.runtime,
        _endpoints(prepared, outcomes),
    )


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
    )


def _known(prepared: Prepared, *, prune: bool) -> dict[str, Standing]:
    """The journals of the endpoints that may be touched; what only stays is not looked up."""
    where = prepared.where
    names = [endpoint.name for endpoint in prepared.runtime.endpoints]
    if prune:
        names += [found.name for found in prepared.observed.endpoints if found.name not in names]
    return {name: standing(where.journal.read(Subject(where.runtime, name))) for name in names}


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


def _domain(runtime: RuntimeConfig, where: Target, observed: Observed) -> SetDomain | None:
    if runtime.domain is None:
        return None
    return plan_domain(runtime.domain, observed, where.functions().domain(runtime.domain.name))


def _with_role(spec: RuntimeSpec, account: Callable[[], str]) -> RuntimeSpec:
    """The role as the platform wants it: its full name."""
    if spec.role is None or spec.role.startswith("acs:ram::"):
        return spec
    return replace(spec, role=f"acs:ram::{account()}:role/{spec.role}")
