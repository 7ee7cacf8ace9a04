"""rollback: all traffic to the version that served before, or to the one named."""

import argparse

import tenacity

from agentramp.errors import SupersededError
from agentramp.journal.port import is_unfinished, served
from agentramp.plan import Subject
from agentramp.planning import plan_rollback, version_before
from agentramp.report.result import Result
from agentramp.verbs import arguments, traffic
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target, executor, named

EXAMPLE = "agentramp rollback --platform local"
ATTEMPTS, LONGEST_WAIT = 60, 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_arguments(parser)
    parser.add_argument(
        "--version",
        type=arguments.version,
        help="the version to go back to (default: the one that served before)",
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    """A rollback that loses to another run reads again and tries again: it must win.

    Where it goes is decided once, so that trying again never goes back twice.
    """
    where = named(args, context)
    version = args.version or _version(args, where)
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(SupersededError),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=lambda state: min(state.attempt_number, LONGEST_WAIT) + context.jitter(),
        before_sleep=lambda state: context.console.say(f"{_reason(state)}; trying again"),
        sleep=context.sleep,
        reraise=True,
    )(_once, args, context, where, version)


def _version(args: argparse.Namespace, where: Target) -> int:
    """The version that served before, or the one a killed rollback was on its way to."""
    records = where.journal.read(Subject(where.runtime, args.endpoint))
    if is_unfinished(records) and records[-1].verb == "rollback":
        meant = records[-1].after.stable
        if isinstance(meant, int):
            return meant
    return version_before(traffic.look(args, where), served(records))


def _once(args: argparse.Namespace, context: Context, where: Target, version: int) -> Result:
    seen = traffic.look(args, where)
    plan = plan_rollback(seen, version)
    context.console.plan(plan)
    outcome = executor(args, context, where)(plan)
    follows = None if args.runtime else arguments.again(args, "deploy")
    return traffic.result(args, plan, seen.observed, outcome, follows)


def _reason(state: tenacity.RetryCallState) -> str:
    return str(state.outcome.exception()) if state.outcome else ""
