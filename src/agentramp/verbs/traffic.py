"""What the verbs that move traffic share: their arguments, what they look at, what they tell."""

import argparse

from agentramp.executor import Outcome
from agentramp.journal.port import is_unfinished
from agentramp.model import Endpoint, Observed, Split
from agentramp.plan import CreateEndpoint, MoveTraffic, Plan, Subject
from agentramp.planning import Seen
from agentramp.report.result import Result
from agentramp.verbs import arguments
from agentramp.verbs.target import Target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_endpoint(parser)
    arguments.add_dry_run(parser)


def look(args: argparse.Namespace, where: Target) -> Seen:
    """The endpoint as the platform and the journal know it now."""
    records = where.journal.read(Subject(where.runtime, args.endpoint))
    observed = where.platform.observe(where.runtime)
    return Seen(where.runtime, observed, args.endpoint, is_unfinished(records))


def result(
    args: argparse.Namespace,
    plan: Plan,
    observed: Observed,
    outcome: Outcome,
    after_that: str | None,
) -> Result:
    there = observed.endpoint(args.endpoint)
    endpoint = outcome.endpoint or there
    before = there.split if there else None
    after = _planned(plan, endpoint)
    return Result(
        verb=plan.verb,
        message=_message(args, plan, after),
        changed=outcome.changed,
        dry_run=args.dry_run,
        runtime=plan.subject.runtime,
        runtime_id=observed.runtime.id if observed.runtime else None,
        version=_number(after) if args.version is None else args.version,
        previous_version=_number(before),
        endpoint=args.endpoint,
        url=endpoint.url if endpoint else None,
        before=before,
        after=after,
        plan=plan,
        next=after_that,
    )


def _number(split: Split | None) -> int | None:
    return split.stable if split and isinstance(split.stable, int) else None


def _planned(plan: Plan, endpoint: Endpoint | None) -> Split | None:
    """Where traffic is now; in a dry run, where it would be."""
    moves = [step.after for step in plan.steps if isinstance(step, MoveTraffic)]
    opens = [step.split for step in plan.steps if isinstance(step, CreateEndpoint)]
    return next(iter(moves + opens), endpoint.split if endpoint else None)


def _message(args: argparse.Namespace, plan: Plan, after: Split | None) -> str:
    if not plan.steps:
        return plan.notes[0]
    would = "would serve" if args.dry_run else "serves"
    return f"{args.endpoint} {would} {after}"
