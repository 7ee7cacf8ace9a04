"""remove: the component goes, and its canary with it."""

import argparse

from agentramp.planning import plan_removal
from agentramp.report.result import Result
from agentramp.wiring.blocklet import interruption, place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import identified
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.confirmation import confirmed
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    identity = identified(args, context, made_for)
    components = place.connected(args, context, made_for)
    with interruption.told(args, components, identity):
        where = place.at(args, context, made_for, identity, components)
        return removed(args, context, where)


def removed(args: argparse.Namespace, context: Context, where: Place) -> Result:
    """The canary first: without a component it would be beside nothing."""
    seen = where.seen()
    going = [
        one
        for one in (where.canary, where.identity)
        if seen.application.component(one.did) or seen.known(one.did).settled
    ]
    plan = plan_removal(seen, *(going or [where.identity]))
    context.console.plan(plan)
    there = [found for one in going if (found := seen.application.component(one.did))]
    if there:
        confirmed(
            args,
            context,
            [
                f"what runs at {where.url(one.mount_point)}, {one.version}, goes for good"
                for one in there
            ],
        )
    outcome = place.executor(args, context, where)(plan)
    names = " and ".join(one.name for one in reversed(going))
    if not there:
        message = f"{where.identity.name} is not there: there is nothing to remove"
    else:
        be = "would be removed" if args.dry_run else "is gone" if len(going) == 1 else "are gone"
        message = f"{names} {be}"
    return Result(
        verb="remove",
        message=message,
        changed=outcome.changed,
        dry_run=args.dry_run,
        runtime=where.identity.name,
        runtime_id=where.identity.did,
        previous_version=where.found.version if where.found else None,
        endpoint=where.mount_point,
        plan=plan,
        next=again(args, "deploy"),
    )
