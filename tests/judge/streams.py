"""Ramps as chance gives them: windows on the ladder 10, 30, 50 %, judged one by one."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from agentramp.judge.chance import binomial, poisson
from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Decision, Rules
from agentramp.judge.window import Arm, Tally, Window

Rate: TypeAlias = Callable[[int], float]
LADDER = (10, 30, 50)


@dataclass(frozen=True)
class Course:
    """``sessions`` are expected in each of ``windows``; rates by the window's number."""

    canary: Rate
    stable: Rate
    sessions: float = 200
    windows: int = 60
    weights: tuple[int, ...] = LADDER
    cluster: int = 1

    def stream(self, random: Random) -> Iterator[Window]:
        for number in range(self.windows):
            weight = self.weights[number * len(self.weights) // self.windows]
            total = poisson(random, self.sessions / self.cluster)
            canary = binomial(random, total, weight / 100)
            yield window(
                number,
                self._tally(random, canary, self.canary(number)),
                self._tally(random, total - canary, self.stable(number)),
                weight,
            )

    def _tally(self, random: Random, count: int, rate: float) -> Tally:
        """Sessions that fail with all of their requests."""
        return Tally(count * self.cluster, binomial(random, count, rate) * self.cluster)


@dataclass(frozen=True)
class End:
    """Canary sessions until the rollback, and until it was first certified."""

    rolled_back: int | None
    certified: int | None


def window(number: int, canary: Tally, stable: Tally, weight: int | None = None) -> Window:
    return Window(number * 60.0, number * 60.0 + 60, Arm(canary), Arm(stable), weight)


def always(rate: float) -> Rate:
    return lambda _: rate


def ended(course: Course, rules: Rules, random: Random) -> End:
    judge, certified = Judge(rules), None
    for each in course.stream(random):
        verdict = judge.observe(each)
        if verdict.certified and certified is None:
            certified = verdict.canary.sessions
        if verdict.decision is Decision.ROLLBACK:
            return End(verdict.canary.sessions, certified)
    return End(None, certified)


def ends(course: Course, rules: Rules, runs: int, seed: int) -> list[End]:
    random = Random(seed)
    return [ended(course, rules, random) for _ in range(runs)]


def is_plausible(found: int, runs: int, bound: float) -> bool:
    """Whether ``found`` of ``runs`` are no evidence (1 in 10,000) against a chance <= ``bound``."""
    tail = sum(
        math.comb(runs, k) * bound**k * (1 - bound) ** (runs - k) for k in range(found, runs + 1)
    )
    return tail > 1e-4
