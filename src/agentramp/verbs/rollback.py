"""rollback: all traffic to the version that served before, or to the one named."""

import argparse

from agentramp.model import Split
from agentramp.planning import Seen, plan_rollback, version_before
from agentramp.report.result import Result
from agentramp.verbs import arguments, ramping, traffic
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target, executor, named

EXAMPLE = "agentramp rollback --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    parser.add_argument(
        "--version",
        type=arguments.version,
        help="the version to go back to (default: the one that served before)",
    )
    arguments.add_reason(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    """A rollback that loses to another run, or is refused, tries again: it must win.

    Where it goes is decided once, so that trying again never goes back twice.
    """
    where = named(args, context)
    seen = traffic.look(where)
    version = args.version or _version(seen)
    result = ramping.insisting(context)(_once, args, context, where, version)
    ramping.guard(args, context, where, seen, Split(version))
    return result


def _version(seen: Seen) -> int:
    """The version that served before, or the one a killed rollback was on its way to."""
    intent = seen.standing.open
    if intent and intent.verb == "rollback" and isinstance(intent.after.stable, int):
        return intent.after.stable
    return version_before(seen)


def _once(args: argparse.Namespace, context: Context, where: Target, version: int) -> Result:
    seen = traffic.look(where)
    plan = plan_rollback(seen, version, args.reason or "asked for")
    context.console.plan(plan)
    outcome = executor(args, context, where)(plan)
    follows = None if args.runtime else arguments.again(args, "deploy")
    return traffic.result(args, plan, seen, outcome, follows)
