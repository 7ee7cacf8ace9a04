"""What each metric has to say: an e-value that the windows add to, and the sentence for it."""

from typing import Protocol

from typing_extensions import assert_never

from agentramp.judge.exceedance import Exceedance
from agentramp.judge.mean_cost import MeanCost
from agentramp.judge.sentences import Sentences
from agentramp.judge.share import Share, capped
from agentramp.judge.verdict import Reading
from agentramp.judge.window import Metric, Tally, Window


class Process(Protocol):
    """An e-process: never negative, of mean at most 1 at any time if the arms do not differ."""

    @property
    def e(self) -> float: ...
    def add(self, window: Window) -> None: ...
    def sentence(self, words: Sentences, reading: Reading) -> str: ...


class Errors:
    __slots__ = ("_share", "canary", "stable")

    def __init__(self, cluster: float) -> None:
        self._share = Share(cluster)
        self.canary = self.stable = Tally()

    @property
    def e(self) -> float:
        return capped(self._share.log_e)

    def add(self, window: Window) -> None:
        canary, stable = window.canary.errors, window.stable.errors
        self.canary += canary
        self.stable += stable
        self._share.add(canary, stable)

    def sentence(self, words: Sentences, reading: Reading) -> str:
        return words.failed(self.canary, self.stable, reading)


class Quality:
    """E-share on sessions that were judged, of which there may be fewer."""

    __slots__ = ("_canary", "_share", "_stable")

    def __init__(self, cluster: float) -> None:
        self._share = Share(cluster)
        self._canary = self._stable = Tally()

    @property
    def e(self) -> float:
        return capped(self._share.log_e)

    def add(self, window: Window) -> None:
        canary, stable = window.canary.quality, window.stable.quality
        if canary is None or stable is None:
            return
        self._canary += canary
        self._stable += stable
        self._share.add(canary, stable)

    def sentence(self, words: Sentences, reading: Reading) -> str:
        return words.judged_bad(self._canary, self._stable, reading)


class Latency:
    __slots__ = ("_values",)

    def __init__(self, cluster: float) -> None:
        self._values = Exceedance(cluster)

    @property
    def e(self) -> float:
        return self._values.e

    def add(self, window: Window) -> None:
        if window.canary.latency is not None and window.stable.latency is not None:
            self._values.add(window.canary.latency, window.stable.latency)

    def sentence(self, words: Sentences, reading: Reading) -> str:
        return words.slower(self._values, reading)


class Cost:
    """Half the budget looks for shifts and runaway loops, half at the mean, which is the money."""

    __slots__ = ("_mean", "_values")

    def __init__(self, cluster: float) -> None:
        self._values = Exceedance(cluster)
        self._mean = MeanCost(cluster)

    @property
    def e(self) -> float:
        return self._values.e / 2 + capped(self._mean.log_e) / 2

    def add(self, window: Window) -> None:
        if window.canary.cost is not None and window.stable.cost is not None:
            self._values.add(window.canary.cost, window.stable.cost)
            self._mean.add(window.canary.cost, window.stable.cost)

    def sentence(self, words: Sentences, reading: Reading) -> str:
        if self._values.e >= capped(self._mean.log_e):
            return words.dearer(self._values, reading)
        return words.dearer_on_average(self._mean, reading)


def process(metric: Metric, cluster: float) -> Process:
    match metric:
        case Metric.ERRORS:
            return Errors(cluster)
        case Metric.LATENCY:
            return Latency(cluster)
        case Metric.COST:
            return Cost(cluster)
        case Metric.QUALITY:
            return Quality(cluster)
        case _:
            assert_never(metric)
