"""What a tick comes to: a word for programs, a sentence for people, and the plan."""

from dataclasses import dataclass
from enum import Enum

from agentramp.plan import Plan
from agentramp.planning.traffic import Seen


class Ruled(Enum):
    """``NONE``: there is no ramp to rule on. ``SUPERSEDED``: another run is at work on it."""

    ADVANCE = "advance"
    ROLLBACK = "rollback"
    HOLD = "hold"
    NONE = "none"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Ruling:
    """``drifted`` says that the platform serves what the journal never asked for.

    ``by_evidence`` is a canary that evidence or a gate sends back, and not a person.
    """

    ruled: Ruled
    reason: str
    plan: Plan
    drifted: bool = False
    by_evidence: bool = False


def at_rest(ruled: Ruled, seen: Seen, reason: str) -> Ruling:
    """Nothing moves, and nothing is written down."""
    return Ruling(ruled, reason, Plan("promote", seen.subject, notes=(reason,)))
