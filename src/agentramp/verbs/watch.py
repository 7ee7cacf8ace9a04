"""promote --watch: ticks until the ramp ends, and how it stands between them."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from agentramp.planning import Ruled
from agentramp.ramp import standing
from agentramp.report.ramp_view import sentence, view
from agentramp.report.result import Result
from agentramp.report.screen import Screen
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target

Tick: TypeAlias = Callable[[argparse.Namespace, Context, Target], Result]
LONGEST = 30.0


def watched(args: argparse.Namespace, context: Context, where: Target, once: Tick) -> Result:
    """The last tick's result, with what the whole watch changed."""
    screen = Screen(context.console)
    first: Result | None = None
    while True:
        result = once(args, context, where)
        first = first or result
        records = where.journal.read(where.subject)
        now = standing(records)
        if now.ramp is None and result.verdict != Ruled.SUPERSEDED.value:
            changed = result.changed or result.before != first.before
            return replace(result, changed=changed, before=first.before)
        lines = view(
            str(where.subject),
            now,
            records,
            where.platform.now(),
            screen.width,
            color=context.console.color,
        )
        screen.show(lines, sentence(now) if now.ramp else result.message)
        window = now.ramp.policy.window if now.ramp else LONGEST
        context.sleep(args.interval or min(window, LONGEST))
