"""Freeze the head as a version, unless a version already holds the very same."""

from collections.abc import Iterable

from agentramp.errors import UsageError
from agentramp.model import Observed, Runtime, RuntimeSpec, Version
from agentramp.plan import Plan, PublishVersion, Subject


def plan_publish(
    name: str,
    observed: Observed,
    published: Iterable[tuple[Version, RuntimeSpec]],
    description: str,
) -> tuple[Plan, int | None]:
    """The plan, and the number of the version that holds the head already.

    ``published`` are the versions that might hold it, newest first.
    """
    runtime = _ready(name, observed.runtime)
    subject = Subject(name)
    for version, spec in published:
        if spec == runtime.spec:
            note = f"the head is already published as version {version.number}"
            return Plan("publish-version", subject, notes=(note,)), version.number
    return Plan("publish-version", subject, (PublishVersion(runtime.id, description),)), None


def _ready(name: str, runtime: Runtime | None) -> Runtime:
    if runtime is None:
        raise UsageError(
            f"runtime {name} does not exist, so there is nothing to publish",
            advice="deploy it first",
        )
    if runtime.status.is_failure:
        raise UsageError(
            f"the head of {name} is {runtime.status.value}: {runtime.reason or 'no reason given'}",
            advice="mend the agent and deploy it again",
        )
    return runtime
