"""Sums over all requests of one version at one endpoint, and their Prometheus text."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from agentramp.local.records import Label

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper edges of the histograms, in seconds."""


class Place(NamedTuple):
    runtime: str
    endpoint: str
    version: Label


@dataclass
class Histogram:
    """``counts`` are per bucket, not cumulative; the last is above every bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


@dataclass
class Totals:
    sessions: int = 0
    failed_sessions: int = 0
    requests: int = 0
    failures: int = 0
    first_byte: Histogram = field(default_factory=Histogram)
    duration: Histogram = field(default_factory=Histogram)

    def to_text(self) -> str:
        return json.dumps(
            [
                [self.sessions, self.failed_sessions, self.requests, self.failures],
                [self.first_byte.total, *self.first_byte.counts],
                [self.duration.total, *self.duration.counts],
            ]
        )

    @classmethod
    def from_text(cls, text: str) -> "Totals":
        (sessions, failed_sessions, requests, failures), *histograms = json.loads(text)
        first_byte, duration = (Histogram(counts, total) for total, *counts in histograms)
        return cls(sessions, failed_sessions, requests, failures, first_byte, duration)


_COUNTERS = {
    "sessions": "Sessions that were given to the version.",
    "failed_sessions": "Sessions with at least one failed request.",
    "requests": "Requests that were answered or cut.",
    "failures": "Requests answered with 5xx or cut before their end.",
}
_HISTOGRAMS = {
    "first_byte": "Seconds until the first byte of the answer's body.",
    "duration": "Seconds until the last byte of the answer.",
}


def render(totals: Mapping[Place, Totals]) -> str:
    """All totals in Prometheus' text format."""
    return "\n".join([*_counter_lines(totals), *_histogram_lines(totals), ""])


def _counter_lines(totals: Mapping[Place, Totals]) -> Iterator[str]:
    for name, meaning in _COUNTERS.items():
        metric = f"agentramp_{name}_total"
        yield f"# HELP {metric} {meaning}"
        yield f"# TYPE {metric} counter"
        for place, sums in totals.items():
            yield f"{metric}{{{_labels(place)}}} {getattr(sums, name)}"


def _histogram_lines(totals: Mapping[Place, Totals]) -> Iterator[str]:
    for name, meaning in _HISTOGRAMS.items():
        metric = f"agentramp_{name}_seconds"
        yield f"# HELP {metric} {meaning}"
        yield f"# TYPE {metric} histogram"
        for place, sums in totals.items():
            yield from _buckets(metric, _labels(place), getattr(sums, name))


def _buckets(metric: str, labels: str, histogram: Histogram) -> Iterator[str]:
    below = 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), histogram.counts, strict=True):
        below += count
        yield f'{metric}_bucket{{{labels},le="{bound}"}} {below}'
    yield f"{metric}_sum{{{labels}}} {histogram.total:.6f}"
    yield f"{metric}_count{{{labels}}} {below}"


def _labels(place: Place) -> str:
    # Names hold letters, digits, - and _ only: nothing to escape.
    runtime, endpoint, version = place
    return f'runtime="{runtime}",endpoint="{endpoint}",version="{version}"'
