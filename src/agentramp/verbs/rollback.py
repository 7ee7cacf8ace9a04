"""rollback: all traffic to the version that served before, or to the one named."""

import argparse

import tenacity

from agentramp.errors import SupersededError
from agentramp.journal.port import served
from agentramp.plan import Subject
from agentramp.planning import plan_rollback
from agentramp.report.result import Result
from agentramp.verbs import arguments
from agentramp.verbs.context import Context
from agentramp.verbs.shift_traffic import traffic_result
from agentramp.verbs.target import Target, executor, named

EXAMPLE = "agentramp rollback --platform local"
ATTEMPTS, LONGEST_WAIT = 60, 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_endpoint(parser)
    arguments.add_dry_run(parser)
    parser.add_argument(
        "--version",
        type=arguments.version,
        help="the version to go back to (default: the one that served before)",
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    """A rollback that loses to another run reads again and tries again: it must win."""
    where = named(args, context)
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(SupersededError),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=lambda state: min(state.attempt_number, LONGEST_WAIT) + context.jitter(),
        sleep=context.sleep,
        reraise=True,
    )(_once, args, context, where)


def _once(args: argparse.Namespace, context: Context, where: Target) -> Result:
    observed = where.platform.observe(where.runtime)
    records = where.journal.read(Subject(where.runtime, args.endpoint))
    plan = plan_rollback(where.runtime, observed, args.endpoint, served(records), args.version)
    context.console.plan(plan)
    outcome = executor(args, context, where)(plan)
    return traffic_result(args, plan, observed, outcome, _next(args))


def _next(args: argparse.Namespace) -> str:
    return f"agentramp deploy {args.path}{arguments.on_platform(args)}"
