"""Workflow commands of our own: annotations at the line of a file, warnings, groups, debug lines.

Formats: "Workflow commands for GitHub Actions" in GitHub's own documentation. At most ten errors
and ten warnings of a step are shown there, so the tenth error stands for the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentramp.diagnostics import ConfigError, Diagnostic
from agentramp.report.github.escaping import data, value
from agentramp.report.plain import cannot_act, harmless
from agentramp.report.result import Failure

SHOWN = 10
LONGEST = 4000
"""Characters; GitHub cuts a longer message, and keeps fewer annotations."""
END_OF_GROUP = "::endgroup::"


@dataclass(frozen=True)
class Place:
    """Where the run is: GitHub knows files by their path from ``workspace``."""

    cwd: Path
    workspace: Path

    def of(self, file: str) -> str:
        """Empty where the file is not in the workspace, so that nothing in the diff is meant."""
        absolute = (self.cwd / file).resolve()
        workspace = self.workspace.resolve()
        is_inside = absolute.is_relative_to(workspace)
        return absolute.relative_to(workspace).as_posix() if is_inside else ""


def errors(failure: Failure, place: Place) -> Iterator[str]:
    error = failure.error
    if isinstance(error, ConfigError):
        faults = error.diagnostics
        yield from (_fault(one, place) for one in faults[: SHOWN - 1])
        if len(faults) == SHOWN:
            yield _fault(faults[-1], place)
        if len(faults) <= SHOWN:
            return
    advice = f"; {error.advice}" if error.advice else ""
    yield error_of(failure.verb, (str(error) or type(error).__name__) + advice)


def _fault(fault: Diagnostic, place: Place) -> str:
    position = fault.position
    told = f"{fault.path}: {fault.message}" if fault.path else fault.message
    file = place.of(position.file)
    if not file:
        told = f"{position.file}:{position.line}:{position.column}: {told}"
        return f"::error title={value(harmless(fault.rule))}::{_message(told)}"
    return (
        f"::error file={value(harmless(file))},line={position.line},col={position.column},"
        f"title={value(harmless(fault.rule))}::{_message(told)}"
    )


def error_of(verb: str, said: str) -> str:
    return f"::error title=agentramp {value(verb)}::{_message(said)}"


def warning(verb: str, said: str) -> str:
    return f"::warning title=agentramp {value(verb)}::{_message(said)}"


def debug(said: str) -> str:
    return f"::debug::{_message(said)}"


def group(title: str) -> str:
    return f"::group::{_message(title)}"


def _message(said: str) -> str:
    """What moves a terminal's cursor has no place here; lines to copy keep their indentation."""
    lines = "\n".join(map(cannot_act, said.splitlines()))
    shown = lines if len(lines) <= LONGEST else f"{lines[:LONGEST]}..."
    return data(shown.replace("##[", "## ["))
