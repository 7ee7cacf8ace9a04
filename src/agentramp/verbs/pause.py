"""pause: hold a ramp where it is; evidence still rolls it back."""

import argparse

from agentramp.plan import Plan
from agentramp.planning import Seen, plan_say
from agentramp.record import Paused
from agentramp.report.result import Result
from agentramp.wiring import arguments, ramping, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target, named

EXAMPLE = "agentramp pause --platform local --reason 'until the incident is over'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    arguments.add_reason(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    return paused(args, context, named(args, context))


def paused(args: argparse.Namespace, context: Context, where: Target) -> Result:
    """Said until it is heard: another run may write to the journal at the same time."""

    def plan(seen: Seen) -> Plan:
        ramp = ramping.in_progress(seen)
        if ramp.paused and ramp.paused.reason == args.reason:
            return Plan("pause", seen.subject, notes=("the ramp is paused already",))
        return plan_say("pause", seen, Paused(args.reason))

    return ramping.insisting(context)(ramping.said, args, context, where, plan, "resume")
