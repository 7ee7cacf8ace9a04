"""A journal taken apart into its ramps, each with what there is to draw of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from agentramp.judge.window import Tally, Window
from agentramp.model import FULL
from agentramp.ramp import Ended, Ending, Ramp, Standing, standings
from agentramp.record import Begun, Judged, Record
from agentramp.report.records import Told, told


@dataclass(frozen=True)
class Trial:
    """One ramp from its begin to its end, or to now.

    ``weights`` is the canary's percent from each time on. ``ended`` is None while it is in
    progress, and where another ramp took its place without a word.
    """

    ramp: Ramp
    records: tuple[Told, ...]
    weights: tuple[tuple[float, int], ...]
    ended: Ended | None
    is_current: bool

    @property
    def judged(self) -> tuple[tuple[float, Judged], ...]:
        return tuple((r.at, r.event) for r in self.records if isinstance(r.event, Judged))

    @property
    def until(self) -> float:
        ends = [record.at for record in self.records]
        return max([*ends, *(window.end for window in self.ramp.windows)])


@dataclass(frozen=True)
class Past:
    """``others`` are the records that belong to no ramp."""

    now: Standing
    trials: tuple[Trial, ...]
    others: tuple[Told, ...]


@dataclass
class _Open:
    ramp: Ramp
    records: list[Told]
    weights: list[tuple[float, int]]
    ended: Ended | None = None


def past(records: Sequence[Record]) -> Past:
    """Ramps stand oldest first, as their records do."""
    trials: list[_Open] = []
    others: list[Told] = []
    before = now = Standing()
    for said, now in zip(told(records), standings(records), strict=True):
        if isinstance(said.event, Begun) and now.ramp:
            trials.append(_Open(now.ramp, [said], [(said.at, 0)]))
        elif before.ramp and trials:
            _add(trials[-1], said, now)
        else:
            others.append(said)
        before = now
    return Past(now, tuple(_closed(trial, now) for trial in trials), tuple(others))


def _add(trial: _Open, said: Told, now: Standing) -> None:
    trial.records.append(said)
    if now.ramp:
        trial.ramp, weight = now.ramp, now.ramp.weight
    else:
        trial.ended = now.ended
        weight = now.settled.share(trial.ramp.canary) if now.settled else 0
    if weight != trial.weights[-1][1]:
        trial.weights.append((said.at, weight))


def _closed(trial: _Open, now: Standing) -> Trial:
    current = now.ramp is not None and trial.ended is None and trial.ramp is now.ramp
    return Trial(
        trial.ramp, tuple(trial.records), tuple(trial.weights), trial.ended, is_current=current
    )


def totals(windows: Sequence[Window]) -> tuple[Tally, Tally]:
    """Canary and stable."""
    canary = sum((window.canary.errors for window in windows), Tally())
    return canary, sum((window.stable.errors for window in windows), Tally())


def state(trial: Trial) -> tuple[str, str]:
    """A mark and words for how a ramp stands."""
    if trial.ended:
        marks = {Ending.PROMOTED: "✓", Ending.ROLLED_BACK: "✕", Ending.REPLACED: "→"}
        return marks[trial.ended.ending], trial.ended.ending.value
    if not trial.is_current:
        return "→", "another ramp began"
    if trial.ramp.paused:
        return "‖", f"paused at {trial.ramp.weight} %"
    return "●", f"in progress, {trial.ramp.weight} of {FULL} %"
