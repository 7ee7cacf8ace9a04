"""What the verbs that move traffic share: their arguments, what they look at, what they tell."""

import argparse
from dataclasses import replace

from agentramp import tick
from agentramp.effects import Outcome
from agentramp.errors import UsageError
from agentramp.model import Endpoint, Split
from agentramp.plan import CreateEndpoint, KeepRecord, MoveTraffic, Plan
from agentramp.planning import Seen, begins
from agentramp.ramp import ENDING, Ramp, Reached
from agentramp.record import Begun, Queued, Refused
from agentramp.report.result import Climb, Result
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser)
    arguments.add_dry_run(parser)


def add_place(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_endpoint(parser)
    arguments.add_journal(parser)


def look(where: Target) -> Seen:
    """The endpoint as the platform and the journal know it now."""
    return tick.look(where.platform, where.journal, where.subject)


def look_at(where: Target) -> Seen:
    """As ``look``; raises UsageError where the runtime does not exist."""
    seen = look(where)
    existing(seen)
    return seen


def existing(seen: Seen) -> None:
    if seen.observed.runtime is None:
        raise missing(seen.runtime)


def missing(runtime: str) -> UsageError:
    return UsageError(
        f"runtime {runtime} does not exist",
        advice="deploy it first, or check --runtime, --region and --platform",
    )


def result(
    args: argparse.Namespace, plan: Plan, seen: Seen, outcome: Outcome, after_that: str | None
) -> Result:
    there = seen.found
    endpoint = outcome.endpoint or there
    before = there.split if there else None
    after = _planned(plan, endpoint)
    version = getattr(args, "version", None) or _about(plan, seen, after)
    return Result(
        verb=plan.verb,
        message=_message(seen, plan, after, dry_run=args.dry_run),
        changed=outcome.changed,
        dry_run=args.dry_run,
        runtime=plan.subject.runtime,
        runtime_id=seen.observed.runtime.id if seen.observed.runtime else None,
        version=version,
        previous_version=previous(version, before),
        endpoint=seen.endpoint,
        url=endpoint.url if endpoint else None,
        before=before,
        after=after,
        plan=plan,
        next=after_that,
        climb=climb(seen, plan, after),
    )


def tell(context: Context, plan: Plan) -> None:
    """The plan; where there is nothing to do its first note is what the result will say."""
    context.console.plan(plan if plan.steps else replace(plan, notes=plan.notes[1:]))


def about(result: Result, version: int | None) -> Result:
    """``result`` of a run that is about ``version``."""
    before = previous(version, result.before)
    return replace(result, version=version, previous_version=before)


def previous(version: int | None, before: Split | None) -> int | None:
    """The version that had the sessions before ``version``, if another one had.

    That is the stable one; where the stable one itself is meant, the trial that ends for it.
    """
    stable = _number(before)
    if before is None or stable != version:
        return stable
    return next((ref for ref, _ in before.canaries if isinstance(ref, int)), None)


def _about(plan: Plan, seen: Seen, after: Split | None) -> int | None:
    """The version that a plan begins with, puts off or refuses; else the one on trial.

    Where a trial ends for good and asked for, the one that takes over.
    """
    for step in plan.steps:
        match step:
            case KeepRecord(Begun(canary=version) | Queued(version) | Refused(version)):
                return version
            case _:
                pass
    ramp = seen.standing.ramp
    return ramp.canary if ramp and plan.verb not in ENDING else _number(after)


def climb(seen: Seen, plan: Plan, after: Split | None) -> Climb | None:
    """The ramp in progress or the one that ``plan`` begins, and where it is after that."""
    trial: Ramp | Begun | None = begins(plan) or seen.standing.ramp
    if trial is None:
        return None
    so_far = way(trial)
    weight = after.share(trial.canary) if after else 0
    if weight == (so_far.path[-1].weight if so_far.path else 0):
        return so_far
    return replace(so_far, path=(*so_far.path, Reached(seen.now, weight)))


def way(trial: Ramp | Begun) -> Climb:
    ladder = tuple(rung.weight for rung in trial.policy.rungs)
    path = trial.path if isinstance(trial, Ramp) else ()
    return Climb(trial.stable, trial.canary, ladder, path)


def _number(split: Split | None) -> int | None:
    return split.stable if split and isinstance(split.stable, int) else None


def _planned(plan: Plan, endpoint: Endpoint | None) -> Split | None:
    """Where traffic is now; in a dry run, where it would be."""
    moves = [step.after for step in plan.steps if isinstance(step, MoveTraffic)]
    opens = [step.split for step in plan.steps if isinstance(step, CreateEndpoint)]
    last = (moves + opens)[-1:]
    return last[0] if last else endpoint.split if endpoint else None


def _message(seen: Seen, plan: Plan, after: Split | None, *, dry_run: bool) -> str:
    if not plan.steps:
        return plan.notes[0]
    would = "would serve" if dry_run else "serves"
    return f"{seen.endpoint} {would} {after}"
