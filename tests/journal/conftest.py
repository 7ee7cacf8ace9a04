import os
from pathlib import Path

import pytest

from tests.journal.gits import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    home = tmp_path / "home"
    home.mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@invalid",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@invalid",
    }
    found = Place(tmp_path, environ)
    found.git("init", "--quiet", "--bare", "--initial-branch=main", found.bare, at=tmp_path)
    first = found.clone()
    for number in range(3):
        (first / "file").write_text(str(number))
        found.git("add", "file", at=first)
        found.git("commit", "--quiet", "-m", f"commit {number}", at=first)
    found.git("push", "--quiet", "origin", "HEAD:main", at=first)
    return found
