"""release: validate, build, deploy, publish, pass the gates, and take the first step of a ramp."""

import argparse
from dataclasses import replace

from agentramp.config.ramp_settings import Happening
from agentramp.errors import SupersededError
from agentramp.model import FULL
from agentramp.plan import CreateEndpoint, MoveTraffic
from agentramp.planning import Ruled, Seen, begins, frozen, plan_begin, plan_refused
from agentramp.policy import OnRelease
from agentramp.report.result import Result
from agentramp.verbs import arguments, deploy, gating, notify, publish_version, ramping, traffic
from agentramp.verbs.context import Context
from agentramp.verbs.project import configured
from agentramp.verbs.target import Target, executor, of

EXAMPLE = "agentramp release examples/quickstart --platform local"
REFUSED = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_endpoint(parser)
    arguments.add_journal(parser)
    arguments.add_dry_run(parser)
    arguments.add_output_dir(parser)
    parser.add_argument(
        "--retry", action="store_true", help="ramp a version that evidence rolled back before"
    )
    parser.set_defaults(artifact_digest=None)


def run(args: argparse.Namespace, context: Context) -> Result:
    _, runtime = configured(args, context)
    where = of(args, context, runtime)
    _refuse_early(where)
    deployed = deploy.run(args, context)
    if args.dry_run:
        return replace(deployed, verb="release", next=arguments.again(args, "release"))
    published = publish_version.run(args, context)
    version = published.version or 0
    told = _ramped(args, context, where, version)
    changed = deployed.changed or published.changed or told.changed
    return replace(told, changed=changed, version=version, artifact=deployed.artifact)


def _refuse_early(where: Target) -> None:
    """What cannot be begun in the end is not built either."""
    if where.ramp.policy.on_release is not OnRelease.REJECT:
        return
    ramp = traffic.look(where).standing.ramp
    if ramp:
        raise SupersededError(
            f"version {ramp.canary} is on trial on {where.subject} ({ramp.weight} %)",
            advice="let it end or abort it, then release again",
        )


def _ramped(args: argparse.Namespace, context: Context, where: Target, version: int) -> Result:
    seen = traffic.look(where)
    policy = ramping.policy(args, where)
    plan = plan_begin(
        seen,
        version,
        policy,
        retry=args.retry,
        frozen=frozen(where.ramp.freezes, seen.now),
    )
    moves = any(isinstance(step, MoveTraffic) for step in plan.steps)
    begun = begins(plan)
    if begun and (refused := gating.refusal(args, context, where, begun)):
        return _stopped(args, context, where, seen, version, refused)
    context.console.plan(plan)
    outcome = executor(args, context, where)(plan)
    result = traffic.result(args, plan, seen, outcome, arguments.again(args, "promote"))
    if moves:
        notify.send(context, where, Happening.BEGUN, result.message)
    return _told(result, seen, version)


def _told(result: Result, seen: Seen, version: int) -> Result:
    plan = result.plan
    opened = plan and any(isinstance(step, CreateEndpoint) for step in plan.steps)
    if plan is None or opened or not plan.steps:
        reason = plan.notes[0] if plan and plan.notes else result.message
        return replace(result, verb="release", message=reason, verdict=Ruled.NONE.value, next=None)
    if not any(isinstance(step, MoveTraffic) for step in plan.steps):
        return replace(result, verb="release", message=plan.notes[0], verdict=Ruled.HOLD.value)
    weight = dict(result.after.weights).get(version, FULL) if result.after else FULL
    message = f"the ramp of version {version} begins: {seen.endpoint} serves {result.after}"
    done = weight == FULL
    return replace(
        result,
        verb="release",
        message=message,
        verdict=Ruled.ADVANCE.value,
        next=None if done else result.next,
    )


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
        endpoint=seen.endpoint,
        before=found.split if found else None,
        after=found.split if found else None,
        url=found.url if found else None,
        next=arguments.again(args, "release"),
        verdict=Ruled.ROLLBACK.value,
        exit_code=REFUSED,
    )
