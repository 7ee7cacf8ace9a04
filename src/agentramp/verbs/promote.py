"""promote: one tick of a ramp, for a schedule. Any run may be killed, repeated or doubled."""

import argparse
from collections.abc import Callable
from dataclasses import replace

from agentramp import tick
from agentramp.errors import UsageError
from agentramp.plan import MoveTraffic, Plan
from agentramp.planning import Ruled
from agentramp.ramp import standing
from agentramp.report.result import ROLLED_BACK, Result
from agentramp.tick import Insistent, Ticked
from agentramp.wiring import arguments, interruption, ramping, traffic
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.notify import Teller
from agentramp.wiring.target import Target, named
from agentramp.wiring.watch import watched

EXAMPLE = "agentramp promote --platform local --watch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    parser.add_argument(
        "--watch", action="store_true", help="tick until the ramp ends, and show how it stands"
    )
    parser.add_argument(
        "--interval",
        metavar="SECONDS",
        type=arguments.seconds,
        default=None,
        help="between two ticks of --watch (default: one window, at most 30)",
    )
    arguments.add_deployment(parser)
    blocklet.add_output_dir(blocklet.add_components(parser))


def run(args: argparse.Namespace, context: Context) -> Result:
    if args.watch and args.dry_run:
        raise UsageError(
            "--watch goes on until the ramp ends, and a dry run ends at once",
            advice="leave one of the two out",
        )
    where = named(args, context)
    tell = Teller(context, where)
    with interruption.told(args, where, arguments.again(args, "promote")):
        if args.watch:
            return watched(args, context, where, lambda: once(args, context, where, tell))
        return once(args, context, where, tell)


def once(args: argparse.Namespace, context: Context, where: Target, tell: Teller) -> Result:
    insistent = Insistent(_moves(context) if args.watch else _once_told(context))
    desk = replace(ramping.desk(args, context, where), told=insistent)
    wanted = tick.insisting(
        context.sleep, context.jitter, context.console.say, lambda: insistent.back
    )
    ticked = wanted(tick.tick, desk, where.subject)
    traffic.existing(ticked.seen)
    if not args.dry_run:
        tell(ticked)
    return _result(args, where, ticked)


def _moves(context: Context) -> Callable[[Plan], None]:
    """While one watches, only what moves traffic is worth a line: the rest is in the picture."""

    def told(plan: Plan) -> None:
        if _is_move(plan):
            context.console.plan(plan)

    return told


def _once_told(context: Context) -> Callable[[Plan], None]:
    """Why nothing moves is what the result says: it is no note before that as well."""

    def told(plan: Plan) -> None:
        context.console.plan(plan if _is_move(plan) else replace(plan, notes=plan.notes[1:]))

    return told


def _is_move(plan: Plan) -> bool:
    return any(isinstance(step, MoveTraffic) for step in plan.steps)


def _result(args: argparse.Namespace, where: Target, ticked: Ticked) -> Result:
    ruling, evidence = ticked.ruling, ticked.evidence
    told = traffic.result(args, ruling.plan, ticked.seen, ticked.outcome, None)
    verdict = evidence.verdict if evidence else None
    ends = ruling.by_evidence and not args.dry_run
    about = traffic.about(told, ticked.ramp.canary) if ticked.ramp else told
    return replace(
        about,
        verb="promote",
        message=ruling.reason,
        next=_next(args, where, ticked),
        verdict=ruling.ruled.value,
        e=verdict.e if verdict else None,
        canary_sessions=verdict.canary.sessions if verdict else None,
        stopped=ends and ticked.ramp is None,
        exit_code=ROLLED_BACK if ends else 0,
    )


def _next(args: argparse.Namespace, where: Target, ticked: Ticked) -> str | None:
    """While the ramp goes on, the next tick; a person's word where one is waited for.

    Where evidence ended it: what was counted, at which weight.
    """
    if args.dry_run or ticked.ruling.ruled is Ruled.SUPERSEDED:
        return None
    if ticked.ruling.drifted:
        return arguments.again(args, "restore")
    now = standing(where.journal.read(where.subject))
    if now.ramp is None:
        return arguments.again(args, "history") if ticked.ruling.by_evidence else None
    return ramping.goes_on(args, now.ramp, ticked.ruling.reason)
