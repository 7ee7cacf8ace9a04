"""adopt: the split that somebody set by hand is the one that is meant."""

import argparse

from agentramp.planning import plan_adopt
from agentramp.report.result import Result
from agentramp.wiring import ramping, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.target import named

EXAMPLE = "agentramp adopt --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    return ramping.said(args, context, named(args, context), plan_adopt)
