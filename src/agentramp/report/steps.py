"""A plan in words: each step, the way back, and why.

Apart from ``text``: a verb that plans nothing loads none of the steps.
"""

import re
from collections.abc import Iterator

from typing_extensions import assert_never

from agentramp.component import Component, Health
from agentramp.model import Artifact
from agentramp.plan import (
    AskComponent,
    AwaitRuntime,
    Change,
    CreateEndpoint,
    CreateRuntime,
    CreateWorkspace,
    DescribeEndpoint,
    InstallComponent,
    KeepRecord,
    MoveTraffic,
    Plan,
    PrepareLogStore,
    PublishVersion,
    RemoveComponent,
    RemoveEndpoint,
    RemoveRuntime,
    ReserveConcurrency,
    SetDomain,
    Step,
    UpdateRuntime,
)
from agentramp.report.plain import harmless
from agentramp.report.text import size

_HEX = re.compile(r"[0-9a-f]{32,}")


def step(value: Step) -> str:  # noqa: C901, PLR0911, PLR0912 - one case for each kind
    match value:
        case CreateRuntime(spec, artifact):
            return f"create runtime {spec.name}{_package(artifact)}"
        case UpdateRuntime(_, spec, artifact, changes):
            return f"update runtime {spec.name}{_told(changes) or ': again, as it had failed'}"
        case CreateWorkspace(workspace):
            return f"create workspace {workspace.name}"
        case PrepareLogStore(store):
            return f"make log store {store.logstore} of project {store.project}, if it is not there"
        case AwaitRuntime():
            return "wait for the change an earlier run began"
        case PublishVersion(_, description):
            return f"publish the head as a version: {_HEX.sub(_short, description)}"
        case CreateEndpoint(_, name, split):
            return f"create endpoint {name}: {split}"
        case MoveTraffic(_, _, name, before, after) if before == after:
            return f"set {name} once more, so that it surely serves {after}"
        case MoveTraffic(_, _, name, before, after):
            return f"move {name}: {before} -> {after}"
        case DescribeEndpoint(_, _, name, description):
            return f"describe {name}: {description}"
        case RemoveEndpoint(_, _, name, before):
            return f"remove endpoint {name}, which serves {before}"
        case RemoveRuntime(_, name):
            return f"remove runtime {name} and its versions"
        case SetDomain(_, domain, changes):
            return f"lead domain {domain.name} here{_told(changes)}"
        case ReserveConcurrency(_, before, after):
            return f"reserve concurrency: {before or 'none'} -> {after or 'none'}"
        case InstallComponent(bundle, mount_point, before):
            return (
                f"install {bundle.identity.name} {bundle.version} at {mount_point}{_runs(before)}"
            )
        case AskComponent():
            return f"ask {value.page} whether it works"
        case RemoveComponent(_, name, mount_point):
            return f"remove {name} from {mount_point}"
        case KeepRecord():
            return f"write down{_kept(value)}"
        case _:
            assert_never(value)


def _told(changes: tuple[Change, ...]) -> str:
    told = "; ".join(f"{c.field}: {c.before} -> {c.after}" for c in changes)
    return told and f": {told}"


def _runs(before: Component | None) -> str:
    if before is None:
        return ""
    is_up = before.health is Health.RUNNING
    return f" ({before.version} runs there)" if is_up else f" ({before.version} is there)"


def _kept(value: KeepRecord) -> str:
    from agentramp.record import Judged, sentence  # noqa: PLC0415 - a verb without a ramp has none

    if isinstance(value.event, Judged):
        return f" the verdict: {value.event.decision.value}"
    return f": {harmless(sentence(value.event))}"


def plan(value: Plan) -> Iterator[str]:
    for line in value.steps:
        yield f"  will   {step(line)}"
    for line in value.way_back:
        yield f"  back   {step(line)}"
    if value.steps and not value.way_back:
        yield f"  back   {value.no_way_back}"
    for note in value.notes:
        yield f"  note   {harmless(note)}"


def _package(artifact: Artifact | None) -> str:
    return f" with a package of {size(artifact.size)}" if artifact else ""


def _short(found: re.Match[str]) -> str:
    return found[0][:12]
