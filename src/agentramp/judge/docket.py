"""Many ramps judged at once, from lines of JSON in any order."""

import json
import math
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from agentramp.judge.arms import MOST, PARTS, parse_arm
from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Decision, Rules, Verdict
from agentramp.judge.window import Arm, Tally, Window

Name: TypeAlias = str | int | float
_FULL = 100
_PLAIN = {"sessions", "bad"}


class NotAWindowError(ValueError):
    """A line that does not say which ramp and window it is about."""


class Entry(NamedTuple):
    """One line: ``window`` of ``ramp``. ``counted`` is None where ``fault`` says what is wrong."""

    ramp: Name
    window: Name
    counted: Window | None
    fault: str = ""


class Said(NamedTuple):
    """What is answered to one line."""

    ramp: Name
    window: Name
    decision: Decision
    e: float
    canary_sessions: int
    reason: str


@dataclass
class _Case:
    judge: Judge
    seen: dict[Name, int] = field(default_factory=dict)


class Docket:
    """One judge for each ramp. A window counts once, and only if its counts make sense.

    Windows of one ramp are disjoint, so one that comes late or out of order is as good as any: the
    factors' product does not ask for their order, and each has mean at most 1 given all that came
    before it, as long as what is late was not decided by what is in it.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._cases: dict[Name, _Case] = {}

    def hear(self, entry: Entry) -> Said:
        case = self._cases.get(entry.ramp)
        if case is None:
            case = self._cases[entry.ramp] = _Case(Judge(self._rules))
        if entry.counted is None:
            said = f"window {entry.window} does not count: {entry.fault}"
            return _said(entry, case.judge.verdict, said, doubted=True)
        told, before = hash(entry.counted), case.seen.get(entry.window)
        if before is None:
            case.seen[entry.window] = told
            verdict = case.judge.observe(entry.counted)
            if entry.counted.canary.sessions or verdict.decision is not Decision.ADVANCE:
                return _said(entry, verdict)
            # What was certified before says nothing of a canary that nobody reaches any more.
            said = f"no canary sessions in window {entry.window}; before it, {verdict.reason}"
            return _said(entry, verdict, said, doubted=True)
        if before == told:
            said = f"window {entry.window} was counted before, and counts once"
            return _said(entry, case.judge.verdict, said)
        said = f"window {entry.window} was counted before, with other counts; these do not count"
        return _said(entry, case.judge.verdict, said, doubted=True)


def _said(entry: Entry, verdict: Verdict, note: str = "", *, doubted: bool = False) -> Said:
    """A line in doubt advances nothing; a rollback stands."""
    decision, reason = verdict.decision, verdict.reason
    if doubted and decision is not Decision.ROLLBACK:
        decision, reason = Decision.HOLD, f"hold: {note}"
    elif note:
        reason = f"{reason}; {note}"
    return Said(entry.ramp, entry.window, decision, verdict.e, verdict.canary.sessions, reason)


def parse_entry(text: str) -> Entry:
    """Read ``{"ramp": "a", "window": 0, "canary": {...}, "stable": {...}}``, weight if known.

    Raises NotAWindowError where the line does not name a ramp and a window.
    """
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAWindowError("not JSON") from error
    if not isinstance(line, dict):
        raise NotAWindowError("not a JSON object")
    ramp, window = _name(line, "ramp"), _name(line, "window")
    try:
        weight = _weight(line.get("weight"))
        canary, stable = _arm(line, "canary"), _arm(line, "stable")
    except ValueError as error:
        return Entry(ramp, window, None, str(error))
    return Entry(ramp, window, Window(0.0, 0.0, canary, stable, weight))


def _arm(line: dict[str, object], name: str) -> Arm:
    value = line.get(name)
    # Most arms are no more than two whole numbers, and there may be many of them.
    if isinstance(value, dict) and value.keys() == _PLAIN:
        sessions, bad = value["sessions"], value["bad"]
        if type(sessions) is type(bad) is int and 0 <= bad <= sessions <= MOST:
            return Arm(Tally(sessions, bad))
    if name not in line:
        raise ValueError(f"{name} is missing")
    if isinstance(value, dict):  # a history kept for other ends may say more than is judged
        value = {key: part for key, part in value.items() if key in PARTS}
    try:
        return parse_arm(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _name(line: dict[str, object], key: str) -> Name:
    """True and 1 are equal to Python, NaN is not even itself: neither names anything."""
    value = line.get(key)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise NotAWindowError(f"no {key} that is a text or a number")


def _weight(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _FULL:
        raise ValueError(f"weight: {str(value)[:40]} is not a whole percent")
    return value
