"""restore: put an endpoint back to what the journal says."""

import argparse

from agentramp.planning import plan_restore
from agentramp.report.result import Result
from agentramp.wiring import ramping, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.target import named

EXAMPLE = "agentramp restore --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    return ramping.said(args, context, named(args, context), plan_restore)
