"""The ramp: begin it, and rule on one tick of it. Pure; at most one step per tick."""

from dataclasses import dataclass, replace

from agentramp.errors import SupersededError, UnsupportedError, UsageError
from agentramp.judge.verdict import Decision, Verdict
from agentramp.judge.window import Window
from agentramp.model import FULL, LATEST, Split
from agentramp.plan import KeepRecord, MoveTraffic, Plan, Step
from agentramp.planning.pace import about, duration
from agentramp.planning.ruling import Ruled, Ruling
from agentramp.planning.traffic import (
    IS_BACK,
    Seen,
    existing_endpoint,
    existing_runtime,
    first,
)
from agentramp.policy import OnRelease, OnTimeout, Policy, Rung
from agentramp.ramp import Ramp
from agentramp.record import Begun, Event, Judged, Queued, Refused


@dataclass(frozen=True)
class Evidence:
    """What one tick learned: new windows until ``watermark``, and the verdict on all of them.

    ``blind`` says why the source gave nothing; empty where it answered.
    """

    verdict: Verdict
    windows: tuple[Window, ...]
    watermark: float
    blind: str = ""


def plan_begin(
    seen: Seen, version: int, policy: Policy, *, retry: bool = False, frozen: str = ""
) -> Plan:
    """Put ``version`` on trial at the first rung; the first release of an endpoint gets it all.

    Where the calendar or a person has something against the first rung, the ramp begins without
    traffic, and a later tick takes that step.
    """
    runtime = existing_runtime(seen, version)
    ramp = seen.standing.ramp
    if seen.found is None:
        return first(seen, runtime, version, FULL, "release")
    if ramp and ramp.stable == version:
        note = f"version {version} is the stable one: abort ends the trial of {ramp.canary}"
        return Plan("release", seen.subject, notes=(note,))
    if ramp and ramp.canary == version:
        note = f"version {version} is on its ramp already, at {ramp.weight} %"
        return Plan("release", seen.subject, notes=(note,))
    if ramp is None and seen.found.split == Split(version):
        note = f"{seen.endpoint} serves version {version} already"
        return Plan("release", seen.subject, notes=(note,))
    _refuse_rejected(seen, version, retry=retry)
    if ramp:
        return _beside(seen, ramp, version, policy)
    return _begin(seen, version, policy, frozen)


def _refuse_rejected(seen: Seen, version: int, *, retry: bool) -> None:
    reasons = dict(seen.standing.rejected)
    if version in reasons and not retry:
        raise UsageError(
            f"version {version} was on trial before: {reasons[version]}",
            advice="publish a changed version, or give this one another chance with --retry",
        )


def _beside(seen: Seen, ramp: Ramp, version: int, policy: Policy) -> Plan:
    """Another version is on trial: it is never joined by a second one."""
    match policy.on_release:
        case OnRelease.QUEUE:
            if seen.standing.queued == version:
                note = f"version {version} waits already for the ramp of {ramp.canary} to end"
                return Plan("release", seen.subject, notes=(note,))
            note = f"version {ramp.canary} is on trial, so version {version} waits for its end"
            step = KeepRecord(Queued(version))
            return replace(_plan("release", seen, step), notes=(note,))
        case OnRelease.REPLACE:
            note = f"version {ramp.canary} leaves its trial for version {version}"
            back = _to(seen, Split(ramp.stable), f"replaced by version {version}")
            begun = KeepRecord(_begun(seen, ramp.stable, version, policy))
            there = replace(
                _to(seen, _with(ramp.stable, version, policy.rungs[0].weight), "first step"),
                before=back.after,
            )
            return replace(_plan("release", seen, back, begun, there), notes=(note,))
        case OnRelease.REJECT:
            raise SupersededError(
                f"version {ramp.canary} is on trial on {seen.subject} ({ramp.weight} %)",
                advice="let it end or abort it, then release again",
            )


def _begin(seen: Seen, version: int, policy: Policy, frozen: str) -> Plan:
    found = existing_endpoint(seen)
    stable = found.split.stable
    if seen.standing.open:
        raise SupersededError(
            f"a run began to move {seen.subject} to {seen.standing.open.after}, and no end of it is"
            " known",
            advice="agentramp promote finishes it once that run is dead; then release again",
        )
    if found.split.canaries:
        raise SupersededError(
            f"{found.name} has a version on trial that no ramp began ({found.split})",
            advice="end it with shift-traffic --weight 0 or 100, then release again",
        )
    if stable == LATEST:
        raise UnsupportedError(
            f"{found.name} follows LATEST, which changes with every deploy: there is no stable"
            " version to go back to",
            advice="pin it first: agentramp shift-traffic --version N --weight 100",
        )
    begun = KeepRecord(_begun(seen, stable, version, policy))
    weight, waits = policy.rungs[0].weight, _waits(seen, policy.rungs[0], frozen)
    if waits:
        note = f"the ramp of version {version} begins without traffic: {waits}"
        return replace(_plan("release", seen, begun), notes=(note,))
    there = _to(seen, _with(stable, version, weight), f"first step: {weight} %")
    back = MoveTraffic(
        there.runtime_id, there.endpoint_id, there.name, there.after, there.before, "undo"
    )
    return replace(_plan("release", seen, begun, there), way_back=(back,))


