"""The words a person reads. Nothing here prints."""

import re
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import assert_never

from agentramp.diagnostics import ConfigError
from agentramp.model import Artifact
from agentramp.plan import (
    AwaitRuntime,
    Change,
    CreateEndpoint,
    CreateRuntime,
    CreateWorkspace,
    DescribeEndpoint,
    KeepRecord,
    MoveTraffic,
    Plan,
    PrepareLogStore,
    PublishVersion,
    RemoveEndpoint,
    RemoveRuntime,
    ReserveConcurrency,
    SetDomain,
    Step,
    UpdateRuntime,
)
from agentramp.report.plain import harmless
from agentramp.report.result import Answer, Facts, Failure, History, Result

_KILO = 1000.0
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
        case KeepRecord():
            return f"write down{_kept(value)}"
        case _:
            assert_never(value)


def _told(changes: tuple[Change, ...]) -> str:
    told = "; ".join(f"{c.field}: {c.before} -> {c.after}" for c in changes)
    return told and f": {told}"


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


def result(value: Result, cwd: Path) -> Iterator[str]:
    """``cwd`` shortens paths to what a person would type there."""
    message = harmless(value.message)
    yield f"dry run, nothing changed: {message}" if value.dry_run else message
    yield from (f"  {harmless(one.message)}" for one in value.resources)
    if value.artifact:
        artifact = value.artifact
        yield f"  package {shown(artifact.path, cwd)} ({size(artifact.size)})"
        yield f"  sha256  {artifact.sha256}"
    if value.after:
        yield f"  serves  {value.after}"
    if value.url:
        yield f"  url     {value.url}"
    if value.next:
        yield f"next: {value.next}"


def facts(value: Facts) -> Iterator[str]:
    yield value.message
    yield from value.table
    for name, fact in () if value.table else value.facts:
        yield f"  {name:<18} {'(shown with --output json)' if name in value.secret else fact}"


def history(value: History, cwd: Path) -> Iterator[str]:
    from agentramp.report.records import listed  # noqa: PLC0415 - only this verb needs it

    yield value.message
    yield from listed(value.records)
    if value.page:
        yield f"  page    {shown(value.page, cwd)}"
    if value.next:
        yield f"next: {value.next}"


def answer(value: Answer) -> Iterator[str]:
    yield harmless(value.message)
    yield from value.lines
    if value.next:
        yield f"next: {value.next}"


def failure(value: Failure) -> Iterator[str]:
    """The last line is the reason and the fix; what a message quotes at length stands above it."""
    error = value.error
    if isinstance(error, ConfigError):
        yield from map(str, error.diagnostics)
    reason, *quoted = str(error).splitlines() or [type(error).__name__]
    yield from (f"  {line}" for line in quoted)
    advice = f"; {error.advice}" if error.advice else ""
    yield f"agentramp {value.verb}: {reason.rstrip(':')}{advice}"


def shown(path: Path, cwd: Path) -> Path:
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def size(count: int) -> str:
    amount = float(count)
    for unit in ("bytes", "kB", "MB"):
        if amount < _KILO:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= _KILO
    return f"{amount:.1f} GB"


def _package(artifact: Artifact | None) -> str:
    return f" with a package of {size(artifact.size)}" if artifact else ""


def _short(found: re.Match[str]) -> str:
    return found[0][:12]
