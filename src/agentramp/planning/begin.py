"""Begin a ramp: by a release, or after the one that another version waited for."""

from dataclasses import replace

from typing_extensions import assert_never

from agentramp.errors import SupersededError, UnsupportedError, UsageError
from agentramp.model import FULL, LATEST, Split
from agentramp.plan import KeepRecord, Plan, Step
from agentramp.planning.ruling import Ruled, Ruling, at_rest
from agentramp.planning.traffic import (
    Seen,
    existing_endpoint,
    existing_runtime,
    first,
    plan_of,
    step_to,
    trial,
    with_way_back,
)
from agentramp.policy import OnRelease, Policy, Rung
from agentramp.ramp import Ramp
from agentramp.record import Begun, Queued, Refused


def plan_begin(
    seen: Seen, version: int, policy: Policy, *, retry: bool = False, frozen: str = ""
) -> Plan:
    """Put ``version`` on trial at the first rung; the first release of an endpoint gets it all.

    Where the calendar or a person has something against the first rung, the ramp begins without
    traffic, and a later tick takes that step.
    """
    runtime = existing_runtime(seen, version)
    if seen.found is None:
        return first("release", seen, runtime, version, FULL)
    if note := _already(seen, version):
        return Plan("release", seen.subject, notes=(note,))
    _refuse_rejected(seen, version, retry=retry)
    refuse_beginning(seen, policy)
    ramp = seen.standing.ramp
    if ramp:
        return _beside(seen, ramp, version, policy, frozen)
    return _begin(seen, version, policy, frozen)


def refuse_beginning(seen: Seen, policy: Policy) -> None:
    """Raise what keeps any version from a ramp here, so that a release can end before it builds."""
    found, now = seen.found, seen.standing
    if found is None:
        return
    queues = now.ramp is not None and policy.on_release is OnRelease.QUEUE
    if now.ramp and policy.on_release is OnRelease.REJECT:
        raise SupersededError(
            f"version {now.ramp.canary} is on trial on {seen.subject} ({now.ramp.weight} %)",
            advice="let it end or abort it, then release again",
        )
    if now.open and not queues:
        raise SupersededError(
            f"a run began to move {seen.subject} to {now.open.after}, and no end of it is known",
            advice="agentramp promote finishes it once that run is dead; then release again",
        )
    if now.settled not in {None, found.split} and not queues:
        raise SupersededError(
            f"{found.name} serves {found.split}, and the journal says {now.settled}",
            advice="agentramp adopt takes it as it is, agentramp restore puts it back",
        )
    if now.ramp is None:
        _refuse_split(found.name, found.split)


def _refuse_split(name: str, split: Split) -> None:
    if split.canaries:
        raise SupersededError(
            f"{name} has a version on trial that no ramp began ({split})",
            advice="end it with shift-traffic --weight 0 or 100, then release again",
        )
    if split.stable == LATEST:
        raise UnsupportedError(
            f"{name} follows LATEST, which changes with every deploy: there is no stable version to"
            " go back to",
            advice="pin it first: agentramp shift-traffic --version N --weight 100",
        )


_UNFINISHED = "; a move was begun whose end nobody has recorded: the next promote finishes it"


def _already(seen: Seen, version: int) -> str:
    ramp = seen.standing.ramp
    if ramp and ramp.stable == version:
        return f"version {version} is the stable one: abort ends the trial of {ramp.canary}"
    if ramp and ramp.canary == version:
        at = f"version {version} is on its ramp already, at {ramp.weight} %"
        return at + (_UNFINISHED if seen.standing.open else "")
    if ramp and seen.standing.queued == version:
        return f"version {version} waits already for the ramp of {ramp.canary} to end"
    if ramp is None and seen.found and seen.found.split == Split(version):
        return f"{seen.endpoint} serves version {version} already"
    return ""


def _refuse_rejected(seen: Seen, version: int, *, retry: bool) -> None:
    reasons = dict(seen.standing.rejected)
    if version in reasons and not retry:
        raise UsageError(
            f"version {version} was on trial before: {reasons[version]}",
            advice="publish a changed version, or give this one another chance with --retry",
        )


