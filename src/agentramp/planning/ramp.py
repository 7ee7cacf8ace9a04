"""Rule on one tick of a ramp. Pure; at most one step per tick."""

from dataclasses import dataclass, replace

from typing_extensions import assert_never

from agentramp.judge.verdict import Decision, Verdict
from agentramp.judge.window import Window
from agentramp.model import Split, Status
from agentramp.plan import KeepRecord, Plan, Step
from agentramp.planning.begin import waits_for
from agentramp.planning.pace import about, duration
from agentramp.planning.ruling import Ruled, Ruling
from agentramp.planning.traffic import Seen, plan_of, step_to, trial, with_way_back
from agentramp.policy import OnTimeout, Rung
from agentramp.ramp import Ramp
from agentramp.record import Event, Judged


@dataclass(frozen=True)
class Evidence:
    """What one tick learned: new windows until ``watermark``, and the verdict on all of them.

    ``blind`` says why the source gave nothing usable; empty where it answered, or where what it
    has not got yet may still come.
    """

    verdict: Verdict
    windows: tuple[Window, ...]
    watermark: float
    blind: str = ""


def rule(seen: Seen, ramp: Ramp, evidence: Evidence, frozen: str = "") -> Ruling:
    """One tick's ruling. ``frozen`` says why nothing may advance now; it stops no rollback."""
    ramp = _with_evidence(ramp, evidence)
    if turned := _turned(ramp, evidence.verdict):
        return _back(seen, ramp, evidence, turned)
    if not _is_published(seen, ramp.canary):
        reason = f"hold: version {ramp.canary} is not published any more: abort ends its ramp"
        return _hold(seen, ramp, evidence, reason)
    if ramp.weight == 0:
        return _allowed(seen, ramp, evidence, "first step", frozen)
    lacking = _lacking(ramp, evidence)
    if lacking and _is_over(seen, ramp):
        return _timed_out(seen, ramp, evidence, lacking, frozen)
    if evidence.blind:
        return _blind(seen, ramp, evidence)
    if lacking:
        also = f"; {_paused(ramp)}" if ramp.paused else ""
        return _hold(seen, ramp, evidence, f"{lacking}{also}")
    return _allowed(seen, ramp, evidence, evidence.verdict.reason, frozen)


def _turned(ramp: Ramp, verdict: Verdict) -> str:
    """Why the evidence says roll back, now or in a tick that died before it could."""
    return ramp.turned or (verdict.reason if verdict.decision is Decision.ROLLBACK else "")


def _with_evidence(ramp: Ramp, evidence: Evidence) -> Ramp:
    return replace(
        ramp,
        windows=ramp.windows + evidence.windows,
        here=ramp.here + ramp.of_this_step(evidence.windows),
        blind=ramp.blind + 1 if evidence.blind else 0,
    )


def _is_over(seen: Seen, ramp: Ramp) -> bool:
    """Whether a step had its time; while a person has paused it, it has all the time there is."""
    return ramp.paused is None and seen.now - ramp.entered_at >= ramp.policy.timeout


def _lacking(ramp: Ramp, evidence: Evidence) -> str:
    """What is missing before the canary may get more; nothing where all is there.

    Baked is what evidence was read of: time that nobody has looked at shows nothing.
    """
    if evidence.blind:
        return f"hold: no evidence: {evidence.blind}"
    rung, verdict = ramp.policy.reached(ramp.weight), evidence.verdict
    baked = max(0.0, evidence.watermark - ramp.entered_at - ramp.policy.warm_up)
    if baked < rung.bake:
        left = duration(rung.bake - baked)
        return f"hold: bakes at {ramp.weight} % for {left} more; {_plainly(verdict.reason)}"
    came = sum(window.canary.sessions for window in ramp.here)
    if came < rung.min_sessions:
        return (
            f"hold: {came} of {rung.min_sessions} canary sessions at {ramp.weight} %"
            f"{about(ramp, rung.min_sessions - came)}; {_plainly(verdict.reason)}"
        )
    if verdict.decision is Decision.HOLD:
        return f"{verdict.reason}{about(ramp, verdict.needed)}"
    return ""


def _plainly(reason: str) -> str:
    return reason.removeprefix("hold: ")


def _allowed(seen: Seen, ramp: Ramp, evidence: Evidence, reason: str, frozen: str) -> Ruling:
    rung = next(rung for rung in ramp.policy.rungs if rung.weight > ramp.weight)
    barred = _barred(seen, ramp, rung, frozen)
    if barred:
        return _hold(seen, ramp, evidence, barred)
    return _advance(seen, ramp, evidence, rung, reason)


