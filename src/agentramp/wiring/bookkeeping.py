"""Writes a verb's end down on GitHub, after it has ended and before it is told.

Nothing here changes how the verb ended: what cannot be written becomes one warning.
"""

import argparse
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from agentramp.bookkeeping.patience import BUDGET, Patience
from agentramp.bookkeeping.port import Bookkeeper, BookkeepingError, Deployment
from agentramp.errors import AgentrampError, RefusedError, UsageError
from agentramp.model import Version
from agentramp.platform.port import UnreachableError
from agentramp.provenance import provenance
from agentramp.ramp import Standing, standing
from agentramp.report.result import Report, Result
from agentramp.revision import commit
from agentramp.wiring import deployments, pull_request
from agentramp.wiring.context import Context
from agentramp.wiring.deployments import Entry
from agentramp.wiring.project import configured
from agentramp.wiring.target import Target, named, of

T = TypeVar("T")

API: Final = "https://api.github.com"
_MARGIN: Final = 2.0
_DIRTY: Final = "-dirty"


@dataclass(frozen=True)
class Command:
    """``spelled`` is what does the same on a laptop; ``warn`` shows a person one sentence."""

    verb: str
    spelled: str
    warn: Callable[[str], None]


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
    try:
        desk = _Desk(command, args, context, end)
        desk.write()
    except BookkeepingError as error:
        command.warn(f"{error.message}; {error.advice}" if error.advice else error.message)
    except KeyboardInterrupt:
        command.warn("interrupted while it was written down on GitHub; the verb itself is done")
    except Exception as error:  # noqa: BLE001 - a bug of bookkeeping is none of the release
        command.warn(f"nothing was written on GitHub: {type(error).__name__}, a bug of agentramp")


@dataclass
class _Desk:
    command: Command
    args: argparse.Namespace
    context: Context
    end: Result | AgentrampError
    told: list[str] = field(default_factory=list)

    def write(self) -> None:
        """Raises BookkeepingError, with what could not be written."""
        tasks = [*self._comment(), *self._deployments()]
        if not tasks:
            return
        failures: list[BookkeepingError] = []
        keep = _connect(self.context, self.told.append)
        _bounded(lambda: keep(tasks, failures))
        for line in self.told:
            self.context.console.say(line)
        if failures:
            told = dict.fromkeys(error.message for error in failures)
            raise BookkeepingError("; ".join(told), advice=failures[0].advice)

    def _comment(self) -> "list[Task]":
        if not getattr(self.args, "comment", False):
            return []
        if not self.args.dry_run:
            self.context.console.say("no comment is written: this is no dry run, so it has no plan")
            return []
        found = pull_request.number(self.context.environ)
        said = pull_request.comment(
            self.args, self.command.verb, self.command.spelled, found, self.end
        )
        return [lambda books: books.comment(said)]

    def _deployments(self) -> "list[Task]":
        environment = getattr(self.args, "github_environment", None)
        if not environment or self.args.dry_run:
            return []
        page = _page(self.context)
        return [
            _task(replace(about, environment=environment), replace(entry.stand, log=page))
            for about, entry in self._entries()
        ]
