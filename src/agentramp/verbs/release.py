"""release: validate, build, deploy, publish, pass the gates, and take the first step of a ramp."""

import argparse
from dataclasses import replace

from agentramp.config.ramp_settings import Happening
from agentramp.effects import Outcome
from agentramp.errors import AgentrampError, WayBackFailedError
from agentramp.execution import Execute
from agentramp.model import FULL, Runtime, RuntimeSpec, Version
from agentramp.plan import CreateEndpoint, Plan
from agentramp.planning import (
    Ruled,
    Seen,
    begins,
    frozen,
    plan_abort,
    plan_begin,
    plan_refused,
    refuse_beginning,
)
from agentramp.ramp import Ramp, standing
from agentramp.record import Begun
from agentramp.report.result import ROLLED_BACK, Result
from agentramp.stepping import INTERRUPTED
from agentramp.verbs import deploy, publish_version
from agentramp.wiring import arguments, gating, interruption, notify, ramping, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.project import configured
from agentramp.wiring.target import Target, executor, of
from agentramp.wiring.waiting import Wait, wait

EXAMPLE = "agentramp release examples/quickstart --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_endpoint(parser)
    arguments.add_journal(parser)
    arguments.add_dry_run(parser)
    arguments.add_output_dir(parser)
    arguments.add_artifact(parser)
    parser.add_argument(
        "--retry", action="store_true", help="ramp a version that evidence rolled back before"
    )
    arguments.add_deployment(parser)
    arguments.add_comment(parser)
    # What a ramp is to move, a deploy leaves alone.
    parser.set_defaults(description="", skip_endpoints=True, prune=False, verify=False)


def run(args: argparse.Namespace, context: Context) -> Result:
    whole, runtime = configured(args, context)
    where = of(args, context, runtime, whole.access)
    with interruption.told(args, where, arguments.again(args, "release")):
        return _released(args, context, where, runtime.spec)


def _released(
    args: argparse.Namespace, context: Context, where: Target, spec: RuntimeSpec
) -> Result:
    refuse_early(args, where)
    deployed = deploy.run(args, context)
    if args.dry_run:
        return ahead(args, context, where, spec, deployed)
    published = publish_version.run(args, context)
    version = published.number or 0
    told = ramped(args, context, where, traffic.look(where), version)
    changed = deployed.changed or published.changed or told.changed
    return replace(
        told,
        changed=changed,
        artifact=deployed.artifact,
        digest=deployed.digest,
    )


def refuse_early(args: argparse.Namespace, where: Target) -> None:
    """What cannot be begun in the end is not deployed either: LATEST may serve already."""
    refuse_beginning(traffic.look(where), where.ramp.policy)
    if gating.needs_pins(where):
        gating.refuse_foreign(args, where)


def ahead(
    args: argparse.Namespace, context: Context, where: Target, spec: RuntimeSpec, deployed: Result
) -> Result:
    """What the ramp would do with the version that would be published."""
    seen = traffic.look(where)
    same = bool(seen.observed.runtime and deployed.plan and not deployed.plan.steps)
    version = publish_version.run(args, context).number if same else None
    if version is None:
        version = max((found.number for found in seen.observed.versions), default=0) + 1
    context.console.say(f"after the deploy, as version {version}:")
    if where.ramp.gates:
        context.console.say("the gates would be asked first; a dry run does not ask them")
    told = ramped(args, context, where, with_version(seen, spec, version), version)
    return replace(
        told,
        message=f"{deployed.message}; then, as version {version}: {told.message}",
        runtime_id=deployed.runtime_id,
        artifact=deployed.artifact,
        digest=deployed.digest,
        plan=deployed.plan,
        endpoints=(told.plan,) if told.plan else (),
        next=arguments.again(args, "release", *(("--retry",) if args.retry else ())),
    )


def with_version(seen: Seen, spec: RuntimeSpec, version: int) -> Seen:
    """As it would be seen once ``version`` is published."""
    observed = seen.observed
    if any(found.number == version for found in observed.versions):
        return seen
    runtime = observed.runtime or Runtime("", spec)
    versions = (Version(version), *observed.versions)
    return replace(seen, observed=replace(observed, runtime=runtime, versions=versions))


