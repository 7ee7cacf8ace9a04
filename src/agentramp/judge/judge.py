"""The judge: closed windows in, a verdict after each of them out."""

import math
from collections.abc import Iterable

from agentramp.judge.certification import Certification
from agentramp.judge.guards import WORSE_TOO, SampleRatio, SloBreach
from agentramp.judge.metrics import Errors, Process, process
from agentramp.judge.sentences import Sentences
from agentramp.judge.share import capped
from agentramp.judge.verdict import Decision, Reading, Rules, Verdict
from agentramp.judge.window import Metric, Unit, Window

STABLE = "the stable version"


class Judge:
    """Rolls back when ``E_k >= 1 / (budget_k * alpha)`` for any metric k, and that is final.

    The budgets sum to 1, so a canary that is no worse in any metric is rolled back with
    probability at most alpha, over all windows and metrics together (e-Bonferroni: Vovk and Wang
    2021; Ville 1939 for the windows). The one exception is told in ``guards.SloBreach``. Windows
    have to be disjoint; their order does not matter to the bound, as long as it is not chosen
    by what is in them.

    Many judges of the same rules may share their ``words``.
    """

    __slots__ = (
        "_certification",
        "_errors",
        "_metrics",
        "_only_counted",
        "_ratio",
        "_rules",
        "_slo",
        "_words",
        "verdict",
    )

    def __init__(
        self, rules: Rules, *, stable_name: str = STABLE, words: Sentences | None = None
    ) -> None:
        check(rules)
        cluster = rules.cluster_size if rules.unit is Unit.REQUESTS else 1.0
        self._rules = rules
        self._words = words or Sentences(rules, stable_name)
        self._errors = Errors(cluster)
        self._metrics: list[tuple[Metric, float, Process]] = [
            (
                metric,
                1 / (share * rules.alpha),
                self._errors if metric is Metric.ERRORS else process(metric, cluster),
            )
            for metric, share in rules.budgets
            if share > 0
        ]
        self._only_counted = all(metric is not Metric.ERRORS for metric, _, _ in self._metrics)
        self._certification = Certification(rules.margin, rules.certify_alpha, cluster)
        self._ratio = SampleRatio(cluster)
        self._slo = None if rules.slo is None else SloBreach(rules.slo, rules.alpha, cluster)
        self.verdict = self._weighed()

    def observe(self, window: Window) -> Verdict:
        """Count one closed window, once, and say what follows from all so far."""
        if self.verdict.decision is Decision.ROLLBACK:
            return self.verdict
        canary, stable = window.canary.errors, window.stable.errors
        if self._only_counted:
            self._errors.add(window)
        for _, _, metric in self._metrics:
            metric.add(window)
        self._certification.add(canary, stable)
        self._ratio.add(window.weight, canary.sessions, stable.sessions)
        if self._slo:
            self._slo.add(canary)
        self.verdict = self._weighed()
        return self.verdict

    def _weighed(self) -> Verdict:
        readings = tuple(
            [Reading(metric, values.e, limit) for metric, limit, values in self._metrics]
        )
        nearest = max(readings, key=_nearness) if len(readings) > 1 else readings[0]
        certified = self._certification.certified
        decision, reason, needed = self._decided(readings, nearest, certified=certified)
        return Verdict(
            decision=decision,
            reason=reason,
            e=nearest.e,
            threshold=nearest.threshold,
            canary=self._errors.canary,
            stable=self._errors.stable,
            needed=needed,
            readings=readings,
            certified=certified,
        )

    def _decided(
        self, readings: tuple[Reading, ...], nearest: Reading, *, certified: bool
    ) -> tuple[Decision, str, int | None]:
        words, canary = self._words, self._errors.canary
        if nearest.e >= nearest.threshold:
            values = self._metrics[readings.index(nearest)][2]
            return Decision.ROLLBACK, values.sentence(words, nearest), None
        if self._slo and self._slo.breached:
            return self._broken(self._slo)
        if self._ratio.objects:
            return Decision.HOLD, words.off_split(self._ratio), None
        if certified:
            log_e, aim = self._certification.log_e, 1 / self._rules.certify_alpha
            said = words.certified(canary, self._errors.stable, capped(log_e), aim)
            return Decision.ADVANCE, said, None
        return self._short()

    def _broken(self, breach: SloBreach) -> tuple[Decision, str, None]:
        canary, slo, e = self._errors.canary, self._rules.slo or 0.0, capped(breach.log_e)
        if self._errors.e >= WORSE_TOO:
            said = self._words.above_slo(canary, slo, e, self._errors.e)
            return Decision.ROLLBACK, said, None
        return Decision.HOLD, self._words.slo_alone(canary, slo, e), None

    def _short(self) -> tuple[Decision, str, int | None]:
        canary, stable = self._errors.canary, self._errors.stable
        needed = self._certification.needed(canary, stable)
        if not canary.sessions:
            return Decision.HOLD, self._words.nothing(), needed
        if not stable.sessions:
            return Decision.HOLD, self._words.alone(canary), None
        if needed is None:
            return Decision.HOLD, self._words.no_end(canary, stable), None
        return Decision.HOLD, self._words.short(canary, needed), needed


def judge(windows: Iterable[Window], rules: Rules, stable_name: str = STABLE) -> Verdict:
    """The verdict after all of ``windows``: the same, whoever asks and however often."""
    one = Judge(rules, stable_name=stable_name)
    for window in windows:
        one.observe(window)
    return one.verdict


def _nearness(reading: Reading) -> float:
    return reading.e / reading.threshold


def check(rules: Rules) -> None:
    """Raises ValueError for rules that would promise nothing."""
    for name, value in (("alpha", rules.alpha), ("certify_alpha", rules.certify_alpha)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}, not between 0 and 1")
    if not 0 <= rules.margin < 1:
        raise ValueError(f"margin is {rules.margin}, not a rate from 0 to 1")
    if not (math.isfinite(rules.cluster_size) and rules.cluster_size >= 1):
        raise ValueError(f"cluster_size is {rules.cluster_size}, not at least 1")
    shares = [share for _, share in rules.budgets]
    if min(shares, default=-1.0) < 0 or not 0 < sum(shares) <= 1 + 1e-9:
        raise ValueError(f"budgets are {shares}: not shares of at most 1 in all")
    if rules.slo is not None and not 0 < rules.slo < 1:
        raise ValueError(f"slo is {rules.slo}, not a rate between 0 and 1")
    if len({metric for metric, _ in rules.budgets}) < len(shares):
        raise ValueError("a metric has two budgets")
