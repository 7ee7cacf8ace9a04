"""Which version serves a request: pure, so that the draw can be shown to be fair and monotone."""

from hashlib import blake2b

from agentramp.local.records import Label, Route

_DIGEST_BYTES = 8
_POINTS = 1 << (8 * _DIGEST_BYTES)


def point(session: str, endpoint_id: str) -> float:
    """Where a session stands between 0 and 1; the same on every call and every machine."""
    digest = blake2b(f"{endpoint_id}\n{session}".encode(), digest_size=_DIGEST_BYTES).digest()
    return int.from_bytes(digest, "big") / _POINTS


def draw(route: Route, at: float) -> Label:
    """The version whose share holds ``at``.

    The weighted versions lie from 0 upwards and the target takes the rest: growing the one
    weight of a canary only ever adds sessions to it.
    """
    edge = 0.0
    for entry in route.weights:
        edge += entry.weight
        if at < edge:
            return entry.version
    return route.target


def choose(route: Route, assigned: Label | None, at: float) -> Label:
    """The version for a session that was ``assigned`` one before, or None."""
    if assigned is not None and assigned in route.labels:
        return assigned
    return draw(route, at)
