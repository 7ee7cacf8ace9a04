"""The page of a step in the run's summary: what was done, from where to where, and how to redo it.

"Adding a job summary" in GitHub's documentation: Markdown, at most 1 MiB for a step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentramp.diagnostics import ConfigError
from agentramp.fences import open_fence
from agentramp.model import Split
from agentramp.report.github import chart
from agentramp.report.github.escaping import block, code, code_cell, link, text
from agentramp.report.github.links import NOWHERE, Links
from agentramp.report.plain import harmless
from agentramp.report.result import Answer, Facts, Failure, History, Result

MOST = 1024 * 1024
"""Bytes of a step."""
_LINES = 200_000
_CUT = "\n\n_Cut here: GitHub shows 1 MiB of a step. The log and the output `result-json` go on._\n"


@dataclass(frozen=True)
class Page:
    """``reproduce`` is the command that does the same on a laptop; empty where none can."""

    reproduce: str
    links: Links = NOWHERE

    def of(self, value: Result | Answer | Facts | History) -> str:
        """Raises ValueError for facts that hold a secret: nobody may write them down."""
        match value:
            case Result():
                return self._page(value.verb, _state(value), _result(value))
            case Answer():
                return self._page(value.verb, _end(value.exit_code), _answer(value))
            case Facts():
                if value.secret:
                    raise ValueError(value.verb)
                return self._page(value.verb, _end(value.exit_code), _facts(value))
            case History():
                return self._page(value.verb, "done", _history(value))

    def of_failure(self, value: Failure) -> str:
        state = f"failed (exit {value.error.exit_code})"
        return self._page(value.verb, state, _failure(value))

    def of_end(self, verb: str, code: int, reason: str, advice: str) -> str:
        """A run that nobody's error describes: a bug of ours, or an interrupt."""
        return self._page(verb, f"failed (exit {code})", [text(reason), "", _todo(advice), ""])

    def _page(self, verb: str, state: str, body: Sequence[str] | Iterator[str]) -> str:
        places = [place for place in (self.links.run, self.links.commit) if place]
        foot = [" · ".join(places), ""] if places else []
        lines = [f"### {text(verb)}: {state}", "", *body, *foot, *_again(self.reproduce)]
        return "\n".join([*lines, ""])


def cut(page: str, room: int) -> str:
    """At most ``room`` bytes of ``page``, with a sentence that says so; no fence is left open."""
    whole = page.encode("utf-8", "replace")
    if len(whole) <= room:
        return whole.decode()
    kept = whole[: max(0, room - len(_CUT) - 64)].decode("utf-8", "ignore")
    kept = kept[: kept.rfind("\n") + 1]
    return (kept + open_fence(kept) + _CUT) if room > len(_CUT) else ""


def _state(value: Result) -> str:
    if value.exit_code:
        how = "stopped by a gate" if value.stopped else "rolled back"
        return f"{how} (exit {value.exit_code})"
    if value.dry_run:
        return "dry run, nothing changed"
    if value.changed:
        return "changed"
    if value.verdict:
        return f"{value.verdict}, nothing changed"
    return "nothing to do" if value.plan or value.artifact else "done"


def _end(code: int) -> str:
    return f"failed (exit {code})" if code else "done"


def _result(value: Result) -> Iterator[str]:
    yield from (text(value.message), "")
    rows = list(_rows(value))
    if rows:
        yield from ("| | before | after |", "|---|---|---|", *rows, "")
    yield from _picture(value)
    if value.resources:
        yield from (f"- {text(one.message)}" for one in value.resources)
        yield ""
    yield from _plans(value)
    yield from _next(value.next)


