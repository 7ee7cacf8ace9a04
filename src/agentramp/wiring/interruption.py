"""What an interrupted run says last: what serves now, what goes on by itself, and what ends it."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from agentramp.errors import Interrupted
from agentramp.planning import Seen
from agentramp.ramp import Ramp
from agentramp.stepping import INTERRUPTED
from agentramp.wiring import arguments, traffic
from agentramp.wiring.last_look import in_time
from agentramp.wiring.target import Target


@contextmanager
def told(args: argparse.Namespace, where: Target, again: str) -> Iterator[None]:
    """``again`` is the command that begins anew. A dry run has nothing to say: it moves nothing."""
    try:
        yield
    except KeyboardInterrupt as cut:
        if args.dry_run:
            raise
        raise _as_it_stands(args, where, again) from cut


def _as_it_stands(args: argparse.Namespace, where: Target, again: str) -> Interrupted:
    """It is read anew, as only that tells: what was asked for may have arrived or been put back."""
    seen, why = in_time(lambda: traffic.look(where))
    if seen:
        message, advice = _words(args, seen, again)
        return Interrupted(f"interrupted: {_serves(seen)}{message}", advice=advice)
    return Interrupted(
        f"interrupted, and where traffic is could not be read: {why}",
        advice=f"look, then run it again to go on: {arguments.again(args, 'status')}",
    )


def _serves(seen: Seen) -> str:
    found = seen.found
    return f"{seen.endpoint} serves {found.split}" if found else f"{seen.endpoint} is not there"


def _words(args: argparse.Namespace, seen: Seen, again: str) -> tuple[str, str]:
    """What the journal has to add, and what to do."""
    now, promote = seen.standing, arguments.again(args, "promote")
    if now.open:
        message = f"; a move to {now.open.after} was begun, and no end of it is known"
        return message, f"the next tick finishes it or puts it back: {promote}"
    if seen.found and now.settled not in {None, seen.found.split}:
        return f", and the journal says {now.settled}", f"the next tick looks into it: {promote}"
    if now.ramp:
        return _ramp(args, now.ramp, promote)
    if now.queued is not None:
        waits = f"; version {now.queued} waits for its ramp"
        return waits, f"the next tick begins it: {promote}"
    ended = now.ended
    if ended and ended.reason == INTERRUPTED:
        gone = f"; the trial of version {ended.ramp.canary} is ended"
        return gone, f"no tick begins it again; {again} does"
    return "; no ramp is in progress", f"nothing goes on by itself; to begin anew: {again}"


def _ramp(args: argparse.Namespace, ramp: Ramp, promote: str) -> tuple[str, str]:
    abort = arguments.again(args, "abort")
    if not ramp.weight:
        begun = f"; the ramp of version {ramp.canary} has begun, and has no traffic yet"
        return begun, f"the next tick takes its first step ({promote}); to stop it: {abort}"
    message = f"; version {ramp.canary} stays on trial"
    return message, f"the next tick goes on with it ({promote}); to stop it: {abort}"
