"""promote --watch: ticks until the ramp ends, and how it stands between them."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from agentramp.errors import SupersededError
from agentramp.planning import Ruled
from agentramp.ramp import Ended, Ending, Ramp, Standing, standing, standings
from agentramp.record import Record
from agentramp.report.ramp_view import sentence, view
from agentramp.report.result import ROLLED_BACK, Result
from agentramp.report.screen import Screen
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target

Tick: TypeAlias = Callable[[], Result]
LONGEST = 30.0


def watched(args: argparse.Namespace, context: Context, where: Target, once: Tick) -> Result:
    """The last tick's result, with what the whole watch changed.

    Raises SupersededError where a person ended the ramp that was watched.
    """
    try:
        return _watched(args, context, where, once)
    except KeyboardInterrupt:
        context.console.say("the watch ends; the ramp stays as it is, and promote goes on with it")
        raise


def _watched(args: argparse.Namespace, context: Context, where: Target, once: Tick) -> Result:
    screen = Screen(context.console)
    ramp = standing(where.journal.read(where.subject)).ramp
    first: Result | None = None
    while True:
        result = once()
        first = first or result
        records = where.journal.read(where.subject)
        now = standing(records)
        ramp = ramp or now.ramp
        end = _end(records, ramp) if ramp else None
        if end or (now.ramp is None and result.verdict != Ruled.SUPERSEDED.value):
            changed = result.changed or result.before != first.before
            whole = replace(result, changed=changed, before=first.before)
            return _concluded(args, whole, end) if end else whole
        if context.sight:
            context.sight.ticked(result)
        _show(context, where, screen, now, records, result)
        window = now.ramp.policy.window if now.ramp else LONGEST
        context.sleep(args.interval or min(window, LONGEST))


def _show(
    context: Context,
    where: Target,
    screen: Screen,
    now: Standing,
    records: Sequence[Record],
    result: Result,
) -> None:
    lines = view(
        str(where.subject),
        now,
        records,
        where.platform.now(),
        screen.width,
        color=context.console.color,
    )
    screen.show(lines, sentence(now) if now.ramp else result.message)


@dataclass(frozen=True)
class _End:
    """How a ramp ended, and the record that ended it."""

    ended: Ended
    record: Record


def _end(records: Sequence[Record], ramp: Ramp) -> _End | None:
    """None while it is in progress. Another one may have begun, and ended, since."""
    for record, now in zip(records, standings(records), strict=True):
        if now.ended and now.ended.ramp.id == ramp.id:
            return _End(now.ended, record)
    return None


def _concluded(args: argparse.Namespace, result: Result, end: _End) -> Result:
    """What became of the ramp, whichever run ended it."""
    ended, turned = end.ended, end.ended.ramp.turned
    if ended.ending is Ending.PROMOTED:
        return _of_another(result, Ruled.ADVANCE, f"version {ended.ramp.canary} was promoted", end)
    if ended.ending is Ending.ROLLED_BACK and turned:
        told = _of_another(result, Ruled.ROLLBACK, turned, end)
        return replace(told, exit_code=ROLLED_BACK)
    raise SupersededError(
        f"the ramp of version {ended.ramp.canary} was {ended.ending.value}, and not by evidence:"
        f" {_by(end)}",
        advice=f"{arguments.again(args, 'history')} tells what was done",
    )


def _of_another(result: Result, ruled: Ruled, reason: str, end: _End) -> Result:
    """The tick's own word where it ended the ramp; else what another run did meanwhile."""
    if result.verdict == ruled.value and not result.next:
        return result
    return replace(
        result,
        message=f"{reason} ({_by(end)})" if ruled is Ruled.ADVANCE else reason,
        version=end.ended.ramp.canary,
        previous_version=end.ended.ramp.stable,
        verdict=ruled.value,
        next=None,
    )


def _by(end: _End) -> str:
    who = f" by {end.record.by}" if end.record.by else ""
    why = f": {end.ended.reason}" if end.ended.reason else ""
    return f"{end.record.verb}{who}{why}"
