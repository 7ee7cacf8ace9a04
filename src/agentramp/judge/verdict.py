"""What the judge goes by and what it says."""

from dataclasses import dataclass
from enum import Enum

from agentramp.judge.window import Metric, Tally, Unit


class Decision(Enum):
    ADVANCE = "advance"
    ROLLBACK = "rollback"
    HOLD = "hold"


DEFAULT_BUDGETS = ((Metric.ERRORS, 1.0),)


@dataclass(frozen=True)
class Rules:
    """The promises a ramp is judged by; fixed when it begins, as changing them later breaks them.

    ``alpha`` bounds the chance of ever rolling back a healthy canary. ``budgets`` are each
    metric's share of it and sum to 1. A canary is certified once its rate of bad sessions is shown,
    with error at most ``certify_alpha``, to be below the stable version's plus ``margin``.
    ``slo`` is an absolute rate of bad sessions, None where there is no contract. ``cluster_size``
    is how many requests one session is taken for where only requests are known.
    """

    alpha: float = 0.01
    budgets: tuple[tuple[Metric, float], ...] = DEFAULT_BUDGETS
    margin: float = 0.02
    certify_alpha: float = 0.05
    slo: float | None = None
    unit: Unit = Unit.SESSIONS
    cluster_size: float = 5.0


DEFAULT_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric's state: roll back when ``e`` reaches ``threshold`` = 1 / (budget * alpha)."""

    metric: Metric
    e: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """``e`` and ``threshold`` are those of the metric nearest to its threshold.

    ``needed`` is about how many more canary sessions a hold waits for; None where more sessions
    are not what is missing. ``reason`` is one sentence with its numbers.
    """

    decision: Decision
    reason: str
    e: float
    threshold: float
    canary: Tally
    stable: Tally
    needed: int | None = None
    readings: tuple[Reading, ...] = ()
    certified: bool = False
