"""Writes a verb's end down on GitHub, after it has ended and before it is told.

Nothing here changes how the verb ended: what cannot be written becomes one warning.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentramp.bookkeeping.port import Bookkeeper, BookkeepingError, Deployment, Stand
from agentramp.errors import (
    AgentrampError,
    RefusedError,
    SupersededError,
    UsageError,
    WayBackFailedError,
)
from agentramp.model import Observed, Version
from agentramp.provenance import provenance
from agentramp.ramp import Standing, standing
from agentramp.report.github.links import Links, run_page
from agentramp.report.github.page import Page
from agentramp.report.result import Report, Result
from agentramp.revision import commit
from agentramp.wiring import deployments, on_github, pull_request
from agentramp.wiring.context import Context
from agentramp.wiring.deployments import Entry
from agentramp.wiring.on_github import Task
from agentramp.wiring.project import folder_of
from agentramp.wiring.sight import Sight, Watched

_DIRTY: Final = "-dirty"


@dataclass(frozen=True)
class Command:
    """``reproduce`` is what does the same on a laptop."""

    verb: str
    reproduce: str


def recorded(
    command: Command,
    args: argparse.Namespace,
    context: Context,
    run: Callable[[Context], Report],
) -> Report:
    """What ``run`` gives or raises, after it was written down.

    ``run`` is to work with the context that it is given: what it sees there is not asked again.
    Raises UsageError before anything is done where a comment makes no sense.
    """
    _refuse_comment(args, context)
    desk = _Desk(command, args, context)
    try:
        report = run(replace(context, sight=desk.sight))
    except AgentrampError as error:
        desk.writes(error)
        raise
    except KeyboardInterrupt:
        desk.is_left()
        raise
    if isinstance(report, Result):
        desk.writes(report)
    return report


def _refuse_comment(args: argparse.Namespace, context: Context) -> None:
    """On a laptop the option can never do anything.

    In a workflow one step may serve pull requests and pushes, so there it is left aside.
    """
    if not getattr(args, "comment", False) or context.environ.get("GITHUB_ACTIONS") == "true":
        return
    raise UsageError(
        "--comment writes on the pull request of a workflow's run, and this is no workflow",
        advice="leave it out; the plan is printed here",
    )


class _Desk:
    """Where a run's ends are written down: one, or each tick of a watch."""

    def __init__(self, command: Command, args: argparse.Namespace, context: Context) -> None:
        self.sight = Sight(self._write)
        self._command = command
        self._args = args
        self._context = context
        self._warned: set[str] = set()
        self._stood: dict[int, Stand] = {}
        """The states that were written, by version."""

    def writes(self, end: Result | AgentrampError) -> None:
        try:
            self._write(end)
        except KeyboardInterrupt:
            self._warn("interrupted while GitHub was told; the verb itself had ended")

    def is_left(self) -> None:
        """Of a run that was interrupted nothing more is written."""
        if self._args.dry_run or not self._environment:
            return
        stands = [
            f"version {version} stands there as {stand.state.value} ({stand.description})"
            for version, stand in tuple(self._stood.items())
        ]
        said = "; ".join(stands) or "this run has written nothing there"
        self._context.console.say(
            f"GitHub is not told of the interruption: {said}; the next run writes what is so then"
        )

    def _write(self, end: Result | AgentrampError) -> None:
        """Whatever goes wrong here, the verb has ended as it has."""
        why = ""
        try:
            on_github.carry_out(self._context, lambda: self._tasks(end))
        except AgentrampError as error:
            why = f"{error.message}; {error.advice}" if error.advice else error.message
        except Exception as error:  # noqa: BLE001 - a bug of bookkeeping is none of the release
            why = f"GitHub was not told: {type(error).__name__}, which is a bug of agentramp"
        self._warn(why)

    def _warn(self, why: str) -> None:
        """Once each: a watch may meet the same at every tick."""
        if why and why not in self._warned:
            self._warned.add(why)
            self._context.console.say(f"warning: {why}")

    @property
    def _environment(self) -> str:
        return getattr(self._args, "github_environment", None) or ""

    def _tasks(self, end: Result | AgentrampError) -> list[Task]:
        """A dry run has a plan to comment, any other run something to record."""
        wanted = getattr(self._args, "comment", False)
        if not self._args.dry_run:
            if wanted:
                self._context.console.say(
                    "no comment is written: this is no dry run, so it has no plan"
                )
            return self._deployments(end) if self._environment else []
        if not wanted:
            return []
        number = pull_request.number(self._context.environ)
        page = Page(self._command.reproduce, Links.of(self._context.environ))
        comment = pull_request.comment(self._args, self._command.verb, page, number, end)
        return [lambda books: books.comment(comment)]

    def _deployments(self, end: Result | AgentrampError) -> list[Task]:
        if isinstance(end, AgentrampError) and not _is_told(end):
            return []
        seen = _seen(self.sight, end)
        entries = self._entries(seen, end)
        if not entries:
            return []
        here, page = _here(self._args, self._context), run_page(self._context.environ) or None
        return [
            self._task(
                Deployment(
                    self._environment,
                    _commit(seen.observed.versions, entry.version, here),
                    f"{seen.where.region}/{seen.where.subject}",
                    entry.version,
                    seen.observed.runtime.id if seen.observed.runtime else None,
                ),
                replace(entry.stand, log=page),
            )
            for entry in entries
        ]

    def _entries(self, seen: "_Seen", end: Result | AgentrampError) -> tuple[Entry, ...]:
        subject = seen.where.subject
        now = standing(self.sight.records.get(subject, ()))
        if isinstance(end, AgentrampError):
            version = self._at_stake(seen, now)
            found = seen.observed.endpoint(subject.endpoint or "")
            serves = found.split if found else None
            return deployments.failed(self._command.verb, end, version, now, serves)
        began = self.sight.began.get(subject, now)
        queued = now.queued if now.queued is not None else began.queued
        entries = deployments.entries(end, queued)
        told = {entry.version for entry in entries}
        aside = [one for one in deployments.unqueued(began, now) if one.version not in told]
        return (*aside, *entries)

    def _at_stake(self, seen: "_Seen", now: Standing) -> int | None:
        match self._command.verb:
            case "release":
                here = _here(self._args, self._context)
                return self._context.deeds.version or _published(seen.observed.versions, here)
            case "shift-traffic":
                return int(self._args.version)
            case _:
                return deployments.at_stake(now)

    def _task(self, about: Deployment, stand: Stand) -> Task:
        def task(books: Bookkeeper) -> bool:
            is_new = books.deployment(about, stand)
            self._stood[about.version] = stand
            return is_new

        return task


