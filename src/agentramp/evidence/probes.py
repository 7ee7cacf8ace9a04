"""Counts from requests of our own to two addresses, each pinned to one version.

For services with little traffic. Probes see what is now, so they answer the newest span alone; each
is a session of its own, and both versions are asked the same prompts, in random order.
"""

import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.gates.port import GateError
from agentramp.gates.prompts import Prompt
from agentramp.gates.trial import Trial, Trials
from agentramp.judge.window import Arm, Spread, Tally, Unit, Window

BOUNDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper edges of the times to the first byte, in seconds."""
_ADVICE: Final = "check that the endpoints pinned to each version are there and may be reached"


@dataclass(frozen=True)
class ProbeEvidence:
    """``count`` probes of each version at each reading; ``order`` shuffles them.

    An answer that only a judge model refuses is bad quality, not an error.
    """

    canary_url: str
    stable_url: str
    prompts: tuple[Prompt, ...]
    trials: Trials
    order: random.Random
    count: int = 20

    @property
    def unit(self) -> Unit:
        return Unit.SESSIONS

    def read(self, question: Question) -> tuple[Answer, ...]:
        """Ask each time it is called: the caller records a window once."""
        if not question.spans:
            return ()
        newest = max(question.spans, key=lambda span: span.end)
        seen = self._window(newest)
        return tuple(
            seen if span == newest else Missing(span, "probes see only what is now")
            for span in question.spans
        )

    def _window(self, span: Span) -> Window:
        canary, stable = self._probe()
        if not any(trial.heard.status for trial in (*canary, *stable)):
            reason = canary[0].heard.trouble if canary else "no probe was sent"
            raise EvidenceError(f"no probe got an answer: {reason}", advice=_ADVICE)
        # The split of the traffic is not that of the probes, so no weight is told.
        return Window(span.start, span.end, arm(canary), arm(stable))

    def _probe(self) -> tuple[list[Trial], list[Trial]]:
        try:
            self.trials.check(self.prompts)
        except GateError as error:
            raise EvidenceError(error.message, advice=error.advice) from error
        prompts = [self.prompts[number % len(self.prompts)] for number in range(self.count)]
        canary: list[Trial] = []
        stable: list[Trial] = []
        for prompt in self.order.sample(prompts, len(prompts)):
            pair = ((self.canary_url, canary), (self.stable_url, stable))
            for url, trials in self.order.sample(pair, 2):
                trials.append(self.trials.run(url, prompt))
        return canary, stable


def arm(trials: Sequence[Trial]) -> Arm:
    judged = [trial for trial in trials if trial.judged]
    bad = sum(bool(trial.faults) and not trial.judged for trial in trials)
    return Arm(
        Tally(len(trials), bad),
        _latency(trials),
        quality=Tally(len(judged), sum(bool(trial.faults) for trial in judged)) if judged else None,
    )


def _latency(trials: Sequence[Trial]) -> Spread:
    """Of those that were answered at all."""
    seconds = [trial.heard.first_byte for trial in trials if trial.heard.status]
    counts = [0] * (len(BOUNDS) + 1)
    for value in seconds:
        counts[bisect_left(BOUNDS, value)] += 1
    return Spread(BOUNDS, tuple(counts), sum(seconds), sum(value * value for value in seconds))
