"""Whether a secret stands in the code, or did so in a commit. No secret is ever shown."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from agentramp import program
from agentramp.config.cleartext import looks_like_secret
from agentramp.preflight.finding import Failed, Finding, Passed, Skipped
from agentramp.program import ProgramError

CODE, HISTORY = "secrets in code", "secrets in history"
MOST_READ: Final = 1024 * 1024
"""Bytes of a file that are looked at."""
MOST_HISTORY: Final = 64 * 1024 * 1024
HISTORY_SECONDS: Final = 60.0
_LEFT_OUT: Final = (":(exclude)*.lock", ":(exclude)*.svg", ":(exclude)*.ipynb")
_COMMIT: Final = re.compile(rb"^commit ([0-9a-f]{40})")
_SHOWN: Final = 5


def in_code(files: Iterable[tuple[str, Path]]) -> Finding:
    found = [place for name, path in files for place in _places(name, path)]
    if not found:
        return Passed(CODE, "no text of a known shape")
    return Failed(
        CODE,
        f"a secret seems to stand at {_some(found)}",
        "take it out, pass it by environmentVariables as ${env('NAME')}, and make a new one",
    )


def _places(name: str, path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_READ)
    except OSError:
        return []
    if b"\0" in data:
        return []
    lines = data.decode("utf-8", "replace").splitlines()
    return [f"{name}:{n}" for n, line in enumerate(lines, 1) if looks_like_secret(line)]


def in_history(root: Path, environ: Mapping[str, str]) -> Finding:
    """What a commit ever added below ``root``: a secret taken out of the files is still there."""
    words = ["git", "-C", str(root), "log", "--all", "-p", "-U0", "--no-color", "--no-ext-diff"]
    # Written out, since a person may have set another format for their own eyes.
    words += ["--no-show-signature", "--src-prefix=a/", "--dst-prefix=b/", "--format=commit %H"]
    try:
        done = program.run(
            [*words, "--", ".", *_LEFT_OUT],
            timeout=HISTORY_SECONDS,
            environ={**environ, "LC_ALL": "C"},
            most=MOST_HISTORY,
        )
    except ProgramError as error:
        return Skipped(HISTORY, f"git could not tell it whole: {error.message}")
    if done.status != 0:
        return Skipped(HISTORY, "this is no git repository")
    found = list(dict.fromkeys(_added(done.out)))
    if not found:
        return Passed(HISTORY, "no commit added one")
    return Failed(
        HISTORY,
        f"a secret seems to stand in {_some(found)}",
        "who has the repository has it: make a new one and revoke the old",
    )


def _added(log: bytes) -> Iterable[str]:
    commit = file = ""
    for line in log.splitlines():
        if start := _COMMIT.match(line):
            commit = start[1].decode()[:12]
        elif line.startswith(b"+++ "):
            file = line[4:].decode("utf-8", "replace").removeprefix("b/")
        elif line.startswith(b"+") and looks_like_secret(line.decode("utf-8", "replace")):
            yield f"{file} of commit {commit}"


def _some(places: list[str]) -> str:
    more = len(places) - _SHOWN
    return ", ".join(places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
