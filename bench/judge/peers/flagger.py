"""Flagger's scheduler."""

import math
from collections.abc import Callable, Sequence

from agentramp.judge.verdict import Decision
from bench.judge.counts import Counts
from bench.judge.peers.values import success_rate


class Flagger:
    """Rolls back once ``threshold`` checks failed, ever; and on the tick after that one.

    Source: fluxcd/flagger at 15bd6ad5, ``pkg/controller/scheduler*.go``: a value below
    ``thresholdRange.min`` is a failed check, and so is no value at all; ``failedChecks`` is reset
    by a new revision only; ``failedChecks >= threshold`` (1 by default, 5 in the documentation) is
    looked at before the metrics are, so that the rollback comes a tick late. A failed check halts
    the weight.
    """

    def __init__(
        self,
        least: float,
        threshold: int = 1,
        value: Callable[[Sequence[Counts]], float] = success_rate,
    ) -> None:
        self._least = least
        self._threshold = threshold
        self._value = value
        self._failed = 0

    def observe(self, counts: Counts) -> Decision:
        if self._failed >= self._threshold:
            return Decision.ROLLBACK
        if self._passes(counts):
            return Decision.ADVANCE
        self._failed += 1
        return Decision.HOLD

    def _passes(self, counts: Counts) -> bool:
        value = self._value((counts,))
        return not math.isnan(value) and value >= self._least
