"""resume: let a paused ramp go on."""

import argparse

from agentramp.plan import Plan
from agentramp.planning import Seen, plan_say
from agentramp.record import Resumed
from agentramp.report.result import Result
from agentramp.wiring import ramping, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target, named

EXAMPLE = "agentramp resume --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    return resumed(args, context, named(args, context))


def resumed(args: argparse.Namespace, context: Context, where: Target) -> Result:
    """Said until it is heard: another run may write to the journal at the same time."""

    def plan(seen: Seen) -> Plan:
        if ramping.in_progress(seen).paused is None:
            return Plan("resume", seen.subject, notes=("the ramp is not paused",))
        return plan_say("resume", seen, Resumed())

    return ramping.insisting(context)(ramping.said, args, context, where, plan, "promote")
