"""promote --watch: ticks until the ramp ends, and how it stands between them."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from agentramp.planning import Ruled
from agentramp.ramp import standing
from agentramp.report.result import Result
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target

Tick: TypeAlias = Callable[[argparse.Namespace, Context, Target], Result]
LONGEST = 30.0


def watched(args: argparse.Namespace, context: Context, where: Target, once: Tick) -> Result:
    """The last tick's result, with what the whole watch changed."""
    first: Result | None = None
    while True:
        result = once(args, context, where)
        first = first or result
        now = standing(where.journal.read(where.subject))
        if now.ramp is None and result.verdict != Ruled.SUPERSEDED.value:
            changed = result.changed or result.before != first.before
            return replace(result, changed=changed, before=first.before)
        context.console.say(result.message)
        window = now.ramp.policy.window if now.ramp else LONGEST
        context.sleep(args.interval or min(window, LONGEST))
