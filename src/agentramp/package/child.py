"""The port to other programs, and its one real adapter."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agentramp.package.errors import BuildError


@dataclass(frozen=True)
class Finished:
    code: int
    stdout: str
    stderr: str


class Run(Protocol):
    def __call__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Finished:
        """Run to the end and keep what was printed; a non-zero exit is no error here."""
        ...


def run_child(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Finished:
    """Run without a shell and without input; a BuildError where the program cannot start."""
    try:
        done = subprocess.run(  # noqa: S603 - argv is a list of our own making, no shell
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise BuildError(
            f"{argv[0]} cannot be started: {error.strerror}",
            advice="name an interpreter that is there and may be run",
        ) from error
    return Finished(done.returncode, done.stdout, done.stderr)
