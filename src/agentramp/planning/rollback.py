"""Go back to a version that served before: no build, no evidence and no file of it needed."""

from collections.abc import Sequence

from agentramp.errors import UsageError
from agentramp.model import Endpoint, Observed, Split
from agentramp.plan import Plan, Subject
from agentramp.planning.traffic import existing_runtime, move


def plan_rollback(
    name: str, observed: Observed, endpoint: str, served: Sequence[int], version: int | None
) -> Plan:
    """All traffic to ``version``; None means the one that served before.

    ``served`` are the versions that were stable, oldest first, as the journal knows them. While
    a canary is on trial, what served before is the stable version itself.
    """
    found = observed.endpoint(endpoint)
    if observed.runtime is None or found is None:
        missing = f"endpoint {endpoint} of {name}" if observed.runtime else f"runtime {name}"
        raise UsageError(f"{missing} does not exist", advice="check --endpoint and --platform")
    target = version if version is not None else _before(found, observed, served)
    runtime = existing_runtime(name, observed, target)
    return move("rollback", Subject(name, endpoint), runtime, found, Split(target))


def _before(found: Endpoint, observed: Observed, served: Sequence[int]) -> int:
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
        f"the journal knows no version that served {found.name} before version {stable}",
        advice=f"name one: agentramp rollback --version N (published: {listed})",
    )
