"""A record as the message of a commit, so that ``git log`` of its ref is the audit trail."""

import re
from dataclasses import dataclass
from typing import Final

from agentramp.journal.lines import parsed, rendered
from agentramp.journal.port import JournalError
from agentramp.record import Record, sentence

LOG_FORMAT: Final = "tformat:%H%x00%P%x00%B"
"""For ``git log -z``: three fields a commit, each ended by NUL."""

_LONGEST = 300
_MESSAGE = re.compile(r"[^\n]*\n\n(\{[^\n]*\})(?:\n\nAppend-Id: [0-9a-f]+)?\n*")


@dataclass(frozen=True)
class Commit:
    sha: str
    parents: tuple[str, ...]
    message: str


def message(record: Record, append_id: str) -> str:
    """A sentence, the record as JSON, and which append it came with.

    Without ``append_id`` two runs that write the same at the same second would make the very same
    commit, and both would take the other's push for their own. Raises ValueError on NaN.
    """
    return f"{headline(record)}\n\n{rendered(record)}\n\nAppend-Id: {append_id}\n"


def headline(record: Record) -> str:
    """What was done, in one line for people, such as ``promote: hold: 12 more sessions``."""
    words = f"{record.verb}: {sentence(record.event)}"
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def commits(log: str) -> tuple[Commit, ...]:
    """What ``git log -z`` printed in ``LOG_FORMAT``."""
    parts = log.split("\0")
    found = zip(parts[0::3], parts[1::3], parts[2::3], strict=False)
    return tuple(Commit(sha, tuple(parents.split()), body) for sha, parents, body in found)


def records(chain: tuple[Commit, ...], ref: str) -> tuple[Record, ...]:
    """One for each commit, oldest first; raises JournalError that names the first that is none."""
    parents: tuple[str, ...] = ()
    found = []
    for commit in chain:
        found.append(_record(commit, parents, f"commit {commit.sha} on {ref}"))
        parents = (commit.sha,)
    return tuple(found)


def _record(commit: Commit, parents: tuple[str, ...], where: str) -> Record:
    line = _MESSAGE.fullmatch(commit.message)
    if line is None or commit.parents != parents:
        raise JournalError(
            f"{where}: not a journal record",
            advice="something else wrote to this ref; look at it with git log, then clear the ref",
        )
    return parsed(line[1], where)
