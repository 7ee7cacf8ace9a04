"""resume: let a paused ramp go on."""

import argparse

from agentramp.plan import Plan
from agentramp.planning import Seen, plan_say
from agentramp.record import Resumed
from agentramp.report.result import Result
from agentramp.verbs import ramping, traffic
from agentramp.verbs.context import Context

EXAMPLE = "agentramp resume --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    def plan(seen: Seen) -> Plan:
        if ramping.in_progress(seen).paused is None:
            return Plan("resume", seen.subject, notes=("the ramp is not paused",))
        return plan_say("resume", seen, Resumed())

    return ramping.said(args, context, plan, "promote", insists=True)
