"""Beside other deploys: what they have begun is theirs while they may be alive."""

import argparse
from collections.abc import Mapping

from agentramp.config import RuntimeConfig
from agentramp.errors import SupersededError
from agentramp.model import Observed
from agentramp.plan import Subject
from agentramp.planning import Young, held_by
from agentramp.ramp import CLOCK, Standing, standing
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target

LOOK_AGAIN = 5.0
"""How often a deploy that waits for another looks whether that one has ended, in seconds."""

MARGIN = 2 * CLOCK
"""Seconds beyond a lease: a move that was begun just now is looked at again after its end."""


def skips(args: argparse.Namespace, runtime: RuntimeConfig) -> bool:
    return args.skip_endpoints or not runtime.endpoints


def looked(
    args: argparse.Namespace, context: Context, runtime: RuntimeConfig, where: Target
) -> tuple[Observed, dict[str, Standing]]:
    """The platform and the journals, once no other deploy is at work on these endpoints.

    Raises SupersededError where one still is after the time by which a dead one would be known.
    """
    until: float | None = None
    while True:
        observed = where.platform.observe(where.runtime)
        if skips(args, runtime):
            return observed, {}
        known = _known(runtime, where, observed, prune=args.prune)
        held = _held(where, known)
        if not held or args.dry_run:
            return observed, known
        now = where.platform.now()
        if until is None:
            until = now + where.ramp.policy.lease + MARGIN
            context.console.say("; ".join(f"{name}: {why}" for name, why, _ in held))
        if now >= until:
            raise SupersededError(
                "; ".join(f"{name}: {why}" for name, why, _ in held),
                advice="let the other deploy end, then run this again",
            )
        context.sleep(min(LOOK_AGAIN, max(left for _, _, left in held)))


def _held(where: Target, known: Mapping[str, Standing]) -> list[tuple[str, str, float]]:
    """What other deploys are at: the endpoint, why it is held, and for how many seconds at most."""
    at = young(where)
    return [
        (f"{where.runtime}/{name}", why, at.left(now.open))
        for name, now in known.items()
        if now.open and not held_by(now) and (why := held_by(now, at))
    ]


def young(where: Target) -> Young:
    return Young(where.platform.now(), where.ramp.policy.lease)


def _known(
    runtime: RuntimeConfig, where: Target, observed: Observed, *, prune: bool
) -> dict[str, Standing]:
    """The journals of the endpoints that may be touched; what only stays is not looked up."""
    names = [endpoint.name for endpoint in runtime.endpoints]
    if prune:
        names += [found.name for found in observed.endpoints if found.name not in names]
    return {name: standing(where.journal.read(Subject(where.runtime, name))) for name in names}
