"""What a ramp goes by: agentramp.yaml as frozen values, with a default for everything.

Durations are seconds, weights whole percent.
"""

from dataclasses import dataclass
from enum import Enum

from agentramp.judge.verdict import DEFAULT_RULES, Rules


class OnTimeout(Enum):
    HOLD = "hold"
    ADVANCE = "advance"
    ROLLBACK = "rollback"


class OnRelease(Enum):
    """What a release does while an earlier ramp is in progress."""

    QUEUE = "queue"
    REPLACE = "replace"
    REJECT = "reject"


@dataclass(frozen=True)
class Rung:
    """One step: the canary's weight, the least time and least canary sessions at it.

    ``approval``: a person has to approve before the canary gets this weight.
    """

    weight: int
    bake: float
    min_sessions: int
    approval: bool = False


DEFAULT_BAKE = 600.0
DEFAULT_SESSIONS = 50
DEFAULT_RUNGS = tuple(Rung(weight, DEFAULT_BAKE, DEFAULT_SESSIONS) for weight in (10, 30, 50, 100))


@dataclass(frozen=True)
class Policy:
    """Frozen into the journal when a ramp begins; the last rung's weight is 100.

    Evidence is read in windows of ``window`` seconds from ``warm_up`` after each move, each of
    them ``settle`` after its end. A step that takes longer than ``timeout`` is ended as
    ``on_timeout`` says. After ``max_blind`` ticks in a row without evidence the canary goes back
    one step; None never does. A run that has said nothing for ``lease`` is taken for dead.
    """

    rungs: tuple[Rung, ...] = DEFAULT_RUNGS
    rules: Rules = DEFAULT_RULES
    window: float = 300.0
    settle: float = 60.0
    warm_up: float = 0.0
    timeout: float = 86_400.0
    on_timeout: OnTimeout = OnTimeout.HOLD
    on_release: OnRelease = OnRelease.QUEUE
    max_blind: int | None = None
    lease: float = 120.0

    def reached(self, weight: int) -> Rung:
        """The rung of a canary that has ``weight``; after an adoption, the highest one below."""
        found = [rung for rung in self.rungs if rung.weight <= weight]
        return found[-1] if found else self.rungs[0]

    def above(self, weight: int) -> Rung | None:
        """The next rung of a canary that has ``weight``; None where it has all."""
        return next((rung for rung in self.rungs if rung.weight > weight), None)


DEFAULT_POLICY = Policy()