def _beside(seen: Seen, ramp: Ramp, version: int, policy: Policy, frozen: str) -> Plan:
    """Another version is on trial: it is never joined by a second one."""
    match policy.on_release:
        case OnRelease.QUEUE:
            note = f"version {ramp.canary} is on trial, so version {version} waits for its end"
            return replace(
                plan_of("release", seen, KeepRecord(Queued(version))),
                notes=(note,),
            )
        case OnRelease.REPLACE:
            back = step_to(seen, Split(ramp.stable), f"replaced by version {version}")
            begun = KeepRecord(_begun(seen, ramp.stable, version, policy))
            notes = [f"version {ramp.canary} leaves its trial for version {version}"]
            steps: list[Step] = [back, begun]
            if waits := waits_for(policy.rungs[0], frozen):
                notes.append(f"its ramp begins without traffic: {waits}")
            else:
                split = trial(ramp.stable, version, policy.rungs[0].weight)
                steps.append(replace(step_to(seen, split, "first step"), before=back.after))
            return replace(plan_of("release", seen, *steps), notes=tuple(notes))
        case OnRelease.REJECT:
            raise ValueError("refused before")
        case _:
            assert_never(policy.on_release)


def _begin(seen: Seen, version: int, policy: Policy, frozen: str) -> Plan:
    stable = existing_endpoint(seen).split.stable
    if stable == LATEST:
        raise ValueError("refused before")
    begun = KeepRecord(_begun(seen, stable, version, policy))
    if waits := waits_for(policy.rungs[0], frozen):
        note = f"the ramp of version {version} begins without traffic: {waits}"
        return replace(plan_of("release", seen, begun), notes=(note,))
    weight = policy.rungs[0].weight
    there = step_to(seen, trial(stable, version, weight), f"first step: {weight} %")
    return with_way_back(plan_of("release", seen, begun, there), there)


def _begun(seen: Seen, stable: int, canary: int, policy: Policy) -> Begun:
    return Begun(f"v{stable}-v{canary}-{seen.standing.generation}", stable, canary, policy)


def waits_for(rung: Rung, frozen: str) -> str:
    """What a person or the calendar has against a rung; empty where nothing."""
    return f"{rung.weight} % waits for a person to approve it" if rung.approval else frozen


def plan_refused(verb: str, seen: Seen, version: int, reason: str) -> Plan:
    """A gate said no: write that down; traffic stays where it is."""
    return plan_of(verb, seen, KeepRecord(Refused(version, reason)))


def begins(plan: Plan) -> Begun | None:
    """The ramp that ``plan`` begins, if it begins one."""
    events = (step.event for step in plan.steps if isinstance(step, KeepRecord))
    return next((event for event in events if isinstance(event, Begun)), None)


def from_queue(seen: Seen, policy: Policy, frozen: str = "") -> Ruling:
    """There is no ramp: begin the one that waits, if any."""
    queued = seen.standing.queued
    idle = queued in {version for version, _ in seen.standing.rejected}
    if seen.found is None or queued is None or idle or seen.found.split == Split(queued):
        return _none(seen)
    if all(version.number != queued for version in seen.observed.versions):
        reason = f"version {queued} waited, and is not published any more"
        return Ruling(Ruled.HOLD, reason, plan_refused("promote", seen, queued, reason))
    try:
        plan = plan_begin(seen, queued, policy, frozen=frozen)
    except (SupersededError, UnsupportedError) as error:
        reason = f"hold: version {queued} waits: {error.message}; {error.advice}"
        return at_rest(Ruled.HOLD, seen, reason)
    if plan.way_back:
        return Ruling(Ruled.ADVANCE, f"version {queued} waited: its ramp begins", plan)
    return Ruling(Ruled.HOLD, plan.notes[0], plan)


def _none(seen: Seen) -> Ruling:
    found, ended = seen.found, seen.standing.ended
    reason = f"no ramp is in progress on {seen.subject}"
    if found and found.split.canaries:
        reason = (
            f"hold: {found.name} serves {found.split}, a trial that no ramp of this journal began;"
            " abort ends it, shift-traffic goes on with it"
        )
        return at_rest(Ruled.HOLD, seen, reason)
    if found is None:
        reason += ", which does not exist"
    if ended:
        reason += f"; the last one, of version {ended.ramp.canary}, was {ended.ending.value}"
    return at_rest(Ruled.NONE, seen, reason)
