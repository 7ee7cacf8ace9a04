"""What GitHub shows: outputs, the job summary and annotations at the line of s.yaml.

Formats: "Workflow commands for GitHub Actions" and "Adding a job summary" in GitHub's own
documentation. At most ten errors of a step are shown there, so the tenth stands for the rest.
"""

import json as parsing
from collections.abc import Iterator, Mapping

from agentramp.diagnostics import ConfigError, Diagnostic
from agentramp.model import Split
from agentramp.report import json
from agentramp.report.result import Answer, Failure, Result

SHOWN = 10


def outputs(value: Result, delimiter: str) -> str:
    """The lines for the outputs file; ``delimiter`` must be unguessable to keep values apart."""
    artifact = value.artifact
    pairs = {
        "changed": "true" if value.changed else "false",
        "runtime": value.runtime,
        "version": value.version,
        "previous-version": value.previous_version,
        "url": value.url,
        "weights": _compact(value.after),
        "verdict": value.verdict,
        "reason": value.message,
        "artifact-path": artifact.path if artifact else None,
        "artifact-digest": f"sha256:{artifact.sha256}" if artifact else None,
        "result-json": json.result(value),
    }
    return _written(pairs, delimiter)


def answer_outputs(value: Answer, delimiter: str) -> str:
    """Its fields that are a text and have the name of an output; all of them are in the JSON."""
    document = json.answer(value)
    said = parsing.loads(document)
    pairs = {
        "changed": "true" if value.changed else "false",
        **{name: said[name] for name in ("runtime", "url") if isinstance(said.get(name), str)},
        "reason": value.message,
        "result-json": document,
    }
    return _written(pairs, delimiter)


def _written(pairs: Mapping[str, object], delimiter: str) -> str:
    return "".join(
        f"{name}<<{delimiter}\n{'' if value is None else value}\n{delimiter}\n"
        for name, value in pairs.items()
    )


def answer_summary(value: Answer, reproduce: str) -> str:
    lines = [f"### {value.verb}: {'failed' if value.exit_code else 'done'}", ""]
    lines += [_cell(value.message), ""]
    if value.lines:
        lines += ["```text", *map(_fence, value.lines), "```", ""]
    if value.next:
        lines += [f"Next: `{value.next}`", ""]
    return "\n".join([*lines, f"The same on a laptop: `{reproduce}`", "", ""])


def summary(value: Result, reproduce: str) -> str:
    rows = [
        ("verdict", value.verdict),
        ("runtime", value.runtime),
        ("version", value.version),
        ("before", value.before),
        ("after", value.after),
        ("url", value.url),
        ("package", value.artifact and f"sha256:{value.artifact.sha256}"),
    ]
    table = [f"| {name} | {_cell(str(what))} |" for name, what in rows if what is not None]
    lines = [f"### {value.verb}: {_state(value)}", "", _cell(value.message), ""]
    if table:
        lines += ["| what | value |", "|---|---|", *table, ""]
    plans = [plan for plan in (value.plan, *value.endpoints) if plan and plan.steps]
    lines += [f"- {_cell(one.message)}" for one in value.resources]
    if plans:
        from agentramp.report import steps  # noqa: PLC0415 - a verb without a plan has no steps

        told = (_fence(line) for plan in plans for line in steps.plan(plan))
        lines += ["```text", *told, "```", ""]
    if value.next:
        lines += [f"Next: `{value.next}`", ""]
    return "\n".join([*lines, f"The same on a laptop: `{reproduce}`", "", ""])


def _state(value: Result) -> str:
    if value.dry_run:
        return "dry run"
    if value.changed:
        return "changed"
    return "nothing to do" if value.plan or value.artifact else "done"


def failure_summary(value: Failure) -> str:
    error = value.error
    lines = [f"### {value.verb}: failed (exit {error.exit_code})", "", _cell(error.message), ""]
    if isinstance(error, ConfigError):
        lines += ["```text", *(_fence(str(fault)) for fault in error.diagnostics), "```", ""]
    if error.advice:
        lines += [f"**What to do:** {_cell(error.advice)}", ""]
    return "\n".join([*lines, f"The same on a laptop: `{value.reproduce}`", "", ""])


def annotations(value: Failure) -> Iterator[str]:
    error = value.error
    if isinstance(error, ConfigError):
        yield from map(_annotation, error.diagnostics[: SHOWN - 1])
        if len(error.diagnostics) == SHOWN:
            yield _annotation(error.diagnostics[-1])
        if len(error.diagnostics) <= SHOWN:
            return
    advice = f"; {error.advice}" if error.advice else ""
    yield f"::error title=agentramp {_property(value.verb)}::{_data(error.message + advice)}"


def _annotation(fault: Diagnostic) -> str:
    place = fault.position
    told = f"{fault.path}: {fault.message}" if fault.path else fault.message
    return (
        f"::error file={_property(place.file)},line={place.line},col={place.column},"
        f"title={_property(fault.rule)}::{_data(told)}"
    )


def _compact(split: Split | None) -> str | None:
    if split is None:
        return None
    return "{" + ",".join(f'"{ref}":{weight}' for ref, weight in split.weights) + "}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _cell(value: str) -> str:
    """A user's text inside a table: no pipe, no backtick and no markup may act."""
    for mark in "\\`|*_[]":
        value = value.replace(mark, "\\" + mark)
    return value.replace("<", "&lt;").replace("\n", " ")


def _fence(line: str) -> str:
    return line.replace("```", "'''")
