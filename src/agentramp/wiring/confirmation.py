"""What cannot be undone is shown first, and done when a person or ``--yes`` says so."""

import argparse
from collections.abc import Sequence

from agentramp.errors import UsageError
from agentramp.wiring.context import Context

_YES = {"y", "yes"}


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-y", "--yes", action="store_true", help="do not ask; needed where nobody can be asked"
    )


def confirmed(args: argparse.Namespace, context: Context, lines: Sequence[str]) -> None:
    """Return where ``lines``, which say what will go, are agreed to; raises UsageError elsewhere.

    With --yes nobody is asked. A dry run needs no word: it changes nothing.
    """
    for line in lines:
        context.console.say(line)
    if args.yes or getattr(args, "dry_run", False):
        return
    if not context.terminal:
        raise UsageError(
            "this cannot be undone, and there is no terminal to ask on: nothing was changed",
            advice="look at the lines above, then run it again with --yes",
        )
    if _answer(context) not in _YES:
        raise UsageError(
            "not confirmed: nothing was changed", advice="run it again and answer yes, or use --yes"
        )


def _answer(context: Context) -> str:
    context.console.say("Go on? Type yes, or anything else to leave it as it is:")
    return context.stdin().readline().decode(errors="replace").strip().lower()
