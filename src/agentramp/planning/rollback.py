"""Go back to a version that served before: no build, no evidence and no file of it needed."""

from collections.abc import Sequence

from agentramp.errors import UsageError
from agentramp.model import Split
from agentramp.plan import Plan
from agentramp.planning.traffic import Seen, existing_runtime, move


def plan_rollback(seen: Seen, version: int) -> Plan:
    """All traffic to ``version``."""
    return move("rollback", seen, existing_runtime(seen, version), Split(version))


def version_before(seen: Seen, served: Sequence[int]) -> int:
    """The version a rollback without a number goes to.

    ``served`` are the versions that were stable, oldest first, as the journal knows them. While
    a canary is on trial, what served before is the stable version itself.
    """
    found, observed = seen.found, seen.observed
    if observed.runtime is None or found is None:
        missing = f"endpoint {seen.subject}" if observed.runtime else f"runtime {seen.runtime}"
        raise UsageError(f"{missing} does not exist", advice="check --endpoint and --platform")
    stable = found.split.stable
    if found.split.canaries and isinstance(stable, int):
        return stable
    published = {version.number for version in observed.versions}
    earlier = [number for number in served if number in published]
    if stable in earlier:  # also where a person went back by hand: never forward again
        earlier = earlier[: earlier.index(stable)]
    if earlier:
        return earlier[-1]
    listed = ", ".join(str(number) for number in sorted(published)) or "none"
    raise UsageError(
        f"the journal here knows no version that served {found.name} before version {stable}",
        advice=f"name one with --version N (published: {listed})",
    )
