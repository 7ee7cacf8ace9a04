"""doctor: whether this machine has what a release needs, and reaches the platform."""

import argparse

from agentramp.platform.agentrun.services import Services
from agentramp.preflight.machine import Machine
from agentramp.report import findings
from agentramp.report.result import Answer
from agentramp.wiring import arguments
from agentramp.wiring.context import Context

EXAMPLE = "agentramp doctor --region cn-hangzhou"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--region",
        metavar="REGION",
        type=arguments.region,
        help="ask the platform of this region too: whether it is reached, and what time it is",
    )


def run(args: argparse.Namespace, context: Context) -> Answer:
    machine = Machine(context.environ, context.home, context.clock)
    named = args.region or context.environ.get("AGENTRUN_CONTROL_ENDPOINT")
    service = Services.of(args.region or "", str, context.environ).control if named else None
    return findings.answer("doctor", "this machine", machine.findings(service))
