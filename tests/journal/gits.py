"""A bare repository with some history, clones of it, and a git that fails as it is told."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from agentramp.journal.git import GitJournal

GIT = shutil.which("git") or "git"
REF = "refs/agentramp/cn-test/agent/production"


FAILING = """\
#!/bin/bash
GIT={git}
HERE={here}
if [[ " $* " != *" {command} "* ]]; then exec "$GIT" "$@"; fi
echo {command} >> "$HERE/pushes"
trap 'touch "$HERE/ended"' EXIT
{script}
"""


@dataclass
class Place:
    folder: Path
    environ: dict[str, str]
    slept: list[float] = field(default_factory=list)
    _numbers: Callable[[], int] = field(default_factory=lambda: count().__next__)

    @property
    def bare(self) -> Path:
        return self.folder / "bare.git"

    def git(self, *arguments: str | Path, at: Path | None = None) -> str:
        done = subprocess.run(
            [GIT, *map(str, arguments)],
            cwd=at or self.bare,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def clone(self, *options: str) -> Path:
        path = self.folder / f"clone-{self._numbers()}"
        self.git("clone", "--quiet", *options, self.bare.as_uri(), path, at=self.folder)
        return path

    def shallow(self) -> Path:
        return self.clone("--depth=1")

    def journal(self, clone: Path | None = None, remote: str = "origin", **more: str) -> GitJournal:
        environ = {**self.environ, **more}
        return GitJournal(
            clone or self.clone(), remote, "cn-test", environ, self.slept.append, timeout=20
        )

    def failing(self, script: str, command: str = "push") -> str:
        """A PATH on which that command of git is ``script``; in it, ``$GIT`` is the real one."""
        folder = self.folder / f"bin-{self._numbers()}"
        folder.mkdir()
        program = folder / "git"
        program.write_text(FAILING.format(git=GIT, here=folder, script=script, command=command))
        program.chmod(0o755)
        return f"{folder}{os.pathsep}{self.environ['PATH']}"

    def pushes(self) -> int:
        """How often the failing git was asked to push."""
        return sum(len(path.read_text().splitlines()) for path in self.folder.glob("bin-*/pushes"))

    def await_push(self) -> None:
        """Until a push that outlived its run has ended."""
        deadline = time.monotonic() + 20
        while not list(self.folder.glob("bin-*/ended")):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def commit(self, text: str, *parents: str) -> str:
        """A commit of somebody else, in the bare repository."""
        path = self.folder / f"text-{self._numbers()}"
        path.write_text(text)
        tree = self.git("hash-object", "-t", "tree", "-w", os.devnull)
        options = [option for parent in parents for option in ("-p", parent)]
        return self.git("commit-tree", *options, "-F", path, tree)

    def refs(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname)", "refs/agentramp").split()
