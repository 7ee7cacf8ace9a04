"""Give a version a share of an endpoint's sessions."""

from agentramp.errors import SupersededError, UsageError
from agentramp.model import FULL, Endpoint, Observed, Runtime, Split, VersionRef
from agentramp.plan import CreateEndpoint, MoveTraffic, Plan, Subject


def plan_shift(name: str, observed: Observed, endpoint: str, version: int, weight: int) -> Plan:
    """``version`` gets ``weight`` percent; the stable version keeps the rest.

    At 100 the version becomes the stable one, at 0 its trial ends.
    """
    runtime = existing_runtime(name, observed, version)
    subject = Subject(name, endpoint)
    found = observed.endpoint(endpoint)
    if found is None:
        return _first(subject, runtime, endpoint, version, weight)
    return move("shift-traffic", subject, runtime, found, _after(found, version, weight))


def move(verb: str, subject: Subject, runtime: Runtime, found: Endpoint, after: Split) -> Plan:
    if found.split == after:
        return Plan(verb, subject, notes=(f"{found.name} already serves {after}",))
    there = MoveTraffic(runtime.id, found.id, found.name, found.split, after)
    back = MoveTraffic(runtime.id, found.id, found.name, after, found.split)
    return Plan(verb, subject, (there,), (back,))


def existing_runtime(name: str, observed: Observed, version: int) -> Runtime:
    if observed.runtime is None:
        raise UsageError(f"runtime {name} does not exist", advice="run: agentramp deploy")
    published = [found.number for found in observed.versions]
    if version not in published:
        listed = ", ".join(map(str, sorted(published))) or "none"
        raise UsageError(
            f"version {version} of {name} is not published (published: {listed})",
            advice="publish it with: agentramp publish-version, or name a published one",
        )
    return observed.runtime


def _first(subject: Subject, runtime: Runtime, endpoint: str, version: int, weight: int) -> Plan:
    if weight != FULL:
        raise UsageError(
            f"endpoint {endpoint} does not exist, so no stable version could take the other"
            f" {FULL - weight} %",
            advice=f"start it with: agentramp shift-traffic --version {version} --weight 100",
        )
    note = f"endpoint {endpoint} is new: no stable version yet, so version {version} takes it all"
    step = CreateEndpoint(runtime.id, endpoint, Split(version))
    return Plan("shift-traffic", subject, (step,), notes=(note,))


def _after(found: Endpoint, version: int, weight: int) -> Split:
    stable = found.split.stable
    _refuse_another_trial(found, version)
    if weight == FULL:
        return Split(version)
    if version != stable:
        return Split(stable, ((version, weight),)) if weight else Split(stable)
    raise UsageError(
        f"version {version} is the stable version of {found.name}: it takes what a canary leaves",
        advice="name the canary's version and its weight",
    )


def _refuse_another_trial(found: Endpoint, version: int) -> None:
    trial: list[VersionRef] = [ref for ref, _ in found.split.canaries]
    if trial and version not in {found.split.stable, *trial}:
        raise SupersededError(
            f"{found.name} has version {trial[0]} on trial ({found.split})",
            advice=f"end that first: agentramp shift-traffic --version {trial[0]} --weight 0",
        )
