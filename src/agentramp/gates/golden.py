"""Golden prompts, asked of both versions in pairs, before the canary gets any traffic.

Each prompt is asked ``repeats`` times of each version, and the version that answers well less often
is worse on it. Prompts on which both do equally well say nothing. The test of what differs is
``judge.mcnemar``: it may be looked at after each prompt, so the asking ends as soon as it is clear.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from agentramp.gates.port import Opinion, Outcome, Pinned
from agentramp.gates.prompts import Prompt
from agentramp.gates.trial import Trial, Trials
from agentramp.judge.mcnemar import Pairs


@dataclass(frozen=True)
class Pair:
    """All trials of one prompt."""

    prompt: Prompt
    canary: tuple[Trial, ...]
    stable: tuple[Trial, ...]

    @property
    def good(self) -> tuple[int, int]:
        return _good(self.canary), _good(self.stable)

    @property
    def undecided(self) -> str:
        return next((one.undecided for one in (*self.canary, *self.stable) if one.undecided), "")

    @property
    def refusal(self) -> str:
        """What the canary may not get wrong and did."""
        found = (fault for trial in self.canary for fault in trial.faults)
        return next(found, "") if self.prompt.must else ""

    @property
    def note(self) -> str:
        """What was not well, or nothing."""
        (canary, stable), count = self.good, len(self.canary)
        why = self.undecided or next((t.faults[0] for t in self.canary if t.faults), "")
        if canary == stable == count:
            return ""
        counts = f"{self.prompt.name}: canary {canary} of {count}, stable {stable} of {count}"
        return f"{counts}: {why}" if why else counts


@dataclass(frozen=True)
class Tried:
    """What is known so far."""

    pairs: tuple[Pair, ...] = ()
    counts: Pairs = field(default_factory=Pairs)

    def __add__(self, pair: Pair) -> "Tried":
        """A pair with an answer nobody could judge says nothing of either version."""
        canary, stable = pair.good
        counts = self.counts
        if not pair.undecided:
            counts = Pairs(counts.worse + (canary < stable), counts.better + (canary > stable))
        return Tried((*self.pairs, pair), counts)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(pair.note for pair in self.pairs if pair.note)


@dataclass(frozen=True)
class GoldenGate:
    """``alpha`` bounds the chance of refusing a canary that is as good as the stable version.

    ``order`` decides which version is asked first, so that neither always finds a warm cache.
    """

    prompts: tuple[Prompt, ...]
    trials: Trials
    order: random.Random
    repeats: int = 1
    alpha: float = 0.05

    def run(self, pinned: Pinned) -> Opinion:
        self.trials.check(self.prompts)
        tried = Tried()
        for pair in self._pairs(pinned):
            tried += pair
            if pair.refusal:
                reason = f"version {pinned.canary} must answer {pair.prompt.name}: {pair.refusal}"
                return self._opinion(Outcome.FAILED, reason, tried)
            if tried.counts.shows_worse(self.alpha):
                return self._opinion(Outcome.FAILED, self._worse(pinned, tried), tried)
        return self._at_the_end(pinned, tried)

    def _pairs(self, pinned: Pinned) -> Iterator[Pair]:
        for prompt in self.prompts:
            pair = Pair(prompt, (), ())
            for _ in range(self.repeats):
                for arm in self.order.sample(("canary", "stable"), 2):
                    if arm == "canary":
                        trial = self.trials.run(pinned.canary_url, prompt)
                        pair = replace(pair, canary=(*pair.canary, trial))
                    else:
                        trial = self.trials.run(pinned.stable_url, prompt)
                        pair = replace(pair, stable=(*pair.stable, trial))
            yield pair

    def _worse(self, pinned: Pinned, tried: Tried) -> str:
        return (
            f"version {pinned.canary} answers worse on {tried.counts.worse} and better on "
            f"{tried.counts.better} of {len(tried.pairs)} golden prompts than version "
            f"{pinned.stable} ({self._e(tried)})"
        )

    def _e(self, tried: Tried) -> str:
        sign = "\u2265" if tried.counts.shows_worse(self.alpha) else "<"
        return f"E = {tried.counts.e:.1f} {sign} {1 / self.alpha:g}"

    def _at_the_end(self, pinned: Pinned, tried: Tried) -> Opinion:
        counts = tried.counts
        undecided = [pair for pair in tried.pairs if pair.undecided]
        if undecided:
            reason = (
                f"{len(undecided)} of {len(tried.pairs)} golden prompts could not be judged: "
                f"{undecided[0].undecided}"
            )
            return self._opinion(Outcome.INCONCLUSIVE, reason, tried)
        if not any(pair.good[1] for pair in tried.pairs):
            reason = (
                f"version {pinned.stable}, which serves now, answers none of "
                f"{len(tried.pairs)} golden prompts well, so there is nothing to compare with"
            )
            return self._opinion(Outcome.INCONCLUSIVE, reason, tried)
        if counts.worse > counts.better and self._is_too_short():
            reason = (
                f"{self._worse(pinned, tried)}; {len(self.prompts)} prompts are too few to show it"
            )
            return self._opinion(Outcome.INCONCLUSIVE, reason, tried)
        return self._opinion(Outcome.PASSED, self._no_worse(pinned, tried), tried)

    def _is_too_short(self) -> bool:
        """Whether a canary that is worse on every prompt would get through."""
        return not Pairs(len(self.prompts), 0).shows_worse(self.alpha)

    def _no_worse(self, pinned: Pinned, tried: Tried) -> str:
        good = sum(pair.good[0] == len(pair.canary) for pair in tried.pairs)
        return (
            f"version {pinned.canary} answers {good} of {len(tried.pairs)} golden prompts well, "
            f"{tried.counts.worse} worse and {tried.counts.better} better than version "
            f"{pinned.stable} ({self._e(tried)})"
        )

    def _opinion(self, outcome: Outcome, reason: str, tried: Tried) -> Opinion:
        return Opinion(outcome, reason, tried.notes)


def _good(trials: tuple[Trial, ...]) -> int:
    return sum(trial.is_good for trial in trials)
