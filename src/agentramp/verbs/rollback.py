"""rollback: all traffic to the version that served before, or to the one named."""

import argparse

from agentramp.config.ramp_settings import Happening
from agentramp.errors import UsageError
from agentramp.model import Split
from agentramp.planning import Seen, plan_rollback, version_before
from agentramp.report.result import Result
from agentramp.wiring import arguments, interruption, notify, ramping, traffic
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target, executor, named

EXAMPLE = "agentramp rollback --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    parser.add_argument(
        "--version",
        type=blocklet.any_version,
        help="the version to go back to (default: the one that served before)",
    )
    arguments.add_reason(parser)
    arguments.add_deployment(parser)
    there = blocklet.add_components(parser)
    blocklet.add_output_dir(there)
    there.add_argument(
        "--artifact",
        metavar="FILE",
        help="the bundle to go back to, where it is not on this machine any more",
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    where = named(args, context)
    words = (f"--version={args.version}",) if args.version else ()
    with interruption.told(args, where, arguments.again(args, "rollback", *words)):
        return gone_back(args, context, where)


def gone_back(args: argparse.Namespace, context: Context, where: Target) -> Result:
    """A rollback that loses to another run, or is refused, tries again: it must win.

    Where it goes is decided once, so that trying again never goes back twice.
    """
    seen = traffic.look_at(where)
    version = args.version or _version(seen)
    result = ramping.insisting(context)(_once, args, context, where, version)
    if result.changed:
        why = f": {args.reason}" if args.reason else ""
        notify.send(context, where, Happening.ROLLED_BACK, f"{result.message}{why}")
    ramping.guard(args, context, where, seen, Split(version))
    return result


def _version(seen: Seen) -> int:
    """The version that served before, or the one a killed rollback was on its way to."""
    intent = seen.standing.open
    if intent and intent.verb == "rollback" and isinstance(intent.after.stable, int):
        return intent.after.stable
    return version_before(seen)


def _once(args: argparse.Namespace, context: Context, where: Target, version: int) -> Result:
    seen = traffic.look_at(where)
    _refuse_canary(seen, version)
    plan = plan_rollback(seen, version, args.reason)
    traffic.tell(context, plan)
    outcome = executor(args, context, where)(plan)
    follows = None if args.runtime else arguments.again(args, "deploy")
    return traffic.result(args, plan, seen, outcome, follows)


def _refuse_canary(seen: Seen, version: int) -> None:
    """That is no way back: it would give everything to what is on trial."""
    ramp = seen.standing.ramp
    if ramp and ramp.canary == version:
        raise UsageError(
            f"version {version} is on trial on {seen.subject} ({ramp.weight} %), and a rollback to"
            " it would promote it without evidence",
            advice="let the ramp go on with promote; or, in earnest: abort, then shift-traffic"
            f" --version {version} --weight 100",
        )
