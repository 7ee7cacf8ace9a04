"""The step of lock.yml that opens the pull request, against a bare repository."""

import os
import subprocess
from pathlib import Path

import yaml

from tests.house.workflow_files import ROOT

# It writes down the pull requests; GH_STATE is the file.
GH = """\
#!/bin/sh
case "$1 $2" in
  'auth setup-git') ;;
  'pr list') grep -c . "$GH_STATE" || true ;;
  'pr create') printf '%s\\n' "$*" >>"$GH_STATE" ;;
  *) exit 9 ;;
esac
"""


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@b.c", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def renew(origin: Path, place: Path, content: str) -> None:
    """What the job does with what the one before it resolved."""
    checkout = place / f"checkout-{content}"
    git(place, "clone", "--quiet", "--branch", "main", str(origin), str(checkout))
    for name in ("dev.txt", "run.txt", "more.txt"):
        (checkout / "requirements" / name).write_text(content)
    path = ROOT / ".github/workflows/lock.yml"
    *_, step = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["propose"]["steps"]
    environ = {
        **os.environ,
        **{name: said for name, said in step["env"].items() if "${{" not in said},
        "PATH": f"{place}{os.pathsep}{os.environ['PATH']}",
        "GH_STATE": str(place / "opened"),
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(shell, cwd=checkout, env=environ, check=True)


def test_one_pull_request_is_opened_and_renewed(tmp_path: Path) -> None:
    origin, first = tmp_path / "origin.git", tmp_path / "first"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(first))
    (first / "requirements").mkdir()
    (first / "requirements" / "dev.txt").write_text("old")
    git(first, "add", "-A")
    git(first, "commit", "--quiet", "-m", "It begins")
    git(first, "push", "--quiet", "origin", "HEAD:main")
    (tmp_path / "opened").touch()
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    for content in ("new", "newer"):
        renew(origin, tmp_path, content)
        changed = git(origin, "diff", "--name-only", "main", "updates/lock").splitlines()
        assert changed == ["requirements/dev.txt", "requirements/run.txt"]
        assert git(origin, "show", "updates/lock:requirements/dev.txt") == content
        (opened,) = (tmp_path / "opened").read_text().splitlines()
        assert opened.startswith("pr create --head updates/lock --base main --title The newest")
    assert git(origin, "rev-list", "--count", "main..updates/lock") == "1"
