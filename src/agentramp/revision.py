"""The git repository that a version is made of."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentramp.errors import UsageError

_NO_SUCH: Final = ("not a git repository (or any", "No such remote")


def commit(root: Path, environ: Mapping[str, str]) -> str | None:
    """The full commit id, marked ``-dirty`` where files differ from it; None outside git."""
    head = _git(root, environ, "rev-parse", "HEAD")
    if not head:
        return environ.get("GITHUB_SHA") or None
    # Untracked files are left aside: a build's own output would make every commit dirty.
    differs = _git(root, environ, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return f"{head}-dirty" if differs else head


def has_git(environ: Mapping[str, str]) -> bool:
    """Whether a git can be started: without one nothing is known of any repository."""
    return shutil.which("git", path=environ.get("PATH", os.defpath)) is not None


def has_remote(root: Path, remote: str, environ: Mapping[str, str]) -> bool:
    """Whether ``root`` lies in a repository that knows ``remote``.

    False without git; raises UsageError where git is there and cannot tell.
    """
    done = _run(root, environ, "remote", "get-url", "--", remote)
    if done is None or done.returncode == 0:
        return done is not None
    why = done.stderr.strip()
    if any(words in why for words in _NO_SUCH):
        return False
    raise UsageError(
        f"git does not say whether {root} has a remote {remote}: {_reason(why)}",
        advice=_advice(why),
    )


def _reason(why: str) -> str:
    """The last line, or the one before git's own advice."""
    lines = why.splitlines() or ["no reason given"]
    fatal = [line for line in lines if line.startswith("fatal: ")]
    return (fatal or lines)[-1].removeprefix("fatal: ")


def _advice(why: str) -> str:
    if "dubious ownership" in why or "unsafe repository" in why:
        return (
            "usual cause: a container job; first run git config --global --add safe.directory"
            ' "$GITHUB_WORKSPACE", or the folder\'s name there'
        )
    return "mend the repository, or say where else the journal is: --journal file"


def _git(root: Path, environ: Mapping[str, str], *arguments: str) -> str:
    done = _run(root, environ, *arguments)
    return done.stdout.strip() if done and done.returncode == 0 else ""


def _run(
    root: Path, environ: Mapping[str, str], *arguments: str
) -> "subprocess.CompletedProcess[str] | None":
    """None where there is no git, or no ``root``."""
    try:
        return subprocess.run(  # noqa: S603 - a fixed program with fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=root,
            env={**environ, "LC_ALL": "C"},  # its words are looked at
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # a file's name may be any bytes
            check=False,
        )
    except OSError:
        return None
