"""abort: the canary goes, and the component stays as it is."""

import argparse

from agentramp.config.ramp_settings import Happening
from agentramp.planning import plan_withdrawal
from agentramp.report.result import Result
from agentramp.wiring import notify
from agentramp.wiring.blocklet import interruption, place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    with interruption.told(args, context, made_for, needed(context, made_for)) as where:
        return aborted(args, context, where)


def aborted(args: argparse.Namespace, context: Context, where: Place) -> Result:
    plan = plan_withdrawal(where.seen(), where.canary)
    context.console.plan(plan)
    outcome = place.executor(args, context, where)(plan)
    stable = where.found
    result = Result(
        verb="abort",
        message=_message(args, where, steps=bool(plan.steps)) or plan.notes[0],
        changed=outcome.changed,
        dry_run=args.dry_run,
        runtime=where.identity.name,
        runtime_id=where.identity.did,
        version=stable.version if stable else None,
        endpoint=where.mount_point,
        url=where.url(where.mount_point),
        plan=plan,
        next=again(args, "status"),
    )
    if result.changed:
        why = f": {args.reason}" if args.reason else ""
        notify.send(context, where, Happening.ABORTED, f"{result.message}{why}")
    return result


def _message(args: argparse.Namespace, where: Place, *, steps: bool) -> str:
    if not steps:
        return ""
    would = "would be removed" if args.dry_run else "is removed"
    stable = where.found
    stays = f"; {where.identity.name} {stable.version} stays" if stable else ""
    return f"the canary at {where.canary_mount} {would}{stays}"