def _is_told(error: AgentrampError) -> bool:
    """Whether something was tried that people wait for; of a wrong word nobody's page tells."""
    return isinstance(error, RefusedError | WayBackFailedError | SupersededError)


@dataclass(frozen=True)
class _Seen:
    where: Watched
    observed: Observed


def _seen(sight: Sight, end: Result | AgentrampError) -> _Seen:
    """What the verb saw: a platform that failed it is not asked again.

    Only after another run was faster it is looked what serves by now. Raises BookkeepingError where
    the verb saw nothing.
    """
    where = sight.where
    observed = sight.observed.get(where.subject.runtime) if where else None
    if where is None or observed is None:
        raise BookkeepingError("GitHub was not told: the run ended before it saw what serves")
    if isinstance(end, SupersededError):
        observed = where.platform.observe(where.subject.runtime)
    return _Seen(where, observed)


def _published(versions: Sequence[Version], here: str | None) -> int | None:
    """The version that a release which failed was about, if an earlier one had made it."""
    same = [one.number for one in versions if here and provenance(one.description).commit == here]
    return max(same, default=None)


def _here(args: argparse.Namespace, context: Context) -> str | None:
    """The commit of the checkout, as a version's description has it."""
    return commit(folder_of(args, context), context.environ)


def _commit(versions: Sequence[Version], number: int, here: str | None) -> str:
    """What the version was built of, as it says itself; else what this run is of.

    A schedule runs on the default branch's head, and that may be many commits later.
    """
    said = (provenance(one.description).commit for one in versions if one.number == number)
    found = next(said, None) or here
    if found is None:
        raise BookkeepingError(
            f"no deployment of version {number} is recorded: nobody knows the commit it is of",
            advice="check out the repository before the release (actions/checkout)",
        )
    return found.removesuffix(_DIRTY)
