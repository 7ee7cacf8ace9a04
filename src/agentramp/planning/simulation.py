"""A ramp with made-up traffic: what its rules would do, before anything is shipped. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from random import Random
from statistics import median

from agentramp.judge.chance import binomial, poisson
from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Decision
from agentramp.judge.window import Arm, Tally, Window
from agentramp.model import FULL
from agentramp.policy import OnTimeout, Policy, Rung

_HOUR = 3600.0


@dataclass(frozen=True)
class Traffic:
    """``per_hour`` sessions are expected on both arms; ``worse`` is added to the canary's rate.

    Each fails by itself; where requests are the unit, these are requests.
    """

    per_hour: float
    error_rate: float
    worse: float = 0.0


class Outcome(Enum):
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    TIMED_OUT = "timed out"
    """A step took longer than its timeout: left to a person or rolled back, as it is set."""


@dataclass(frozen=True)
class Journey:
    """How one ramp went: canary sessions and those that failed, and seconds, until its end."""

    outcome: Outcome
    sessions: int
    bad: int
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """``runs`` ramps under the same traffic."""

    traffic: Traffic
    journeys: tuple[Journey, ...]

    def count(self, outcome: Outcome) -> int:
        return len(self._ended(outcome))

    def typical(self, outcome: Outcome) -> Journey | None:
        """The medians of the journeys that ended so; None where none did."""
        ended = self._ended(outcome)
        if not ended:
            return None
        return Journey(
            outcome,
            round(median(each.sessions for each in ended)),
            round(median(each.bad for each in ended)),
            median(each.seconds for each in ended),
        )

    def _ended(self, outcome: Outcome) -> list[Journey]:
        return [each for each in self.journeys if each.outcome is outcome]


def forecasts(
    policy: Policy, traffic: Traffic, worse: Sequence[float], runs: int, random: Random
) -> Iterator[Forecast]:
    """First for a canary that is no worse, then for each regression."""
    for points in (0.0, *worse):
        same = replace(traffic, worse=points)
        yield Forecast(same, tuple(travel(policy, same, random) for _ in range(runs)))


def travel(policy: Policy, traffic: Traffic, random: Random) -> Journey:
    """One ramp to its end, by the rule of ``planning.ramp``; approvals are given at once."""
    walk = _Walk(policy, traffic, random, Judge(policy.rules))
    for rung in policy.rungs:
        ending = None if rung.weight == FULL else walk.stand(rung)
        if ending is not None:
            return walk.end(ending)
    return walk.end(Outcome.PROMOTED)


@dataclass
class _Walk:
    """``now`` is in seconds since the ramp began."""

    policy: Policy
    traffic: Traffic
    random: Random
    judge: Judge
    now: float = 0.0

    def stand(self, rung: Rung) -> Outcome | None:
        """Bake on one rung: how the ramp ends there, None where it goes on."""
        policy, entered, came = self.policy, self.now, 0
        start = entered + policy.warm_up
        while True:
            window = _window(rung, self.traffic, (start, start + policy.window), self.random)
            verdict, came = self.judge.observe(window), came + window.canary.sessions
            start, self.now = window.end, window.end + policy.settle
            if verdict.decision is Decision.ROLLBACK:
                return Outcome.ROLLED_BACK
            # Baked is what was read, as the rule has it: neither warming up nor settling is.
            baked = window.end - entered - policy.warm_up >= rung.bake
            if baked and came >= rung.min_sessions and verdict.decision is Decision.ADVANCE:
                return None
            if self.now - entered >= policy.timeout:
                return None if policy.on_timeout is OnTimeout.ADVANCE else Outcome.TIMED_OUT

    def end(self, outcome: Outcome) -> Journey:
        canary = self.judge.verdict.canary
        return Journey(outcome, canary.sessions, canary.bad, self.now)


def _window(rung: Rung, traffic: Traffic, span: tuple[float, float], random: Random) -> Window:
    start, end = span
    total = poisson(random, traffic.per_hour * (end - start) / _HOUR)
    canary = binomial(random, total, rung.weight / FULL)
    worse = min(1.0, traffic.error_rate + traffic.worse)
    return Window(
        start,
        end,
        Arm(Tally(canary, binomial(random, canary, worse))),
        Arm(Tally(total - canary, binomial(random, total - canary, traffic.error_rate))),
        rung.weight,
    )
