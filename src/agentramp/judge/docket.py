"""Many ramps judged at once, from lines of JSON in any order."""

from dataclasses import dataclass, field
from typing import NamedTuple

from agentramp.judge.entry import Entry, Name
from agentramp.judge.judge import STABLE, Judge
from agentramp.judge.sentences import Sentences
from agentramp.judge.verdict import Decision, Rules, Verdict
from agentramp.judge.window import Window


class Said(NamedTuple):
    """What is answered to one line."""

    ramp: Name
    window: Name
    decision: Decision
    e: float
    canary_sessions: int
    reason: str


@dataclass(slots=True)
class _Case:
    """``emptied`` names the arm that had nothing in the window counted last, and that window."""

    judge: Judge
    seen: dict[Name, int] = field(default_factory=dict)
    emptied: str = ""


class Docket:
    """One judge for each ramp. A window counts once, and only if its counts make sense.

    Windows of one ramp are disjoint, so one that comes late or out of order is as good as any: the
    factors' product does not ask for their order, and each has mean at most 1 given all that came
    before it, as long as what is late was not decided by what is in it.

    What was certified before says nothing of an arm that nobody reaches any more: after a window
    without sessions on one arm nothing advances until one with both has counted.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._words = Sentences(rules, STABLE)
        self._cases: dict[Name, _Case] = {}

    def hear(self, entry: Entry) -> Said:
        case = self._cases.get(entry.ramp)
        if case is None:
            case = self._cases[entry.ramp] = _Case(Judge(self._rules, words=self._words))
        window = entry.counted
        if window is None:
            said = f"window {entry.window} does not count: {entry.fault}"
            return _said(entry, case.judge.verdict, said, doubted=True)
        told, before = hash((window.canary, window.stable)), case.seen.get(entry.window)
        if before is None:
            case.seen[entry.window] = told
            case.emptied = self._emptied(entry, window)
            return _standing(entry, case, case.judge.observe(window))
        if before == told:
            said = f"window {entry.window} was counted before, and counts once"
            return _standing(entry, case, case.judge.verdict, said)
        said = f"window {entry.window} was counted before, with other counts; these do not count"
        return _said(entry, case.judge.verdict, said, doubted=True)

    def _emptied(self, entry: Entry, window: Window) -> str:
        if window.canary.sessions and window.stable.sessions:
            return ""
        arm = "canary" if not window.canary.sessions else "stable"
        return f"no {arm} {self._rules.unit.value} in window {entry.window}"


def _standing(entry: Entry, case: _Case, verdict: Verdict, note: str = "") -> Said:
    """The verdict so far, but for an advance where an arm has run dry; a hold then says so too."""
    dry = case.emptied
    if dry and verdict.decision is Decision.ADVANCE:
        said = f"{dry}; so far, {verdict.reason}"
        return _said(entry, verdict, f"{said}; {note}" if note else said, doubted=True)
    if dry and verdict.decision is Decision.HOLD and _met(verdict):
        note = f"{dry}; {note}" if note else dry
    return _said(entry, verdict, note)


def _met(verdict: Verdict) -> bool:
    """Whether both arms had sessions; if not, the verdict's own sentence says which had none."""
    return bool(verdict.canary.sessions and verdict.stable.sessions)


def _said(entry: Entry, verdict: Verdict, note: str = "", *, doubted: bool = False) -> Said:
    """A line in doubt advances nothing; a rollback stands."""
    decision, reason = verdict.decision, verdict.reason
    if doubted and decision is not Decision.ROLLBACK:
        decision, reason = Decision.HOLD, f"hold: {note}"
    elif note:
        reason = f"{reason}; {note}"
    return Said(entry.ramp, entry.window, decision, verdict.e, verdict.canary.sessions, reason)