def _begun(seen: Seen, stable: int, canary: int, policy: Policy) -> Begun:
    return Begun(f"v{stable}-v{canary}-{seen.standing.generation}", stable, canary, policy)


def plan_say(verb: str, seen: Seen, event: Event) -> Plan:
    """Write down what a person says about the ramp."""
    return _plan(verb, seen, KeepRecord(event))


def plan_refused(verb: str, seen: Seen, version: int, reason: str) -> Plan:
    """A gate said no: write that down; traffic stays where it is."""
    return _plan(verb, seen, KeepRecord(Refused(version, reason)))


def begins(plan: Plan) -> Begun | None:
    """The ramp that ``plan`` begins, if it begins one."""
    events = (step.event for step in plan.steps if isinstance(step, KeepRecord))
    return next((event for event in events if isinstance(event, Begun)), None)


def from_queue(seen: Seen, policy: Policy) -> Ruling:
    """There is no ramp: begin the one that waits, if any."""
    queued, ended = seen.standing.queued, seen.standing.ended
    waits = queued is not None and seen.found and seen.found.split != Split(queued)
    if queued is not None and waits and queued not in dict(seen.standing.rejected):
        plan = plan_begin(seen, queued, policy)
        return Ruling(Ruled.ADVANCE, f"version {queued} waited: its ramp begins", plan)
    reason = f"no ramp is in progress on {seen.subject}"
    if ended:
        reason += f"; the last one, of version {ended.ramp.canary}, was {ended.ending.value}"
    return Ruling(Ruled.NONE, reason, Plan("promote", seen.subject, notes=(reason,)))


def rule(seen: Seen, ramp: Ramp, evidence: Evidence, frozen: str = "") -> Ruling:
    """One tick's ruling. ``frozen`` says why nothing may advance now; it stops no rollback."""
    ramp = _with_evidence(ramp, evidence)
    if turned := _turned(ramp, evidence.verdict):
        return _back(seen, ramp, evidence, turned)
    if not _is_published(seen, ramp.canary):
        return _hold(seen, ramp, evidence, f"version {ramp.canary} is not published any more")
    if ramp.weight == 0:
        return _allowed(seen, ramp, evidence, "first step", frozen)
    if evidence.blind:
        return _blind(seen, ramp, evidence)
    lacking = _lacking(seen, ramp, evidence.verdict)
    if lacking and seen.now - ramp.entered_at < ramp.policy.timeout:
        return _hold(seen, ramp, evidence, lacking)
    if lacking:
        return _timed_out(seen, ramp, evidence, lacking, frozen)
    return _allowed(seen, ramp, evidence, evidence.verdict.reason, frozen)


def _turned(ramp: Ramp, verdict: Verdict) -> str:
    """Why the evidence says roll back, now or in a tick that died before it could."""
    if ramp.last and ramp.last.decision is Decision.ROLLBACK:
        return ramp.last.reason
    return verdict.reason if verdict.decision is Decision.ROLLBACK else ""


def _with_evidence(ramp: Ramp, evidence: Evidence) -> Ramp:
    return replace(
        ramp,
        windows=ramp.windows + evidence.windows,
        here=ramp.here + evidence.windows,
        blind=ramp.blind + 1 if evidence.blind else 0,
    )


def _lacking(seen: Seen, ramp: Ramp, verdict: Verdict) -> str:
    """What is missing before the canary may get more; nothing where all is there."""
    rung = _rung(ramp)
    baked = seen.now - ramp.entered_at
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
    rung = _next(ramp)
    barred = _barred(seen, ramp, rung, frozen)
    if barred:
        return _hold(seen, ramp, evidence, barred)
    return _advance(seen, ramp, evidence, rung, reason)


def _barred(seen: Seen, ramp: Ramp, rung: Rung, frozen: str) -> str:
    """What a person or the calendar has against the next step."""
    if ramp.paused:
        why = f": {ramp.paused.reason}" if ramp.paused.reason else ""
        return f"hold: paused{why}; agentramp resume goes on"
    if rung.weight in ramp.approved:
        rung = replace(rung, approval=False)
    waits = _waits(seen, rung, frozen)
    return f"hold: {waits}" if waits else ""


