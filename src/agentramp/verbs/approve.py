"""approve: let the canary have a weight that waits for a person."""

import argparse

from agentramp.errors import UsageError
from agentramp.plan import Plan
from agentramp.planning import Seen, plan_say
from agentramp.ramp import Ramp
from agentramp.record import Approved
from agentramp.report.result import Result
from agentramp.wiring import arguments, ramping, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.target import named

EXAMPLE = "agentramp approve --platform local --weight 30"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    parser.add_argument(
        "--weight",
        type=arguments.percent,
        help="the step to approve (default: the next one that needs it)",
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    def plan(seen: Seen) -> Plan:
        ramp = ramping.in_progress(seen)
        weight = _weight(ramp, args.weight)
        if weight in ramp.approved:
            return Plan("approve", seen.subject, notes=(f"{weight} % is approved already",))
        return plan_say("approve", seen, Approved(weight))

    return ramping.said(args, context, named(args, context), plan)


def _weight(ramp: Ramp, asked: int | None) -> int:
    ahead = [rung.weight for rung in ramp.policy.rungs if rung.weight > ramp.weight]
    waiting = [
        rung.weight
        for rung in ramp.policy.rungs
        if rung.approval and rung.weight in ahead and rung.weight not in ramp.approved
    ]
    if asked is None and not waiting:
        raise UsageError(
            f"no step above {ramp.weight} % waits for a person", advice="promote goes on"
        )
    if asked is not None and asked not in ahead:
        raise UsageError(
            f"{asked} % is no step ahead of the canary: it has {ramp.weight} %",
            advice=f"name one of: {', '.join(map(str, ahead))}",
        )
    return waiting[0] if asked is None else asked
