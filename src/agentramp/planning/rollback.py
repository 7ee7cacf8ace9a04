"""Go back to a version that served before: no build, no evidence and no file of it needed."""

from agentramp.errors import UsageError
from agentramp.model import Split, VersionRef
from agentramp.plan import Plan
from agentramp.planning.traffic import Seen, existing_runtime, move_back

_ASKED = "asked for"
_GONE = "give all traffic to a published one instead: agentramp rollback --version N"


def plan_rollback(seen: Seen, version: int, reason: str = "") -> Plan:
    """All traffic to ``version``; a ramp in progress ends with it."""
    runtime = existing_runtime(seen, version)
    return move_back("rollback", seen, runtime, Split(version), reason or _ASKED)


def plan_abort(seen: Seen, reason: str = "") -> Plan:
    """End the ramp in progress: all traffic to its stable version."""
    ramp, found = seen.standing.ramp, seen.found
    if ramp:
        stable: VersionRef = ramp.stable
    elif found and found.split.canaries:  # a trial that no ramp began ends too
        stable = found.split.stable
    else:
        missing = "" if found else ", which does not exist"
        note = f"no ramp is in progress on {seen.subject}{missing}: nothing to abort"
        return Plan("abort", seen.subject, notes=(note,))
    runtime = existing_runtime(seen, stable, _GONE)
    return move_back("abort", seen, runtime, Split(stable), reason or _ASKED)


def version_before(seen: Seen) -> int:
    """The version a rollback without a number goes to.

    While a canary is on trial, what served before is the stable version itself; otherwise it is
    the one that the journal knows as stable before this one.
    """
    found, observed = seen.found, seen.observed
    if observed.runtime is None or found is None:
        missing = f"endpoint {seen.subject}" if observed.runtime else f"runtime {seen.runtime}"
        raise UsageError(f"{missing} does not exist", advice="check --endpoint and --platform")
    if seen.standing.ramp:
        return seen.standing.ramp.stable
    stable = found.split.stable
    if found.split.canaries and isinstance(stable, int):
        return stable
    published = {version.number for version in observed.versions}
    earlier = [number for number in seen.standing.served if number in published]
    if stable in earlier:  # also where a person went back by hand: never forward again
        earlier = earlier[: earlier.index(stable)]
    if earlier:
        return earlier[-1]
    listed = ", ".join(str(number) for number in sorted(published)) or "none"
    raise UsageError(
        f"the journal here knows no version that served {found.name} before version {stable}",
        advice=f"name one with --version N (published: {listed})",
    )
