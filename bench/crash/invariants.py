"""What must be true of what truly happened, whoever died, stalled or was lied to."""

from collections import Counter
from dataclasses import dataclass, field

from agentramp.judge.judge import judge
from agentramp.judge.verdict import Decision
from agentramp.model import FULL, Split
from agentramp.policy import OnTimeout
from agentramp.ramp import Intent, Ramp, Standing, standings
from agentramp.record import Adopted, Begun, Judged, Moved, Moving, Record, Undone
from bench.crash.truth import PERSON, Effect, Truth, wire_sum

WEIGHTS = "weights sum to 100"
ONE_CANARY = "never two canaries"
EVIDENCE = "never an advance without evidence"
BACK = "a rollback asked for ends with stable at 100"
ONCE = "every action journaled once"
REST = "at rest the platform serves the journal's split"
SUCCESS = "never success with another state"
BUG = "no bug of ours"
ALL = (WEIGHTS, ONE_CANARY, EVIDENCE, BACK, ONCE, REST, SUCCESS, BUG)
DATE = 1.0
"""The platform's time is known to the second: its answers' dates are cut to it."""
_ASKED = frozenset({"rollback", "abort"})


@dataclass
class Checked:
    broken: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def check(truth: Truth, first: int) -> Checked:
    """``first`` is how many records there were before the schedule began."""
    return _Check(truth, first).whole()


