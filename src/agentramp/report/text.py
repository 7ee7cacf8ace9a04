"""The words a person reads. Nothing here prints."""

from collections.abc import Iterator
from pathlib import Path

from agentramp.diagnostics import ConfigError
from agentramp.report.plain import harmless
from agentramp.report.result import Answer, Facts, Failure, History, Result

_KILO = 1000.0


def result(value: Result, cwd: Path) -> Iterator[str]:
    """``cwd`` shortens paths to what a person would type there."""
    message = harmless(value.message)
    yield f"dry run, nothing changed: {message}" if value.dry_run else message
    yield from (f"  {harmless(one.message)}" for one in value.resources)
    if value.artifact:
        artifact = value.artifact
        yield f"  package {shown(artifact.path, cwd)} ({size(artifact.size)})"
    if value.artifact_digest:
        yield f"  sha256  {value.artifact_digest.removeprefix('sha256:')}"
    if value.after:
        would = value.dry_run and value.after != value.before
        yield f"  would serve {value.after}" if would else f"  serves  {value.after}"
    if value.url:
        yield f"  url     {value.url}"
    if value.next:
        yield f"next: {value.next}"


def facts(value: Facts) -> Iterator[str]:
    yield value.message
    yield from value.table
    for name, fact in () if value.table else value.facts:
        told = "(shown with --output json)" if name in value.secret else _told(fact)
        yield f"  {name:<18} {told}"


def _told(fact: str | float | bool | None) -> str:  # noqa: FBT001 - any kind of fact
    match fact:
        case None:
            return "-"
        case bool():
            return "yes" if fact else "no"
        case _:
            return str(fact)


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
