"""Give a version a share of an endpoint's sessions."""

from dataclasses import dataclass

from agentramp.errors import SupersededError, UsageError
from agentramp.model import FULL, Endpoint, Observed, Runtime, Split, Status, VersionRef
from agentramp.plan import CreateEndpoint, MoveTraffic, Plan, Subject

NEW = "none: the endpoint is new, so nobody used it before"


@dataclass(frozen=True)
class Seen:
    """One endpoint as it was observed; ``unfinished`` says that a run died while it moved it."""

    runtime: str
    observed: Observed
    endpoint: str
    unfinished: bool = False

    @property
    def subject(self) -> Subject:
        return Subject(self.runtime, self.endpoint)

    @property
    def found(self) -> Endpoint | None:
        return self.observed.endpoint(self.endpoint)


def plan_shift(seen: Seen, version: int, weight: int) -> Plan:
    """``version`` gets ``weight`` percent; the stable version keeps the rest.

    At 100 the version becomes the stable one, at 0 its trial ends.
    """
    runtime = existing_runtime(seen, version)
    if seen.found is None:
        return _first(seen, runtime, version, weight)
    return move("shift-traffic", seen, runtime, _after(seen.found, version, weight))


def move(verb: str, seen: Seen, runtime: Runtime, after: Split) -> Plan:
    """What is so already is done once more where a run died, or the endpoint is not ready."""
    found, subject = seen.found, seen.subject
    if found is None:
        raise UsageError(f"endpoint {subject} does not exist", advice="check --endpoint")
    if found.split == after and found.status is Status.READY and not seen.unfinished:
        return Plan(verb, subject, notes=(f"{found.name} already serves {after}",))
    there = MoveTraffic(runtime.id, found.id, found.name, found.split, after)
    back = MoveTraffic(runtime.id, found.id, found.name, after, found.split)
    return Plan(verb, subject, (there,), (back,))


def existing_runtime(seen: Seen, version: int) -> Runtime:
    name, observed = seen.runtime, seen.observed
    if observed.runtime is None:
        raise UsageError(f"runtime {name} does not exist", advice="deploy it first")
    published = [found.number for found in observed.versions]
    if version not in published:
        listed = ", ".join(map(str, sorted(published))) or "none"
        raise UsageError(
            f"version {version} of {name} is not published (published: {listed})",
            advice="publish it first, or name a published one with --version",
        )
    return observed.runtime


def _first(seen: Seen, runtime: Runtime, version: int, weight: int) -> Plan:
    endpoint = seen.endpoint
    if weight != FULL:
        raise UsageError(
            f"endpoint {endpoint} does not exist, so no stable version could take the other"
            f" {FULL - weight} %",
            advice=f"give the first version everything: --version {version} --weight 100",
        )
    note = f"endpoint {endpoint} is new: no stable version yet, so version {version} takes it all"
    step = CreateEndpoint(runtime.id, endpoint, Split(version))
    return Plan("shift-traffic", seen.subject, (step,), notes=(note,), no_way_back=NEW)


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
