"""Give a version a share of an endpoint's sessions."""

from dataclasses import dataclass, replace

from agentramp.errors import SupersededError, UsageError
from agentramp.model import FULL, LATEST, Endpoint, Observed, Runtime, Split, Status, VersionRef
from agentramp.plan import CreateEndpoint, MoveTraffic, Plan, Step, Subject
from agentramp.ramp import Ramp, Standing

NEW = "none: the endpoint is new, so nobody used it before"
ANOTHER = "publish it first, or name a published one with --version"
IS_BACK = "none: this is the way back itself; a run that dies in it is finished by the next one"


@dataclass(frozen=True)
class Seen:
    """One endpoint as the platform shows it and as the journal knows it.

    ``now`` is the platform's time, in seconds since 1970-01-01 UTC.
    """

    runtime: str
    observed: Observed
    endpoint: str
    standing: Standing = Standing()  # noqa: RUF009 - frozen
    now: float = 0.0

    @property
    def subject(self) -> Subject:
        return Subject(self.runtime, self.endpoint)

    @property
    def found(self) -> Endpoint | None:
        return self.observed.endpoint(self.endpoint)

    @property
    def unfinished(self) -> bool:
        """Whether a run died, or is still at work, in the middle of a move."""
        return self.standing.open is not None


def plan_shift(seen: Seen, version: int, weight: int) -> Plan:
    """``version`` gets ``weight`` percent; the stable version keeps the rest.

    At 100 the version becomes the stable one, at 0 its trial ends.
    """
    runtime = existing_runtime(seen, version)
    if seen.standing.ramp:
        raise _held(seen, seen.standing.ramp)
    if seen.found is None:
        return first("shift-traffic", seen, runtime, version, weight)
    return move("shift-traffic", seen, runtime, _after(seen.found, version, weight))


def move(verb: str, seen: Seen, runtime: Runtime, after: Split, reason: str = "") -> Plan:
    """What is so already is done once more where a run died, or the endpoint is not ready."""
    found, subject = existing_endpoint(seen), seen.subject
    if _is_so(seen, found, after):
        return Plan(verb, subject, notes=(f"{found.name} already serves {after}",))
    there = MoveTraffic(runtime.id, found.id, found.name, found.split, after, reason)
    back = MoveTraffic(runtime.id, found.id, found.name, after, found.split)
    return Plan(verb, subject, (there,), (back,), generation=seen.standing.generation)


def move_back(verb: str, seen: Seen, runtime: Runtime, after: Split, reason: str) -> Plan:
    """A move towards safety: nothing undoes it, and nothing that was read lets it be left out.

    What was read may be older than what serves; the journal's swap and the platform's own
    reading back tell.
    """
    found, subject = existing_endpoint(seen), seen.subject
    step = MoveTraffic(runtime.id, found.id, found.name, found.split, after, reason)
    generation = seen.standing.generation
    return Plan(verb, subject, (step,), no_way_back=IS_BACK, generation=generation)


def _is_so(seen: Seen, found: Endpoint, after: Split) -> bool:
    """Both have to say so: what the platform shows may be older than what the journal knows."""
    shown = found.split == after and found.status is Status.READY
    return shown and not seen.unfinished and seen.standing.settled in {None, after}


def trial(stable: int, canary: int, weight: int) -> Split:
    """``canary`` beside ``stable``; at 100 it is alone."""
    return Split(canary) if weight == FULL else Split(stable, ((canary, weight),))


def step_to(seen: Seen, after: Split, reason: str) -> MoveTraffic:
    found, runtime = existing_endpoint(seen), seen.observed.runtime
    if runtime is None:
        raise UsageError(f"runtime {seen.runtime} does not exist", advice="deploy it first")
    return MoveTraffic(runtime.id, found.id, found.name, found.split, after, reason)


def plan_of(verb: str, seen: Seen, *steps: Step) -> Plan:
    """Steps that nothing undoes: records, and moves towards safety."""
    moves = any(isinstance(step, MoveTraffic) for step in steps)
    way = IS_BACK if moves else "not needed: no traffic is touched"
    return Plan(verb, seen.subject, steps, no_way_back=way, generation=seen.standing.generation)


def with_way_back(plan: Plan, there: MoveTraffic) -> Plan:
    """``there`` is the step of ``plan`` that is to be undone where it fails."""
    return replace(plan, way_back=(replace(there, before=there.after, after=there.before),))


def existing_runtime(seen: Seen, version: VersionRef, advice: str = ANOTHER) -> Runtime:
    """The runtime, if it can serve ``version``; raises UsageError where not."""
    name, observed = seen.runtime, seen.observed
    if observed.runtime is None:
        raise UsageError(f"runtime {name} does not exist", advice="deploy it first")
    published = [found.number for found in observed.versions]
    if version != LATEST and version not in published:
        listed = ", ".join(map(str, sorted(published))) or "none"
        raise UsageError(
            f"version {version} of {name} is not published (published: {listed})",
            advice=advice,
        )
    return observed.runtime


def existing_endpoint(seen: Seen) -> Endpoint:
    if seen.found is None:
        raise UsageError(f"endpoint {seen.subject} does not exist", advice="check --endpoint")
    return seen.found


def first(verb: str, seen: Seen, runtime: Runtime, version: int, weight: int) -> Plan:
    """The endpoint is made with its first version, which takes all; raises UsageError for less."""
    endpoint = seen.endpoint
    if weight != FULL:
        raise UsageError(
            f"endpoint {endpoint} does not exist, so no stable version could take the other"
            f" {FULL - weight} %",
            advice=f"give the first version everything: --version {version} --weight 100",
        )
    note = f"endpoint {endpoint} is new: no stable version yet, so version {version} takes it all"
    step = CreateEndpoint(runtime.id, endpoint, Split(version))
    return Plan(
        verb,
        seen.subject,
        (step,),
        notes=(note,),
        no_way_back=NEW,
        generation=seen.standing.generation,
    )


def _held(seen: Seen, ramp: Ramp) -> SupersededError:
    return SupersededError(
        f"a ramp of version {ramp.canary} is in progress on {seen.subject} ({ramp.weight} %)",
        advice="promote goes on with it, abort ends it, rollback takes all traffic back",
    )


def _after(found: Endpoint, version: int, weight: int) -> Split:
    stable = found.split.stable
    _refuse_another_trial(found, version, weight)
    if weight == FULL:
        return Split(version)
    if version != stable:
        return Split(stable, ((version, weight),)) if weight else Split(stable)
    raise UsageError(
        f"version {version} is the stable version of {found.name}: it takes what a canary leaves",
        advice="name the canary's version and its weight",
    )


def _refuse_another_trial(found: Endpoint, version: int, weight: int) -> None:
    trial: list[VersionRef] = [ref for ref, _ in found.split.canaries]
    if len(trial) > 1 and weight != FULL:
        raise SupersededError(
            f"{found.name} has {len(trial)} versions on trial ({found.split})",
            advice="give one version everything with --weight 100, or roll back",
        )
    if trial and version not in {found.split.stable, *trial}:
        raise SupersededError(
            f"{found.name} has version {trial[0]} on trial ({found.split})",
            advice=f"end that trial first: --version {trial[0]} --weight 0",
        )
