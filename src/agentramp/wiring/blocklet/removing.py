"""remove: the component goes, and its canary with it."""

import argparse
from collections.abc import Sequence

from agentramp.effects import Outcome
from agentramp.errors import RefusedError
from agentramp.plan import Plan
from agentramp.planning import plan_removal
from agentramp.report.result import Result
from agentramp.wiring.blocklet import interruption, place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.confirmation import confirmed
from agentramp.wiring.context import Context
from agentramp.wiring.undertaking import HalfDoneError


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    with interruption.told(args, context, made_for, needed(context, made_for)) as where:
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
    outcome = _gone(args, context, where, plan, [one.did for one in there])
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


def _gone(
    args: argparse.Namespace, context: Context, where: Place, plan: Plan, dids: Sequence[str]
) -> Outcome:
    """Raises HalfDoneError where one went and the other did not: nothing brings it back."""
    try:
        return place.executor(args, context, where)(plan)
    except RefusedError as error:
        left = where.components.observe()
        went = [did for did in dids if left.component(did) is None]
        if not went or len(went) == len(dids):
            raise
        raise HalfDoneError(
            f"{error.message}; removed for good: {', '.join(went)}",
            advice="mend that, then run it again: it goes on with what is left",
        ) from error
