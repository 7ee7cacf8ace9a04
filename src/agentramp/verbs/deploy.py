"""deploy: make the runtime's head what s.yaml and its package say."""

import argparse
from dataclasses import replace

from agentramp.config import RuntimeConfig
from agentramp.errors import UnsupportedError, UsageError
from agentramp.model import RuntimeSpec
from agentramp.plan import Plan
from agentramp.planning import plan_deploy
from agentramp.report.result import Result
from agentramp.verbs import arguments
from agentramp.verbs.build import artifact_of, packaged
from agentramp.verbs.context import Context
from agentramp.verbs.project import configured
from agentramp.verbs.target import executor, of

EXAMPLE = "agentramp deploy examples/quickstart --platform local --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_dry_run(parser)
    arguments.add_output_dir(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    whole, runtime = configured(args, context)
    _refuse_what_is_not_done(runtime)
    packaged(args, context, whole, runtime)
    artifact = artifact_of(args, context, whole, runtime) if runtime.source else None
    if runtime.endpoints:
        names = ", ".join(endpoint.name for endpoint in runtime.endpoints)
        context.console.say(f"endpoints {names} are left as they are: shift-traffic moves traffic")
    where = of(args, context, runtime)
    spec = _with_role(runtime.spec, where.account)
    observed = where.platform.observe(where.runtime)
    plan = plan_deploy(spec, artifact, observed)
    context.console.plan(plan)
    outcome = executor(args, context, where)(plan)
    head = outcome.runtime or observed.runtime
    return Result(
        verb="deploy",
        message=_message(plan, dry_run=args.dry_run),
        changed=outcome.changed,
        dry_run=args.dry_run,
        runtime=where.runtime,
        runtime_id=head.id if head else None,
        artifact=artifact,
        plan=plan,
        next=arguments.again(args, "publish-version"),
    )


def _message(plan: Plan, *, dry_run: bool) -> str:
    if not plan.steps:
        return plan.notes[0]
    end = "the plan stands above" if dry_run else "its head is READY"
    return f"runtime {plan.subject}: {end}"


def _refuse_what_is_not_done(runtime: RuntimeConfig) -> None:
    """A field that is valid but would be silently left out must stop a deploy."""
    if runtime.unmanaged:
        raise UnsupportedError(
            f"{runtime.resource}: deploy cannot carry out {', '.join(runtime.unmanaged)} yet",
            advice="take it out of s.yaml, or deploy this resource with s",
        )


def _with_role(spec: RuntimeSpec, account: str | None) -> RuntimeSpec:
    """The role as the platform wants it: its full name."""
    if spec.role is None or spec.role.startswith("acs:ram::"):
        return spec
    if account is None:
        raise UsageError(
            f"role {spec.role} is a short name, and the account it belongs to is not known",
            advice=f"write acs:ram::ACCOUNT:role/{spec.role}, or set AGENTRUN_ACCOUNT_ID",
        )
    return replace(spec, role=f"acs:ram::{account}:role/{spec.role}")
