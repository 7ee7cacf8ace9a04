"""The git repository that a version is made of."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


def commit(root: Path, environ: Mapping[str, str]) -> str | None:
    """The full commit id, marked ``-dirty`` where files differ from it; None outside git."""
    head = _git(root, environ, "rev-parse", "HEAD")
    if not head:
        return environ.get("GITHUB_SHA") or None
    # Untracked files are left aside: a build's own output would make every commit dirty.
    differs = _git(root, environ, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return f"{head}-dirty" if differs else head


def has_remote(root: Path, remote: str, environ: Mapping[str, str]) -> bool:
    """Whether ``root`` lies in a repository that knows ``remote``."""
    return bool(_git(root, environ, "remote", "get-url", "--", remote))


def _git(root: Path, environ: Mapping[str, str], *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=root,
            env=dict(environ),
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
