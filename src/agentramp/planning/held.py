"""Who else is at an endpoint: what a ramp holds is not for a file or a removal to change."""

from dataclasses import dataclass

from agentramp.ramp import Intent, Standing

OWN = frozenset({"deploy"})
"""Verbs whose unfinished move a deploy does once more itself."""


@dataclass(frozen=True)
class Young:
    """Until when who began a move is taken to be alive: ``lease`` seconds after it.

    ``now`` is the platform's time, in seconds since 1970-01-01 UTC.
    """

    now: float
    lease: float

    def left(self, begun: Intent) -> float:
        """Seconds; 0 or less once the run may be taken for dead."""
        return begun.at + self.lease - self.now


def held_by(now: Standing, young: Young | None = None) -> str:
    """Why an endpoint is left alone, in words; empty where nobody holds it.

    A removal that nobody finished holds nothing: it is made again, or given up. A deploy's own
    move holds while it is young: who began it may still be at work. The making of an endpoint does
    not: a platform gives a name once.
    """
    if now.ramp:
        return f"a ramp of version {now.ramp.canary} is in progress ({now.ramp.weight} %)"
    if now.queued is not None:
        return f"version {now.queued} waits there for its ramp"
    begun = now.open
    if begun is None or begun.removal:
        return ""
    if begun.verb not in OWN:
        return f"{begun.verb} began to move it to {begun.after}, and no end is recorded"
    left = young.left(begun) if young and begun.before else 0.0
    if left > 0:
        return (
            f"another {begun.verb} began to move it to {begun.after}; if that one is dead, this can"
            f" be done in {left:.0f} s"
        )
    return ""
