"""Who else is at an endpoint: what a ramp holds is not for a file or a removal to change."""

from agentramp.ramp import Standing

OWN = frozenset({"deploy"})
"""Verbs whose unfinished move a deploy does once more itself."""


def held_by(now: Standing) -> str:
    """Why an endpoint is left alone, in words; empty where nobody holds it.

    A removal that nobody finished holds nothing: it is made again, or given up.
    """
    if now.ramp:
        return f"a ramp of version {now.ramp.canary} is in progress ({now.ramp.weight} %)"
    if now.queued is not None:
        return f"version {now.queued} waits there for its ramp"
    if now.open and not now.open.removal and now.open.verb not in OWN:
        return f"{now.open.verb} began to move it to {now.open.after}, and no end is recorded"
    return ""
