"""A verdict's one sentence, with its numbers."""

import math

from agentramp.judge.exceedance import QUANTILES, Exceedance
from agentramp.judge.guards import SPLIT_THRESHOLD, WORSE_TOO, SampleRatio
from agentramp.judge.mean_cost import MeanCost
from agentramp.judge.share import capped
from agentramp.judge.verdict import Reading, Rules
from agentramp.judge.window import Tally, Unit

_LARGE = 1e6
_TENS = 10.0
_DIGITS = 4


class Sentences:
    """``stable`` names the stable version; ``unit`` is what is counted."""

    __slots__ = ("_margin", "_suffix", "_unit", "stable")

    def __init__(self, rules: Rules, stable: str) -> None:
        self.stable = stable
        self._unit = rules.unit.value
        self._margin = f"{rules.margin * 100:g} points"
        self._suffix = (
            f"; counted in requests, discounted by {rules.cluster_size:g}"
            if rules.unit is Unit.REQUESTS
            else ""
        )

    def failed(self, canary: Tally, stable: Tally, reading: Reading) -> str:
        return self._back(f"{self._of(canary)} failed against {_of(stable)} on", reading)

    def judged_bad(self, canary: Tally, stable: Tally, reading: Reading) -> str:
        return self._back(f"{self._of(canary)} were judged bad against {_of(stable)} on", reading)

    def slower(self, latency: Exceedance, reading: Reading) -> str:
        return self._back(self._exceeding(latency, "were slower"), reading)

    def dearer(self, cost: Exceedance, reading: Reading) -> str:
        return self._back(self._exceeding(cost, "cost more"), reading)

    def dearer_on_average(self, cost: MeanCost, reading: Reading) -> str:
        canary, stable = cost.means
        one = self._unit.removesuffix("s")
        said = f"a canary {one} cost {canary:.4g} on average against {stable:.4g} on"
        return self._back(said, reading)

    def above_slo(self, canary: Tally, slo: float, e: float, share: float) -> str:
        return (
            f"rolled back: {self._of(canary)} failed, above the SLO of {percent(slo)} "
            f"(E = {number(e)}), and more than on {self.stable} ({reached(share, WORSE_TOO)})"
            f"{self._suffix}"
        )

    def slo_alone(self, canary: Tally, slo: float, e: float) -> str:
        return (
            f"hold: {self._of(canary)} failed, above the SLO of {percent(slo)} "
            f"(E = {number(e)}), but {self.stable} does little better{self._suffix}"
        )

    def off_split(self, ratio: SampleRatio) -> str:
        return (
            f"hold: {ratio.seen:,} of {ratio.sessions:,} {self._unit} went to the canary where "
            f"the weights plan {ratio.expected:,.0f} "
            f"({reached(capped(ratio.log_e), SPLIT_THRESHOLD)})"
            f"{self._suffix}"
        )

    def certified(self, canary: Tally, stable: Tally, e: float, threshold: float) -> str:
        return (
            f"certified: {self._of(canary)} failed; its rate is below {self._limit(stable)} "
            f"({reached(e, threshold)}){self._suffix}"
        )

    def short(self, canary: Tally, needed: int) -> str:
        return (
            f"hold: {self._of(canary)} failed; about {needed:,} more are needed to certify"
            f"{self._suffix}"
        )

    def no_end(self, canary: Tally, stable: Tally) -> str:
        return (
            f"hold: {self._of(canary)} failed; at this rate it is not going to be certified "
            f"below {self._limit(stable)}{self._suffix}"
        )

    def nothing(self) -> str:
        return f"hold: no canary {self._unit} yet{self._suffix}"

    def alone(self, canary: Tally) -> str:
        return (
            f"hold: {self._of(canary)} failed; no {self._unit} on {self.stable} yet to compare "
            f"them with{self._suffix}"
        )

    def _exceeding(self, values: Exceedance, said: str) -> str:
        canary, stable = values.totals[values.foremost]
        point = f"than {QUANTILES[values.foremost] * 100:g} % of {self._unit} had been"
        return f"{self._of(canary)} {said} {point} before, against {_of(stable)} on"

    def _back(self, said: str, reading: Reading) -> str:
        grounds = reached(reading.e, reading.threshold)
        return f"rolled back: {said} {self.stable} ({grounds}){self._suffix}"

    def _limit(self, stable: Tally) -> str:
        return f"{self.stable}'s {percent(stable.bad / stable.sessions)} plus {self._margin}"

    def _of(self, canary: Tally) -> str:
        return f"{canary.bad:,} of {canary.sessions:,} canary {self._unit}"


def _of(tally: Tally) -> str:
    return f"{tally.bad:,} of {tally.sessions:,}"


def percent(rate: float) -> str:
    return f"{rate * 100:.1f} %" if rate >= 0.001 or not rate else f"{rate * 100:.2g} %"  # noqa: PLR2004 - a tenth of a percent


def reached(e: float, threshold: float) -> str:
    """``E = e ≥ threshold`` for one that has reached it, and true of what is printed too.

    The threshold has four digits. E is cut after at least as many decimals, but not to below it:
    an E as near as that is the rounded threshold too.
    """
    if threshold >= _LARGE:
        return f"E = {e:.3e} ≥ {threshold:.3e}"
    rounded = round(threshold, max(0, _DIGITS - len(str(int(threshold)))))
    places = len(f"{rounded:f}".rstrip("0").partition(".")[2])
    if e >= _LARGE:
        return f"E = {number(e)} ≥ {rounded:,.{places}f}"
    finer = max(places, 2 if e < _TENS else 0)
    cut = max(rounded, math.floor(e * 10**finer) / 10**finer)
    return f"E = {cut:,.{finer}f} ≥ {rounded:,.{places}f}"


def number(e: float) -> str:
    """An e-value to read; cut, not rounded."""
    if e >= _LARGE:
        return f"{e:.1e}"
    return f"{int(e):,}" if e >= _TENS else f"{int(e * 100) / 100:.2f}"
