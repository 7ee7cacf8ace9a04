"""What the verbs of a ramp share."""

import argparse
from collections.abc import Callable
from dataclasses import replace

import tenacity

from agentramp import tick
from agentramp.errors import RefusedError, SupersededError, UsageError
from agentramp.model import Split
from agentramp.plan import Plan
from agentramp.planning import Seen
from agentramp.policy import Policy
from agentramp.ramp import Ramp
from agentramp.report.result import Result
from agentramp.tick import Desk
from agentramp.wiring import arguments, gating, sources, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target, executor
from agentramp.wiring.waiting import Wait, wait


def desk(args: argparse.Namespace, context: Context, where: Target) -> Desk:
    return Desk(
        platform=where.platform,
        journal=where.journal,
        execute=executor(args, context, where),
        evidence=lambda seen: sources.connect(
            context, where, seen, args.platform, dry_run=args.dry_run
        ),
        policy=policy(args, where),
        freezes=where.ramp.freezes,
        told=context.console.plan,
        refusal=lambda begun: gating.refusal(args, context, where, begun),
    )


def policy(args: argparse.Namespace, where: Target) -> Policy:
    """What a ramp that begins now goes by; what its source counts belongs to it."""
    found = where.ramp.policy
    unit = sources.unit(where, args.platform)
    return replace(found, rules=replace(found.rules, unit=unit))


def insisting(context: Context) -> tenacity.Retrying:
    return tick.insisting(context.sleep, context.jitter, context.console.say)


def guard(
    args: argparse.Namespace, context: Context, where: Target, seen: Seen, split: Split
) -> None:
    """A run that this one overtook may still be alive: see to it that it changes nothing."""
    intent = seen.standing.open
    if args.dry_run or intent is None or intent.after == split:
        return
    left = seen.standing.lease - (seen.now - intent.at)
    if left > 0:
        context.console.say(
            f"another run had begun to move this to {intent.after}: looking for {left:.0f} s"
            " whether it still does"
        )
        try:
            tick.stand_guard(desk(args, context, where), where.subject, split, left, context.sleep)
        except (RefusedError, SupersededError) as error:
            # What was asked for is done: that this look-out ended early must not hide it.
            follows = arguments.again(args, "promote")
            context.console.say(f"looked no longer: {error}; {follows} looks again")


def in_progress(seen: Seen) -> Ramp:
    if seen.standing.ramp is None:
        raise UsageError(
            f"no ramp is in progress on {seen.subject}", advice="agentramp release begins one"
        )
    return seen.standing.ramp


def goes_on(args: argparse.Namespace, ramp: Ramp, reason: str) -> str:
    """The command that a ramp in progress needs next, after a tick that ended with ``reason``."""
    if ramp.paused:
        return arguments.again(args, "resume")
    above = ramp.policy.above(ramp.weight)
    if above and wait(reason) is Wait.PERSON:
        return arguments.again(args, "approve", f"--weight={above.weight}")
    return arguments.again(args, "promote")


def said(
    args: argparse.Namespace,
    context: Context,
    where: Target,
    plan: Callable[[Seen], Plan],
    follows: str | None = None,
) -> Result:
    """A verb by which a person says something about a ramp, which needs ``follows`` next.

    If not told, that depends: a ramp that is paused stays so, and without one nothing follows.
    """
    seen = traffic.look_at(where)
    planned = plan(seen)
    traffic.tell(context, planned)
    outcome = executor(args, context, where)(planned)
    needed = follows or _follows(seen.standing.ramp)
    after_that = arguments.again(args, needed) if needed else None
    result = traffic.result(args, planned, seen, outcome, after_that)
    return replace(result, message=_message(planned, result, dry_run=args.dry_run))


def _follows(ramp: Ramp | None) -> str | None:
    if ramp is None:
        return None
    return "resume" if ramp.paused else "promote"


def _message(plan: Plan, result: Result, *, dry_run: bool) -> str:
    if not plan.steps:
        return plan.notes[0]
    if dry_run:
        return f"{plan.verb} would be written down: {plan.subject} would serve {result.after}"
    return f"{plan.verb} is written down: {plan.subject} serves {result.after}"