def ramped(
    args: argparse.Namespace, context: Context, where: Target, seen: Seen, version: int
) -> Result:
    policy = ramping.policy(args, where)
    plan = plan_begin(
        seen,
        version,
        policy,
        retry=args.retry,
        frozen=frozen(where.ramp.freezes, seen.now),
    )
    begun = begins(plan)
    beside = seen.standing.ramp
    if begun and (refused := gating.refusal(args, context, where, begun, beside)):
        return _stopped(args, context, where, seen, version, refused)
    context.console.plan(plan)
    outcome = _carried_out(args, context, where, plan)
    result = traffic.result(args, plan, seen, outcome, None)
    ramp = seen.standing.ramp
    if not plan.steps and ramp:
        return _goes_on(args, result, ramp)
    result = _told(args, traffic.about(result, version), plan, version)
    if result.verdict == Ruled.ADVANCE.value and not args.dry_run:
        notify.send(context, where, Happening.BEGUN, result.message)
    return result


def _carried_out(args: argparse.Namespace, context: Context, where: Target, plan: Plan) -> Outcome:
    """Who cuts a release short in its first step wants no canary, so that ends its ramp."""
    execute = executor(args, context, where)
    try:
        return execute(replace(plan, ends_if_interrupted=True))
    except KeyboardInterrupt:
        begun = begins(plan)
        if begun:
            _call_off(context, where, begun, execute)
        raise


def _call_off(context: Context, where: Target, begun: Begun, execute: Execute) -> None:
    """The way back ends a ramp too; this is for an interruption before or after the move."""
    try:
        ramp = standing(where.journal.read(where.subject)).ramp
        if ramp and ramp.id == begun.ramp:
            plan = plan_abort(traffic.look(where), INTERRUPTED)
            context.console.plan(plan)
            execute(plan)
    except WayBackFailedError:
        raise
    except AgentrampError as error:
        context.console.say(f"the trial could not be ended: {error}")


def _goes_on(args: argparse.Namespace, result: Result, ramp: Ramp) -> Result:
    """A ramp is in progress, and this release changes nothing about it."""
    last = ramp.last.reason if ramp.last else ""
    return replace(
        result,
        verb="release",
        message=f"{result.message}; {last.removeprefix('hold: ')}" if last else result.message,
        verdict=Ruled.HOLD.value,
        next=ramping.goes_on(args, ramp, last),
    )


def _told(args: argparse.Namespace, result: Result, plan: Plan, version: int) -> Result:
    result = replace(result, verb="release")
    opened = any(isinstance(step, CreateEndpoint) for step in plan.steps)
    if opened or not plan.steps:
        reason = plan.notes[0] if plan.notes else result.message
        return replace(result, message=reason, verdict=Ruled.NONE.value)
    weight = result.after.share(version) if result.after else 0
    if not weight:
        reason = "; ".join(plan.notes)
        held = replace(result, message=reason, verdict=Ruled.HOLD.value)
        return replace(held, next=_follows(args, plan, reason))
    begins_now = "would begin" if args.dry_run else "begins"
    message = f"the ramp of version {version} {begins_now}: {result.endpoint} serves {result.after}"
    follows = None if weight == FULL else arguments.again(args, "promote")
    return replace(result, message=message, verdict=Ruled.ADVANCE.value, next=follows)


def _follows(args: argparse.Namespace, plan: Plan, reason: str) -> str:
    begun = begins(plan)
    if begun and wait(reason) is Wait.PERSON:
        return arguments.again(args, "approve", f"--weight={begun.policy.rungs[0].weight}")
    return arguments.again(args, "promote")


def _stopped(
    args: argparse.Namespace,
    context: Context,
    where: Target,
    seen: Seen,
    version: int,
    reason: str,
) -> Result:
    """Gates said no before the canary had any traffic: stable is where it was."""
    executor(args, context, where)(plan_refused("release", seen, version, reason))
    found = seen.found
    return Result(
        verb="release",
        message=f"version {version} gets no traffic: {reason}",
        runtime=seen.runtime,
        version=version,
        previous_version=traffic.previous(version, found.split if found else None),
        endpoint=seen.endpoint,
        before=found.split if found else None,
        after=found.split if found else None,
        url=found.url if found else None,
        next=arguments.again(args, "release", "--retry"),  # without it, what was refused stays so
        verdict=Ruled.ROLLBACK.value,
        stopped=True,
        exit_code=ROLLED_BACK,
    )
