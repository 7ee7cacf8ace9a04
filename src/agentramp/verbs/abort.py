"""abort: end the ramp in progress; its stable version takes all traffic."""

import argparse

from agentramp.config.ramp_settings import Happening
from agentramp.planning import plan_abort
from agentramp.report.result import Result
from agentramp.wiring import arguments, interruption, notify, ramping, traffic
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target, executor, named

EXAMPLE = "agentramp abort --platform local --reason 'the answers are in French'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    arguments.add_reason(parser)
    arguments.add_deployment(parser)
    blocklet.add_components(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    """Needs no evidence, ignores freezes, and wins over every other run."""
    where = named(args, context)
    with interruption.told(args, where, arguments.again(args, "abort")):
        return ended(args, context, where)


def ended(args: argparse.Namespace, context: Context, where: Target) -> Result:
    seen = traffic.look_at(where)
    result = ramping.insisting(context)(_once, args, context, where)
    if result.changed:
        why = f": {args.reason}" if args.reason else ""
        notify.send(context, where, Happening.ABORTED, f"{result.message}{why}")
    if result.after:
        ramping.guard(args, context, where, seen, result.after)
    return result


def _once(args: argparse.Namespace, context: Context, where: Target) -> Result:
    seen = traffic.look_at(where)
    plan = plan_abort(seen, args.reason)
    traffic.tell(context, plan)
    outcome = executor(args, context, where)(plan)
    return traffic.result(args, plan, seen, outcome, None)