def _barred(seen: Seen, ramp: Ramp, rung: Rung, frozen: str) -> str:
    """What a person, the calendar or the platform has against the next step."""
    if ramp.paused:
        return f"hold: {_paused(ramp)}; resume goes on"
    if seen.found and seen.found.status is not Status.READY:
        return f"hold: {seen.endpoint} is {seen.found.status.value}: it has to be READY first"
    if rung.weight in ramp.approved:
        rung = replace(rung, approval=False)
    waits = waits_for(rung, frozen)
    return f"hold: {waits}" if waits else ""


def _paused(ramp: Ramp) -> str:
    return f"paused: {ramp.paused.reason}" if ramp.paused and ramp.paused.reason else "paused"


def _timed_out(seen: Seen, ramp: Ramp, evidence: Evidence, lacking: str, frozen: str) -> Ruling:
    spent = f"{ramp.weight} % took longer than {duration(ramp.policy.timeout)}"
    if evidence.blind and ramp.policy.on_timeout is not OnTimeout.ROLLBACK:
        return _blind(seen, ramp, evidence)  # nothing advances unseen
    match ramp.policy.on_timeout:
        case OnTimeout.HOLD:
            return _hold(seen, ramp, evidence, f"{lacking} ({spent})")
        case OnTimeout.ADVANCE:
            reason = f"advanced without certification, as on-timeout says: {spent}"
            return _allowed(seen, ramp, evidence, reason, frozen)
        case OnTimeout.ROLLBACK:
            reason = f"rolled back, as on-timeout says: {spent}; {_plainly(lacking)}"
            return _back(seen, ramp, evidence, reason)
        case _:
            assert_never(ramp.policy.on_timeout)


def _blind(seen: Seen, ramp: Ramp, evidence: Evidence) -> Ruling:
    most = ramp.policy.max_blind
    lower = [rung.weight for rung in ramp.policy.rungs if rung.weight < ramp.weight]
    if most is None or ramp.blind < most or not lower:
        return _hold(seen, ramp, evidence, f"hold: no evidence: {evidence.blind}")
    reason = f"no evidence {ramp.blind} times in a row ({evidence.blind}): back to {lower[-1]} %"
    kept = KeepRecord(_judged(ramp, evidence, Decision.HOLD, reason))
    step = step_to(seen, trial(ramp.stable, ramp.canary, lower[-1]), reason)
    return Ruling(Ruled.HOLD, reason, plan_of("promote", seen, kept, step))


def _advance(seen: Seen, ramp: Ramp, evidence: Evidence, rung: Rung, reason: str) -> Ruling:
    split = trial(ramp.stable, ramp.canary, rung.weight)
    kept = KeepRecord(_judged(ramp, evidence, Decision.ADVANCE, reason))
    there = step_to(seen, split, reason)
    plan = with_way_back(plan_of("promote", seen, kept, there), there)
    return Ruling(Ruled.ADVANCE, reason, plan)


def _back(seen: Seen, ramp: Ramp, evidence: Evidence, reason: str) -> Ruling:
    kept = KeepRecord(_judged(ramp, evidence, Decision.ROLLBACK, reason))
    there = step_to(seen, Split(ramp.stable), reason)
    return Ruling(Ruled.ROLLBACK, reason, plan_of("promote", seen, kept, there), by_evidence=True)


def _hold(seen: Seen, ramp: Ramp, evidence: Evidence, reason: str) -> Ruling:
    """Nothing moves; what was seen is kept, and an idle schedule writes nothing twice."""
    judged = _judged(ramp, evidence, Decision.HOLD, reason)
    again = ramp.last is not None and ramp.last.blind == judged.blind
    counts = evidence.blind and ramp.policy.max_blind is not None
    news = evidence.windows or counts or not again or evidence.watermark > ramp.watermark
    steps: tuple[Step, ...] = (KeepRecord(judged),) if news else ()
    plan = replace(plan_of("promote", seen, *steps), notes=(reason,))
    return Ruling(Ruled.HOLD, reason, plan)


def _judged(ramp: Ramp, evidence: Evidence, decision: Decision, reason: str) -> Judged:
    return Judged(
        ramp=ramp.id,
        decision=decision,
        reason=reason,
        e=evidence.verdict.e,
        threshold=evidence.verdict.threshold,
        watermark=evidence.watermark,
        windows=evidence.windows,
        blind=bool(evidence.blind),
    )


def _is_published(seen: Seen, version: int) -> bool:
    return any(found.number == version for found in seen.observed.versions)


def plan_say(verb: str, seen: Seen, event: Event) -> Plan:
    """Write down what a person says about the ramp."""
    return plan_of(verb, seen, KeepRecord(event))
