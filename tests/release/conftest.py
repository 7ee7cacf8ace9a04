"""A home and a project of one's own, and the command line as a user runs it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.release import nursery

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded


@dataclass(frozen=True)
class User:
    """Somebody with a project, at a prompt."""

    home: Path
    project: Path

    def start(self, *words: str, **environ: str) -> "subprocess.Popen[str]":
        own = {"AGENTRAMP_HOME": str(self.home), "WORD_DELAY_MS": "1"}
        return nursery.start(words, self.project, {**os.environ, **own, **environ})

    def run(self, *words: str, **environ: str) -> Ended:
        with self.start(*words, **environ) as process:
            out, err = process.communicate(timeout=120)
            return Ended(process.returncode, out, err)

    def does(self, *words: str) -> dict[str, Any]:
        """Run a verb on the embedded platform that must succeed."""
        ended = self.run(*words, "--platform", "local", "--output", "json")
        assert ended.code == 0, ended.err
        return ended.document

    def says_version(self, number: int) -> None:
        """Edit the agent so that it says it is version ``number``."""
        persona = self.project / "code" / "persona.py"
        lines = persona.read_text().splitlines()
        edited = [f'VERSION = "{number}"' if x.startswith("VERSION = ") else x for x in lines]
        assert edited != lines
        persona.write_text("\n".join(edited) + "\n")

    def server(self) -> dict[str, Any]:
        return self.run("local", "status", "--output", "json").document


@pytest.fixture(scope="module")
def make_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], User]]:
    made: list[User] = []

    def make() -> User:
        folder = tmp_path_factory.mktemp("user")
        leave = shutil.ignore_patterns(".agentramp", "__pycache__")
        shutil.copytree(QUICKSTART, folder / "quickstart", ignore=leave)
        made.append(User(folder / "home", folder / "quickstart"))
        return made[-1]

    yield make
    for user in made:
        user.run("local", "stop")
