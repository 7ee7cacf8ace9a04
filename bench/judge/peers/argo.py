"""Argo Rollouts' AnalysisRun."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from agentramp.judge.verdict import Decision
from bench.judge.counts import Counts
from bench.judge.peers.values import success_rate


class Measured(Enum):
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"


@dataclass(frozen=True)
class ArgoMetric:
    """``count`` and the limits as in an AnalysisTemplate; the conditions are on the query's
    value, the success rate if nothing else is said: higher is better.

    ``failure_below`` None means that only a successCondition is given. ``every`` windows there is
    a measurement, over that many windows. ``empty`` says that a query without traffic gives an
    empty vector, on which ``result[0]`` is an error, rather than 0/0 = NaN.
    """

    success_at_least: float
    failure_below: float | None = None
    failure_limit: int = 0
    inconclusive_limit: int = 0
    consecutive_error_limit: int = 4
    every: int = 5
    empty: bool = False


class Argo:
    """Rolls back when more measurements failed than the limit, ever; they are never forgotten.

    Source: argoproj/argo-rollouts at 9f8d111d8, ``analysis/analysis.go``
    (``assessMetricFailureInconclusiveOrError``: ``failed > failureLimit``, limit 0 by default,
    ``consecutiveError > consecutiveErrorLimit``, 4 by default) and ``utils/evaluate/evaluate.go``
    (both or neither condition true is Inconclusive; NaN is not a success). The documentation says
    of a failureLimit of 3 that three failures end the run; it takes four.
    """

    def __init__(
        self, metric: ArgoMetric, value: Callable[[Sequence[Counts]], float] = success_rate
    ) -> None:
        self._metric = metric
        self._value = value
        self._recent: deque[Counts] = deque(maxlen=metric.every)
        self._looked = 0
        self._failed = 0
        self._inconclusive = 0
        self._errors_in_a_row = 0

    def observe(self, counts: Counts) -> Decision:
        self._recent.append(counts)
        self._looked += 1
        if self._looked % self._metric.every == 0:
            self._take(self._measure())
        return self._decision()

    def _measure(self) -> Measured:
        value = self._value(self._recent)
        if math.isnan(value) and self._metric.empty:
            return Measured.ERROR
        succeeded = value >= self._metric.success_at_least
        if self._metric.failure_below is None:
            return Measured.SUCCESSFUL if succeeded else Measured.FAILED
        failed = value < self._metric.failure_below
        if succeeded == failed:
            return Measured.INCONCLUSIVE
        return Measured.SUCCESSFUL if succeeded else Measured.FAILED

    def _take(self, measured: Measured) -> None:
        self._failed += measured is Measured.FAILED
        self._inconclusive += measured is Measured.INCONCLUSIVE
        in_error = measured is Measured.ERROR
        self._errors_in_a_row = self._errors_in_a_row + 1 if in_error else 0

    def _decision(self) -> Decision:
        if self._failed > self._metric.failure_limit:
            return Decision.ROLLBACK
        if self._errors_in_a_row > self._metric.consecutive_error_limit:
            return Decision.ROLLBACK
        if self._inconclusive > self._metric.inconclusive_limit:
            return Decision.HOLD
        return Decision.ADVANCE
