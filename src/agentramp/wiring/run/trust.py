"""A program from an address is somebody else's, and runs with all rights of whoever starts it."""

import argparse
import hashlib

from agentramp.wiring.confirmation import confirmed
from agentramp.wiring.context import Context

_TRUSTED = "trusted"


def agreed(args: argparse.Namespace, context: Context, url: str) -> None:
    """Tell so, and ask a person at a terminal once for each address; raises UsageError for a no.

    Who named the very bytes (--sha256) or says --yes has agreed, and so has whoever wrote down a
    command that runs where nobody can be asked.
    """
    told = f"{url} is a program of others: it runs with all your rights on this machine"
    name = hashlib.sha256(url.encode()).hexdigest()[:32]
    known = context.home / "run" / _TRUSTED / name
    asks = context.terminal and not context.environ.get("CI") and not args.sha256
    if known.is_file():
        return
    if not asks or args.yes:
        context.console.say(told)
    else:
        confirmed(args, context, [told])
    if context.terminal:
        known.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        known.touch(mode=0o600)
