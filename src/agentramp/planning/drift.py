"""What comes before any evidence: the platform has to serve what the journal says."""

from dataclasses import replace

from agentramp.errors import UsageError
from agentramp.model import Split, Status
from agentramp.plan import KeepRecord, Plan, Step
from agentramp.planning.ruling import Ruled, Ruling, at_rest
from agentramp.planning.traffic import Seen, plan_of, step_to
from agentramp.ramp import Intent
from agentramp.record import Adopted, Moved, Undone

BACK = frozenset({"abort", "rollback", "restore"})
"""Verbs that lead back to what is known to serve."""
STRAGGLING = 6 * 3600.0
"""How long after a move was begun that was given up its write may be found, in seconds."""


def reconcile(seen: Seen) -> Ruling | None:
    """What has to be mended or waited for first; None where platform and journal agree."""
    found, now = seen.found, seen.standing
    if found is None:
        return _gone(seen) if now.ramp else None
    if now.open and _is_young(seen, now.open):
        return _step_aside(seen, now.open)
    if not found.status.is_final and (now.open or found.split != now.settled):
        reason = f"hold: {found.name} is {found.status.value}: it has to be READY first"
        return at_rest(Ruled.HOLD, seen, reason)
    if now.open:
        return _finish(seen, now.open, found.split)
    if now.settled is None or found.split == now.settled:
        return None
    if _is_straggler(seen, found.split):
        return _put_back(seen, now.settled)
    return _drifted(seen, now.settled)


def plan_adopt(seen: Seen) -> Plan:
    """The journal takes over what the platform serves; raises UsageError where that is nothing."""
    if seen.found is None:
        raise _missing(seen)
    found = seen.found.split
    if found == seen.standing.settled and not seen.unfinished:
        return Plan("adopt", seen.subject, notes=(f"the journal says {found} already",))
    return plan_of("adopt", seen, KeepRecord(Adopted(found)))


def plan_restore(seen: Seen) -> Plan:
    """The platform takes over what the journal says, also where it seems to serve it already.

    Raises UsageError where there is no endpoint that could.
    """
    meant = seen.standing.meant
    if meant is None:
        note = f"the journal knows nothing of {seen.subject}: there is nothing to restore"
        return Plan("restore", seen.subject, notes=(note,))
    if seen.found is None:
        raise _missing(seen)
    return plan_of("restore", seen, step_to(seen, meant, "restore what the journal says"))


def _missing(seen: Seen) -> UsageError:
    advice = "check --endpoint and --platform; a release makes one anew"
    return UsageError(f"endpoint {seen.subject} does not exist", advice=advice)


def _is_young(seen: Seen, intent: Intent) -> bool:
    return seen.now - intent.at < seen.standing.lease


def _step_aside(seen: Seen, intent: Intent) -> Ruling:
    age = max(0, round(seen.now - intent.at))
    whose = f" by {intent.by}" if intent.by else ""
    what = f"remove {seen.subject}" if intent.removal else f"move {seen.subject} to {intent.after}"
    return at_rest(Ruled.SUPERSEDED, seen, f"another run{whose} began to {what} {age} s ago")


def _finish(seen: Seen, intent: Intent, actual: Split) -> Ruling | None:
    """A run died in a move: record what became of it, or do it where it leads to safety."""
    known = {intent.before, intent.after, seen.standing.settled}
    if actual not in known and not _is_straggler(seen, actual):
        return _drifted(seen, intent.after)
    found = seen.found
    back = _is_back(seen, intent)
    if intent.removal:
        reason = "gave up the removal that a run that died had begun"
        return _ruling(Ruled.HOLD, seen, reason, KeepRecord(Undone(intent.after, actual)))
    if actual == intent.after and found and found.status is Status.READY:
        reason = f"recorded what a run that died had done: {intent.after}"
        step = KeepRecord(Moved(intent.before, intent.after))
        return _ruling(_meaning(seen, back=back), seen, reason, step)
    if back or intent.before is None:
        reason = f"finished what a run that died had begun: {intent.reason or intent.verb}"
        again = _ruling(
            _meaning(seen, back=back), seen, reason, step_to(seen, intent.after, intent.reason)
        )
        # It stays what it was: an abort ends its ramp, whoever carries it out.
        return replace(again, plan=replace(again.plan, verb=intent.verb))
    # An advance that never took effect is decided anew, on the evidence of now.
    reason = f"gave up a move that a run that died had begun: {intent.after}"
    if actual == intent.before and found and found.status is Status.READY:
        step = KeepRecord(Undone(actual, actual))
        return _ruling(Ruled.HOLD, seen, reason, step)
    return _ruling(Ruled.HOLD, seen, reason, step_to(seen, intent.before, reason))


def _is_back(seen: Seen, intent: Intent) -> bool:
    """Whether a move leads to safety: a person asked for it, or it gives the canary less.

    An undo is such a move: what it undoes has failed.
    """
    ramp = seen.standing.ramp
    if intent.verb in BACK or ramp is None or intent.before is None:
        return intent.verb in BACK
    less = intent.after.share(ramp.canary) < intent.before.share(ramp.canary)
    return less or intent.after == Split(ramp.stable)


def _meaning(seen: Seen, *, back: bool) -> Ruled:
    """What a finished move was: only evidence makes it a rollback."""
    ramp = seen.standing.ramp
    if ramp is None:
        return Ruled.HOLD
    if not back:
        return Ruled.ADVANCE
    return Ruled.ROLLBACK if ramp.turned else Ruled.HOLD


def _is_straggler(seen: Seen, actual: Split) -> bool:
    return any(
        split == actual and seen.now - at < STRAGGLING for split, at in seen.standing.abandoned
    )


def _put_back(seen: Seen, settled: Split) -> Ruling:
    ramp, found = seen.standing.ramp, seen.found
    if ramp and found and found.split == Split(ramp.stable):  # a person's, perhaps: never undone
        reason = f"the ramp ends: all traffic went back to version {ramp.stable} late or by hand"
        return _ruling(Ruled.HOLD, seen, reason, step_to(seen, found.split, reason))
    reason = f"put back a late write of a run that was taken for dead: {settled} again"
    return _ruling(Ruled.HOLD, seen, reason, step_to(seen, settled, reason))


def _drifted(seen: Seen, meant: Split) -> Ruling:
    actual = seen.found.split if seen.found else "nothing"
    reason = (
        f"drifted: {seen.endpoint} serves {actual}, and the journal says {meant}; somebody moved it"
        " by hand: adopt takes it as it is, restore puts it back"
    )
    return replace(at_rest(Ruled.HOLD, seen, reason), drifted=True)


def _gone(seen: Seen) -> Ruling:
    reason = f"hold: endpoint {seen.subject} is not there; release makes it anew and ends this ramp"
    return at_rest(Ruled.HOLD, seen, reason)


def _ruling(ruled: Ruled, seen: Seen, reason: str, step: Step) -> Ruling:
    plan = plan_of("promote", seen, step)
    return Ruling(ruled, reason, plan, by_evidence=ruled is Ruled.ROLLBACK)
