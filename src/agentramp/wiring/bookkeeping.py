"""Writes a verb's end down on GitHub, after it has ended and before it is told.

Nothing here changes how the verb ended: what cannot be written becomes one warning.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentramp.bookkeeping.port import BookkeepingError, Deployment
from agentramp.errors import (
    AgentrampError,
    RefusedError,
    SupersededError,
    UsageError,
    WayBackFailedError,
)
from agentramp.model import Version
from agentramp.platform.port import UnreachableError
from agentramp.provenance import provenance
from agentramp.ramp import standing
from agentramp.report.github.links import Links, run_page
from agentramp.report.github.page import Page
from agentramp.report.result import Report, Result
from agentramp.revision import commit
from agentramp.wiring import deployments, on_github, pull_request
from agentramp.wiring.context import Context
from agentramp.wiring.deployments import Entry
from agentramp.wiring.on_github import Task
from agentramp.wiring.project import configured
from agentramp.wiring.target import Target, named, of

_DIRTY: Final = "-dirty"


@dataclass(frozen=True)
class Command:
    """``reproduce`` is what does the same on a laptop."""

    verb: str
    reproduce: str


def recorded(
    command: Command, args: argparse.Namespace, context: Context, run: Callable[[], Report]
) -> Report:
    """What ``run`` gives or raises, after it was written down.

    Raises UsageError before anything is done where a comment makes no sense.
    """
    _refuse_comment(args, context)
    try:
        report = run()
    except AgentrampError as error:
        _write(command, args, context, error)
        raise
    if isinstance(report, Result):
        _write(command, args, context, report)
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


def _write(
    command: Command, args: argparse.Namespace, context: Context, end: Result | AgentrampError
) -> None:
    """Whatever goes wrong here, the verb has ended as it has."""
    why = ""
    try:
        on_github.carry_out(context, _tasks(command, args, context, end))
    except AgentrampError as error:
        why = f"{error.message}; {error.advice}" if error.advice else error.message
    except KeyboardInterrupt:
        why = "interrupted while GitHub was told; the verb itself had ended"
    except Exception as error:  # noqa: BLE001 - a bug of bookkeeping is none of the release
        why = f"GitHub was not told: {type(error).__name__}, which is a bug of agentramp"
    if why:
        context.console.say(f"warning: {why}")


def _tasks(
    command: Command, args: argparse.Namespace, context: Context, end: Result | AgentrampError
) -> list[Task]:
    """A dry run has a plan to comment, any other run something to record."""
    if not args.dry_run:
        if getattr(args, "comment", False):
            context.console.say("no comment is written: this is no dry run, so it has no plan")
        environment = getattr(args, "github_environment", None)
        return _deployments(command.verb, args, context, end) if environment else []
    if not getattr(args, "comment", False):
        return []
    number = pull_request.number(context.environ)
    page = Page(command.reproduce, Links.of(context.environ))
    comment = pull_request.comment(args, command.verb, page, number, end)
    return [lambda books: books.comment(comment)]


def _deployments(
    verb: str, args: argparse.Namespace, context: Context, end: Result | AgentrampError
) -> list[Task]:
    if isinstance(end, Result) and not deployments.entries(end):
        return []
    if isinstance(end, AgentrampError) and not _is_told(end):
        return []
    where = _place(args, context)
    versions = _versions(where, end)
    if isinstance(end, Result):
        entries = deployments.entries(end)
    else:
        entries = _failed(verb, args, context, _Failed(where, versions, end))
    page, here = run_page(context.environ) or None, _here(args, context)
    subject = f"{where.region}/{where.subject}"
    return [
        _task(
            Deployment(
                args.github_environment,
                _commit(versions, entry.version, here),
                subject,
                entry.version,
            ),
            replace(entry, stand=replace(entry.stand, log=page)),
        )
        for entry in entries
    ]


def _task(about: Deployment, entry: Entry) -> Task:
    return lambda books: books.deployment(about, entry.stand)


def _is_told(error: AgentrampError) -> bool:
    """Whether something was tried that people wait for; of a wrong word nobody's page tells."""
    return isinstance(error, RefusedError | WayBackFailedError | SupersededError)


@dataclass(frozen=True)
class _Failed:
    where: Target
    versions: Sequence[Version]
    error: AgentrampError


def _failed(
    verb: str, args: argparse.Namespace, context: Context, failed: _Failed
) -> tuple[Entry, ...]:
    now = standing(failed.where.journal.read(failed.where.subject))
    version: int | None
    match verb:
        case "release":
            version = _published(failed.versions, _here(args, context))
        case "shift-traffic":
            version = args.version
        case _:
            version = deployments.at_stake(now)
    return deployments.failed(verb, failed.error, version, now)


def _published(versions: Sequence[Version], here: str | None) -> int | None:
    """The version that a release which failed had made by then, if it had."""
    same = [one.number for one in versions if here and provenance(one.description).commit == here]
    return max(same, default=None)


def _place(args: argparse.Namespace, context: Context) -> Target:
    if hasattr(args, "runtime"):
        return named(args, context)
    whole, runtime = configured(args, context)
    return of(args, context, runtime, whole.access)


def _versions(where: Target, end: Result | AgentrampError) -> Sequence[Version]:
    """None where the platform does not answer: that would cost more time than it is worth."""
    if isinstance(end, UnreachableError):
        return ()
    try:
        return where.platform.observe(where.runtime).versions
    except RefusedError:
        return ()


def _here(args: argparse.Namespace, context: Context) -> str | None:
    """The commit of the checkout, as a version's description has it."""
    root = context.cwd / args.path
    return commit(root if root.is_dir() else root.parent, context.environ)


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
