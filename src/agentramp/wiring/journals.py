"""Where it is written what was done: a git ref that every runner reaches, or a file."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from agentramp.config.ramp_settings import JournalKind, RampConfig
from agentramp.errors import UsageError
from agentramp.journal.file import FileJournal
from agentramp.journal.git import GitJournal
from agentramp.journal.gitremote import without_users
from agentramp.journal.port import Journal
from agentramp.revision import has_git, has_remote
from agentramp.wiring.context import Context
from agentramp.wiring.project import folder_of


@dataclass(frozen=True)
class Shelf:
    """One place that agents run at: the refs of its journals begin with ``prefix``.

    ``folder`` is where files of it lie, in the folder of all journals.
    """

    prefix: str
    folder: Path


def kept(args: argparse.Namespace, context: Context, ramp: RampConfig, shelf: Shelf) -> Journal:
    """On a git ref wherever there is a remote to hold it: a runner's disk is gone tomorrow."""
    given = getattr(args, "journal", None)
    kind = JournalKind(given) if given else ramp.journal
    remote = getattr(args, "remote", None) or ramp.remote
    root = folder_of(args, context)
    auto = kind is JournalKind.AUTO and args.platform != "local"
    if (auto or kind is JournalKind.GIT) and _is_in_git(args, context, kind, root, remote):
        return GitJournal(root, remote, shelf.prefix, context.environ, context.sleep)
    return FileJournal(context.home / "journal" / shelf.folder)


def _is_in_git(
    args: argparse.Namespace, context: Context, kind: JournalKind, root: Path, remote: str
) -> bool:
    """Raises UsageError where it has to be and cannot."""
    # A verb that takes no --journal writes nothing down, so the file does as well.
    writes = hasattr(args, "journal")
    if not writes and kind is JournalKind.AUTO:
        return False
    if has_remote(root, remote, context.environ):
        return True
    no_git = not has_git(context.environ)
    if no_git and (kind is JournalKind.GIT or context.environ.get("GITHUB_ACTIONS") == "true"):
        raise UsageError(
            "the journal is kept as a git ref, and there is no git on PATH",
            advice="install git, in a container job before actions/checkout (which else fetches no"
            " repository, but files alone); or say journal: file in agentramp.yaml where this disk"
            " is kept",
        )
    if kind is JournalKind.GIT:
        raise UsageError(
            f"the journal is to be a git ref, and {root} has no git remote {without_users(remote)}",
            advice="run this in a clone, name its remote with --remote, or use --journal file",
        )
    if context.environ.get("GITHUB_ACTIONS") == "true":
        raise UsageError(
            f"{root} has no git remote {without_users(remote)} to keep the journal, and a runner's"
            " disk is gone tomorrow",
            advice="check out the repository first (actions/checkout); or, where this runner keeps"
            " its disk, say journal: file in agentramp.yaml",
        )
    return False