def _rows(value: Result) -> Iterator[str]:
    """What was and what is; what a run does not change stands under what is."""
    before, after = value.before, value.after
    if value.verdict:
        yield _row("verdict", "", code_cell(value.verdict))
    if value.runtime:
        yield _row("runtime", "", code_cell(value.runtime))
    if value.endpoint:
        yield _row("endpoint", "", code_cell(value.endpoint))
    yield from _versions(value)
    if before or after:
        yield _row("weights", _weights(before), _weights(after))
    if value.url:
        yield _row("url", "", link(value.url))
    if value.artifact_digest:
        yield _row("package", "", code_cell(value.artifact_digest))


def _versions(value: Result) -> Iterator[str]:
    """While a ramp goes on, or after it was rolled back, its canary is no successor."""
    climb, after = value.climb, value.after
    if climb and after != Split(climb.canary):
        yield _row("stable", "", str(climb.stable))
        yield _row("canary", "", str(climb.canary))
    elif value.version or value.previous_version:
        yield _row("version", _number(value.previous_version), _number(value.version))


def _row(name: str, before: str, after: str) -> str:
    return f"| {name} | {before} | {after} |"


def _number(version: int | str | None) -> str:
    return code_cell(version) if isinstance(version, str) else str(version or "")


def _weights(split: Split | None) -> str:
    """One version's share is not broken over two lines."""
    return ", ".join(one.replace(" ", "&nbsp;") for one in str(split).split(", ")) if split else ""


def _picture(value: Result) -> Iterator[str]:
    if value.climb and value.climb.path:
        yield from (
            *chart.ramp(value.climb, ahead=value.dry_run and value.before != value.after),
            "",
        )
    elif value.before and value.after and value.before != value.after:
        yield from (*chart.move(value.before, value.after), "")


def _plans(value: Result) -> Iterator[str]:
    plans = [plan for plan in (value.plan, *value.endpoints) if plan and plan.steps]
    plans += [plan for one in value.resources for plan in (one.plan, *one.endpoints) if plan]
    if not plans:
        return
    from agentramp.report import steps  # noqa: PLC0415 - a verb without a plan has no steps

    told = (line for plan in plans if plan.steps for line in steps.plan(plan))
    yield from (*block(told, _LINES), "")


def _answer(value: Answer) -> Iterator[str]:
    yield from (text(value.message), "")
    if value.climb and value.climb.path:
        yield from (*chart.ramp(value.climb), "")
    if value.lines:
        yield from (*block(value.lines, _LINES), "")
    yield from _next(value.next)


def _facts(value: Facts) -> Iterator[str]:
    yield from (text(value.message), "")
    if value.table:
        yield from (*block(value.table, _LINES), "")
    elif value.facts:
        yield from ("| | |", "|---|---|")
        yield from (f"| {text(name)} | {_fact(fact)} |" for name, fact in value.facts)
        yield ""


def _fact(fact: str | float | bool | None) -> str:  # noqa: FBT001 - any kind of fact
    match fact:
        case None | "":
            return ""
        case bool():
            return "yes" if fact else "no"
        case _:
            return code_cell(str(fact))


def _history(value: History) -> Iterator[str]:
    from agentramp.report.records import listed  # noqa: PLC0415 - only this verb needs it

    yield from (text(value.message), "")
    yield from (*block(listed(value.records), _LINES), "")
    yield from _next(value.next)


def _failure(value: Failure) -> Iterator[str]:
    error = value.error
    reason, *quoted = str(error).splitlines() or [type(error).__name__]
    yield from (text(reason), "")
    if quoted:
        yield from (*block(quoted, _LINES), "")
    if isinstance(error, ConfigError):
        yield from (*block((harmless(str(fault)) for fault in error.diagnostics), _LINES), "")
    if error.advice:
        yield from (_todo(error.advice), "")


def _todo(advice: str) -> str:
    return f"**What to do:** {text(advice)}"


def _next(command: str | None) -> Iterator[str]:
    if command:
        yield from (f"Next: {code(command)}", "")


def _again(command: str) -> Iterator[str]:
    """As a block of its own: GitHub puts a button for copying beside one."""
    if not command:
        return
    yield "The same on a laptop:"
    yield ""
    yield from block([command], _LINES)
    yield ""
