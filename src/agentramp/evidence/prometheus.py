"""Counts from Prometheus: cumulative counters, read at both edges of each window.

A count is the value at the end less the value at the start, each as Prometheus knew it at that
moment. ``increase()`` is not used: it extrapolates to the edges of its range, so it gives fractions
and counts what never happened, and the windows of one ramp would not add up.

A counter says when something was counted, not which session it belongs to. ``counted`` are the
sessions that began in the window and ``bad`` those that *first failed* in it, some of which began
before. While the weights stand still this is the same flow seen a little later, on both arms
alike, and a failure is counted once. After a move it is not: where the canary's weight has grown,
its failures still come from fewer sessions, so it looks better than it is, which keeps the bound
on false rollbacks and delays a true one; where its weight has shrunk it looks worse. A warm-up as
long as a session usually lasts covers both. Where more sessions failed in a window than began in
it, as many count as failed: leaving the window out would leave out the worst ones. Counters of
requests, which count a request and its failure at the same moment, have no such lag. ``settled``
is not read: a later end would let the sessions of the next weight in.

No series is not zero. A version without a series counts 0 only where the other version's series of
the same expression is there, which shows that the expression finds what it should.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.evidence.promql import MOST_POINTS, Prometheus, Series, fill
from agentramp.evidence.series import Grid, Unusable, Values, buckets, grids, growth, whole
from agentramp.judge.window import Arm, Spread, Tally, Unit, Window

COUNTED: Final = (
    'sum(agentramp_sessions_total{runtime="{runtime}",endpoint="{endpoint}",version="{version}"})'
)
BAD: Final = (
    "sum(agentramp_failed_sessions_total"
    '{runtime="{runtime}",endpoint="{endpoint}",version="{version}"})'
)

LATENCY: Final = (
    "sum by (le) (agentramp_first_byte_seconds_bucket"
    '{runtime="{runtime}",endpoint="{endpoint}",version="{version}"})'
    " or sum(agentramp_first_byte_seconds_sum"
    '{runtime="{runtime}",endpoint="{endpoint}",version="{version}"})'
)
"""Its values are requests', not sessions'. A series without ``le`` is the sum of all values."""

MOST_GRIDS: Final = 24
"""How many groups of spans are asked for at once; each takes two queries for an expression."""
_SUM: Final = None
_Family: TypeAlias = Mapping[float | None, Values]
"""The series of one expression and version by upper edge; None is a counter, or the sum."""


@dataclass(frozen=True)
class PrometheusEvidence:
    """``counted`` and ``bad`` are cumulative counters, ``latency`` and ``cost`` histograms.

    In each, ``{runtime}``, ``{endpoint}`` and ``{version}`` are filled in, and one series for each
    version comes out (for histograms: one for each ``le``, and one without it where the sum of the
    values is known). ``settled`` of a span has to be later than its end by at least the time
    between two scrapes.
    """

    prometheus: Prometheus
    counted: str = COUNTED
    bad: str = BAD
    latency: str | None = field(default=None, kw_only=True)
    cost: str | None = field(default=None, kw_only=True)
    unit: Unit = field(default=Unit.SESSIONS, kw_only=True)

    def read(self, question: Question) -> tuple[Answer, ...]:
        found: dict[Span, Answer] = {}
        for grid in grids(question.spans, MOST_POINTS)[:MOST_GRIDS]:
            canary, stable = (
                _Side(version, dict(self._families(question, version, grid)))
                for version in (question.canary, question.stable)
            )
            for span in grid.spans:
                found[span] = self._answer(span, canary, stable, grid.times(span))
        return tuple(found.get(span) or _too_many(span) for span in question.spans)

    def _answer(self, span: Span, canary: "_Side", stable: "_Side", times: range) -> Answer:
        lags = self.unit is Unit.SESSIONS
        try:
            return Window(
                span.start,
                span.end,
                _Reading(canary, stable, times, lags=lags).arm(),
                _Reading(stable, canary, times, lags=lags).arm(),
                span.weight,
            )
        except Unusable as unusable:
            return Missing(span, unusable.reason, final=unusable.final)

    def _families(
        self, question: Question, version: int, grid: Grid
    ) -> Iterator[tuple[str, _Family]]:
        asked = {
            "counted": self.counted,
            "bad": self.bad,
            "latency": self.latency,
            "cost": self.cost,
        }
        for name, template in asked.items():
            if template is not None:
                query = fill(
                    template,
                    runtime=question.runtime,
                    endpoint=question.endpoint,
                    version=version,
                )
                series = self.prometheus.range(query, grid.start, grid.end, grid.step)
                yield name, _family(name, series)


def _too_many(span: Span) -> Missing:
    return Missing(span, "too many windows at once; it is asked for next time", final=False)


def _family(name: str, series: tuple[Series, ...]) -> _Family:
    is_histogram = name in {"latency", "cost"}
    family = {_edge(name, one) if is_histogram else _SUM: one.values for one in series}
    if len(family) < len(series):
        wrapped = "sum by (le) (...)" if is_histogram else "sum(...)"
        raise EvidenceError(
            f"the expression for {name} has {len(series)} series for one version",
            advice=f"wrap it in {wrapped}",
        )
    return family


def _edge(name: str, series: Series) -> float | None:
    label = series.labels.get("le")
    try:
        return _SUM if label is None else float(label)
    except ValueError as error:
        raise EvidenceError(
            f"the expression for {name} has a label le that is not a number: {label}",
            advice="le is the upper edge of a histogram's bucket",
        ) from error


@dataclass(frozen=True)
class _Side:
    version: int
    families: Mapping[str, _Family]


@dataclass(frozen=True)
class _Reading:
    """One version in one window, beside the other; all raise Unusable.

    ``lags``: a failure may be of a session that began before the window.
    """

    own: _Side
    other: _Side
    times: range
    lags: bool

    def arm(self) -> Arm:
        counted = whole(self._growth("counted", _SUM))
        bad = whole(self._growth("bad", _SUM))
        if bad > counted and not self.lags:
            raise Unusable(
                f"version {self.own.version}: {bad} went bad and only {counted} were counted; "
                "usual cause: counted and bad do not count the same requests"
            )
        counted = max(counted, bad)
        return Arm(Tally(counted, bad), self._spread("latency"), self._spread("cost"))

    def _spread(self, name: str) -> Spread | None:
        if name not in self.own.families:
            return None
        edges = {*self.own.families[name], *self.other.families[name]}
        if not edges:
            raise Unusable(f"{name}: {_NO_SERIES}")
        total = self._growth(name, _SUM) if _SUM in edges else 0.0
        grown = {edge: self._growth(name, edge) for edge in edges if edge is not None}
        try:
            return Spread(*buckets(grown), total)
        except Unusable as unusable:
            raise self._told(name, unusable) from unusable

    def _growth(self, name: str, edge: float | None) -> float:
        own, other = self.own.families[name], self.other.families[name]
        try:
            return growth(own.get(edge), other.get(edge), self.times)
        except Unusable as unusable:
            if name == "bad" and not own and not other:
                raise Unusable(f"{name}: {_NO_SERIES}{_ONLY_FAILURES}") from unusable
            raise self._told(name, unusable) from unusable

    def _told(self, name: str, unusable: Unusable) -> Unusable:
        reason = f"{name} of version {self.own.version}: {unusable.reason}"
        return Unusable(reason, final=unusable.final)


_NO_SERIES: Final = "no version has a series of it"
_ONLY_FAILURES: Final = (
    "; where that means that nothing went bad yet, write: (<bad>) or 0 * (<counted>)"
)