class _Check:
    def __init__(self, truth: Truth, first: int) -> None:
        self._truth, self._first = truth, first
        self._records = truth.records
        self._stood = (Standing(), *standings(self._records))
        self._found = Checked()
        self._mixed: list[str] = []
        self._hands = [e for e in truth.effects if e.by == PERSON and e.records >= first]

    def whole(self) -> Checked:
        for effect in self._truth.effects:
            self._split(effect)
        for index in range(self._first, len(self._records)):
            self._record(index)
        self._windows()
        for effect in self._truth.effects:
            if effect.records >= self._first and effect.by not in {PERSON, "before"}:
                self._write(effect)
        self._mixed_windows()
        self._at_rest()
        return self._found

    def _break(self, invariant: str, words: str) -> None:
        self._found.broken.append((invariant, words))

    def _split(self, effect: Effect) -> None:
        if wire_sum(effect.after) != FULL:
            self._break(WEIGHTS, f"{effect.by} set {effect.after}")
        if len(effect.after.canaries) > 1:
            self._break(ONE_CANARY, f"{effect.by} set {effect.after}")

    def _record(self, index: int) -> None:
        record, before = self._records[index], self._stood[index]
        match record.event:
            case Moving():
                self._found.counts["moves"] += 1
                self._moving(index, record, record.event)
            case Moved() | Undone():
                if before.open is None or not _is_end(record.event, before.open):
                    self._break(ONCE, f"record {index}: {record.event} ends {before.open}")
            case Judged():
                self._verdict(index, record.event)
            case Begun(ramp=ramp):
                if before.ramp is not None and before.ramp.weight:
                    self._break(ONE_CANARY, f"record {index}: {ramp} begins in another ramp")
            case _:
                pass

    def _verdict(self, index: int, judged: Judged) -> None:
        ramp = self._stood[index].ramp
        if ramp is None or ramp.id != judged.ramp:
            self._break(ONCE, f"record {index}: judged {judged.ramp}, which is not in progress")
        elif judged.decision is Decision.ROLLBACK:
            self._found.counts["rollback verdicts"] += 1
            self._ends(index, Split(ramp.stable))

    def _moving(self, index: int, record: Record, move: Moving) -> None:
        self._found.counts[f"moves: {record.verb}"] += 1
        if record.verb in _ASKED:
            self._found.counts["rollbacks and aborts asked for"] += 1
            self._ends(index, move.after)
            if move.after.canaries:
                self._break(BACK, f"record {index}: {record.verb} to {move.after}")
            return
        before = self._stood[index]
        why = self._permitted(index, before, move)
        if why:
            self._break(EVIDENCE, f"record {index}: {record.verb} to {move.after}: {why}")

    def _permitted(self, index: int, before: Standing, move: Moving) -> str:
        """Why nothing in the journal lets this move be made; nothing where it may."""
        repairs = {before.settled, before.meant}
        if before.open:
            repairs |= {before.open.before, before.open.after if _is_safe(before) else None}
        if move.after in repairs or move.before is None:
            return ""
        ramp = before.ramp
        if ramp is None:
            return "there is no ramp"
        if move.after == Split(ramp.stable):
            return ""
        weight = move.after.share(ramp.canary)
        if move.after not in {_with(ramp, weight), Split(ramp.canary)}:
            return "it is not of this ramp"
        if weight <= ramp.weight:
            return ""
        return self._earned(index, ramp, weight)

    def _earned(self, index: int, ramp: Ramp, weight: int) -> str:
        rung = [rung for rung in ramp.policy.rungs if rung.weight > ramp.weight][0]  # noqa: RUF015 - a StopIteration would end the pool's iteration in silence
        if weight != rung.weight:
            return f"the next step is {rung.weight} %"
        if ramp.paused:
            return "the ramp is paused"
        if rung.approval and weight not in ramp.approved:
            return "nobody approved it"
        if ramp.weight == 0:
            return ""
        record = self._records[index - 1]
        judged = record.event
        if not isinstance(judged, Judged) or judged.decision is not Decision.ADVANCE:
            return f"{type(judged).__name__} stands before it"
        return self._judged(record, judged, self._stood[index - 1].ramp)

    def _judged(self, record: Record, judged: Judged, ramp: Ramp | None) -> str:
        if ramp is None:
            return "there was no ramp to judge"
        reached = [rung for rung in ramp.policy.rungs if rung.weight <= ramp.weight]
        rung = (reached or ramp.policy.rungs[:1])[-1]  # a person may have adopted less than that
        spent = record.at - ramp.entered_at
        if spent < rung.bake:
            return f"it baked for {spent:.0f} s only"
        if ramp.policy.on_timeout is OnTimeout.ADVANCE and spent >= ramp.policy.timeout:
            self._found.counts["advances by timeout"] += 1
            return ""
        here = (*ramp.here, *judged.windows)
        came = sum(window.canary.sessions for window in here)
        if came < rung.min_sessions:
            return f"{came} canary sessions came"
        again = judge((*ramp.windows, *judged.windows), ramp.policy.rules)
        if again.decision is not Decision.ADVANCE:
            return f"the judge says {again.reason}"
        self._found.counts["advances on evidence"] += 1
        return ""

    def _ends(self, index: int, target: Split) -> None:
        """From record ``index`` on the way back must be gone to its end, or a person overruled."""
        ramp = self._stood[index].ramp
        for later, record in enumerate(self._records[index + 1 :], index + 1):
            event = record.event
            if isinstance(event, Moved) and event.after == target:
                if ramp and self._goes_on(ramp, later + 1):
                    self._break(BACK, f"record {index}: {ramp.id} goes on after {target}")
                return
            if isinstance(event, Adopted):
                return
            if isinstance(event, Moving) and record.verb in {*_ASKED, "restore"}:
                return  # a later word of a person, which is checked by itself
        if self._hands:
            self._found.counts["rollbacks that a person's hand stopped"] += 1
            return
        self._break(BACK, f"record {index}: {target} was never reached")

    def _goes_on(self, ramp: Ramp, since: int) -> bool:
        """Whether its canary gets traffic again, or will at the next tick."""
        standing = self._stood[-1].ramp
        if standing and standing.id == ramp.id:
            return True
        for now, record in zip(self._stood[since:], self._records[since:], strict=False):
            same = now.ramp is not None and now.ramp.id == ramp.id
            if same and isinstance(record.event, Moving) and record.event.after.share(ramp.canary):
                return True
        return False

    def _windows(self) -> None:
        until: dict[str, float] = {}
        for index, record in enumerate(self._records):
            if not isinstance(record.event, Judged):
                continue
            for window in record.event.windows:
                if window.start < until.get(record.event.ramp, 0.0):
                    self._break(ONCE, f"record {index}: the window at {window.start} is not new")
                until[record.event.ramp] = window.end
                if index >= self._first:
                    self._found.counts["windows"] += 1
                    self._weight(index, window.start, window.end, window.weight)

    def _weight(self, index: int, start: float, end: float, weight: int | None) -> None:
        """The canary had one weight all through a window."""
        ramp = self._stood[index].ramp
        if ramp is None:
            return
        start, end = start + DATE, end - DATE
        within = [effect for effect in self._truth.effects if start < effect.at < end]
        splits = [self._truth.split_at(start), *(effect.after for effect in within)]
        if any(split is None or split.share(ramp.canary) != weight for split in splits):
            self._mixed.append(f"record {index}: the window at {start} is not all at {weight} %")

    def _mixed_windows(self) -> None:
        """Only a late write or a person's hand, put back before anybody looked, explains them."""
        late = self._found.counts["late writes of runs taken for dead"]
        for words in self._mixed:
            if late or self._hands:
                self._found.counts["windows with a late write or a hand in them"] += 1
            else:
                self._break(EVIDENCE, words)

    def _write(self, effect: Effect) -> None:
        """Every write follows from an intent of its own run; late ones are counted."""
        announced = [
            (index, record.event)
            for index, record in enumerate(self._records[: effect.records])
            if isinstance(record.event, Moving) and self._truth.authors[index] == effect.by
        ]
        if not announced:
            self._break(EVIDENCE, f"{effect.by} set {effect.after} without an intent")
            return
        index, move = announced[-1]
        now = self._stood[effect.records]
        current = (
            now.open is not None
            and now.open.after == move.after
            and not any(
                isinstance(record.event, Moving)
                for record in self._records[index + 1 : effect.records]
            )
        )
        if effect.after not in {move.after, move.before}:
            if effect.after not in {
                stood.meant for stood in self._stood[index : effect.records + 1]
            }:
                self._break(EVIDENCE, f"{effect.by} set {effect.after}, which nobody meant")
            self._found.counts["put right by a run that lost"] += 1
        elif not current and effect.after != now.meant:
            self._late(effect, now)

    def _late(self, effect: Effect, now: Standing) -> None:
        self._found.counts["late writes of runs taken for dead"] += 1
        canary = now.ramp.canary if now.ramp else now.ended.ramp.canary if now.ended else 0
        if now.meant and effect.after.share(canary) > now.meant.share(canary):
            self._found.counts["late writes that gave a canary more, put back"] += 1

    def _at_rest(self) -> None:
        now, actual = self._stood[-1], self._truth.split
        if now.settled is None and now.open is None:
            return
        if actual == now.settled and now.open is None:
            return
        if actual is None and now.open and now.open.before is None:
            self._found.counts["first releases that have to be run again"] += 1
            return
        adopted = any(isinstance(record.event, Adopted) for record in self._records)
        if self._hands or adopted:
            what = "a person's hand" if self._hands else "an adopted old reading"
            self._found.counts[f"drifts of {what} that are told of"] += 1
            return
        self._break(REST, f"{actual} serves; settled {now.settled}, open {now.open}")


def _is_end(end: Moved | Undone, intent: Intent) -> bool:
    """What ended is what was begun; giving a move up leaves what was before, or what serves."""
    return isinstance(end, Undone) or end.after == intent.after


def _is_safe(now: Standing) -> bool:
    intent = now.open
    if intent is None or intent.before is None:
        return True
    return not intent.after.canaries and (
        now.ramp is None or intent.after.stable != now.ramp.canary
    )


def _with(ramp: Ramp, weight: int) -> Split:
    return Split(ramp.stable, ((ramp.canary, weight),)) if 0 < weight < FULL else Split(ramp.canary)