def _waits(seen: Seen, rung: Rung, frozen: str) -> str:
    if rung.approval:
        command = f"agentramp approve --endpoint {seen.endpoint}"
        return f"{rung.weight} % waits for a person: {command} --weight {rung.weight}"
    return frozen


def _timed_out(seen: Seen, ramp: Ramp, evidence: Evidence, lacking: str, frozen: str) -> Ruling:
    spent = f"{ramp.weight} % took longer than {duration(ramp.policy.timeout)}"
    match ramp.policy.on_timeout:
        case OnTimeout.HOLD:
            return _hold(seen, ramp, evidence, f"{lacking} ({spent})")
        case OnTimeout.ADVANCE:
            reason = f"advanced without certification, as on-timeout says: {spent}"
            return _allowed(seen, ramp, evidence, reason, frozen)
        case OnTimeout.ROLLBACK:
            reason = f"rolled back, as on-timeout says: {spent}; {_plainly(lacking)}"
            return _back(seen, ramp, evidence, reason)


def _blind(seen: Seen, ramp: Ramp, evidence: Evidence) -> Ruling:
    most = ramp.policy.max_blind
    lower = [rung.weight for rung in ramp.policy.rungs if rung.weight < ramp.weight]
    if most is None or ramp.blind < most or not lower:
        return _hold(seen, ramp, evidence, f"hold: no evidence: {evidence.blind}")
    reason = f"no evidence {ramp.blind} times in a row ({evidence.blind}): back to {lower[-1]} %"
    kept = KeepRecord(_judged(ramp, evidence, Decision.HOLD, reason))
    step = _to(seen, _with(ramp.stable, ramp.canary, lower[-1]), reason)
    return Ruling(Ruled.HOLD, reason, _plan("promote", seen, kept, step))


def _advance(seen: Seen, ramp: Ramp, evidence: Evidence, rung: Rung, reason: str) -> Ruling:
    split = _with(ramp.stable, ramp.canary, rung.weight)
    kept = KeepRecord(_judged(ramp, evidence, Decision.ADVANCE, reason))
    there = _to(seen, split, reason)
    back = replace(there, before=there.after, after=there.before, reason="undo")
    plan = replace(_plan("promote", seen, kept, there), way_back=(back,))
    return Ruling(Ruled.ADVANCE, reason, plan)


def _back(seen: Seen, ramp: Ramp, evidence: Evidence, reason: str) -> Ruling:
    kept = KeepRecord(_judged(ramp, evidence, Decision.ROLLBACK, reason))
    there = _to(seen, Split(ramp.stable), reason)
    return Ruling(Ruled.ROLLBACK, reason, _plan("promote", seen, kept, there))


def _hold(seen: Seen, ramp: Ramp, evidence: Evidence, reason: str) -> Ruling:
    """Nothing moves; what was seen is kept, and an idle schedule writes nothing twice."""
    judged = _judged(ramp, evidence, Decision.HOLD, reason)
    again = ramp.last is not None and ramp.last.blind == judged.blind
    counts = evidence.blind and ramp.policy.max_blind is not None
    news = evidence.windows or counts or not again or evidence.watermark > ramp.watermark
    steps: tuple[Step, ...] = (KeepRecord(judged),) if news else ()
    plan = replace(_plan("promote", seen, *steps), notes=(reason,))
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


def _rung(ramp: Ramp) -> Rung:
    """The rung the canary stands on; after an adoption, the highest one below its weight."""
    reached = [rung for rung in ramp.policy.rungs if rung.weight <= ramp.weight]
    return reached[-1] if reached else ramp.policy.rungs[0]


def _next(ramp: Ramp) -> Rung:
    return next(rung for rung in ramp.policy.rungs if rung.weight > ramp.weight)


def _is_published(seen: Seen, version: int) -> bool:
    return any(found.number == version for found in seen.observed.versions)


def _with(stable: int, canary: int, weight: int) -> Split:
    return Split(canary) if weight == FULL else Split(stable, ((canary, weight),))


def _to(seen: Seen, split: Split, reason: str) -> MoveTraffic:
    found, runtime = existing_endpoint(seen), seen.observed.runtime
    if runtime is None:
        raise UsageError(f"runtime {seen.runtime} does not exist", advice="deploy it first")
    return MoveTraffic(runtime.id, found.id, found.name, found.split, split, reason)


def _plan(verb: str, seen: Seen, *steps: Step) -> Plan:
    moves = any(isinstance(step, MoveTraffic) for step in steps)
    way = IS_BACK if moves else "not needed: no traffic is touched"
    return Plan(verb, seen.subject, steps, no_way_back=way, generation=seen.standing.generation)
