"""shift-traffic: give a version a share of an endpoint's sessions."""

import argparse

from agentramp.planning import plan_shift
from agentramp.policy import Policy
from agentramp.report.result import Result
from agentramp.wiring import arguments, interruption, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target, executor, named

EXAMPLE = "agentramp shift-traffic --version 2 --weight 10 --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    parser.add_argument(
        "--version", type=arguments.version, required=True, help="the version to give it to"
    )
    parser.add_argument(
        "--weight",
        type=arguments.percent,
        required=True,
        help="percent of the sessions, 0 to 100; the stable version keeps the rest",
    )
    arguments.add_deployment(parser)
    arguments.add_comment(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    where = named(args, context)
    words = (f"--version={args.version}", f"--weight={args.weight}")
    with interruption.told(args, where, arguments.again(args, "shift-traffic", *words)):
        return shifted(args, context, where)


def shifted(args: argparse.Namespace, context: Context, where: Target) -> Result:
    seen = traffic.look(where)
    plan = plan_shift(seen, args.version, args.weight)
    traffic.tell(context, plan)
    outcome = executor(args, context, where)(plan)
    return traffic.result(args, plan, seen, outcome, _next(args, where.ramp.policy))


def _next(args: argparse.Namespace, policy: Policy) -> str | None:
    above = policy.above(args.weight)
    if above is None or args.weight == 0:  # a trial that was ended is not begun again
        return None
    words = (f"--version={args.version}", f"--weight={above.weight}")
    return arguments.again(args, "shift-traffic", *words)
