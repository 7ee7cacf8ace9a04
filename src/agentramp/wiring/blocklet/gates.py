"""The gates of agentramp.yaml, asked of a canary at its mount point and of the component at its."""

import argparse
from dataclasses import replace

from agentramp.config.ramp_settings import Happening
from agentramp.errors import RefusedError
from agentramp.gates.port import Pinned
from agentramp.planning import Ruled, plan_withdrawal
from agentramp.report.result import ROLLED_BACK, Result
from agentramp.wiring import notify
from agentramp.wiring.blocklet import place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.context import Context


def refusal(args: argparse.Namespace, context: Context, where: Place, canary: str) -> str:
    """Why a gate refuses version ``canary``; empty where all let it through, or there is none.

    Raises RefusedError where one gives no answer: the canary stays, and no user of the component
    has noticed.
    """
    gates = where.project.ramp.gates
    stable = where.found
    if args.dry_run or not gates or stable is None:
        context.console.say(
            "the gates would be asked first; a dry run does not ask them"
            if gates and stable
            else "agentramp.yaml has no gates: nobody is asked whether the canary is good"
        )
        return ""
    from agentramp.wiring.gating import first_no  # noqa: PLC0415 - most have no gates

    pinned = Pinned(
        canary, stable.version, where.url(where.canary_mount), where.url(where.mount_point)
    )
    try:
        return first_no(context, gates, pinned)
    except RefusedError as error:
        error.advice = (
            f"the canary stays at {where.url(where.canary_mount)}: look at it, then"
            f" {again(args, 'promote')} asks again, and {again(args, 'abort')} ends it"
        )
        raise


def withdrawn(
    args: argparse.Namespace, context: Context, where: Place, result: Result, refused: str
) -> Result:
    """The canary goes, and the component stays as it is: exit code 4."""
    context.console.say(f"a gate refuses the canary: {refused}")
    plan = plan_withdrawal(where.looked(), where.canary)
    context.console.plan(plan)
    place.executor(args, context, where)(plan)
    stable = where.found.version if where.found else None
    notify.send(context, where, Happening.ROLLED_BACK, refused)
    return replace(
        result,
        message=f"{where.canary.name} {result.version} is removed again: {refused}",
        changed=False,
        version=result.version,
        previous_version=stable,
        url=where.url(where.mount_point),
        endpoint=where.mount_point,
        plan=plan,
        next=again(args, "status"),
        verdict=Ruled.ROLLBACK.value,
        stopped=True,
        exit_code=ROLLED_BACK,
    )
