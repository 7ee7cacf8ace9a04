"""actionlint over all workflows, ours and the examples': python -m tests.house.actionlint.

Our own actions are local ones in it, so that it sees their inputs and outputs. What stands in
``run:`` goes through shellcheck. It reads copies without the keys it does not know yet, so a line
that it names may stand a little further down in the file.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.actions import prepared
from tests.house.accepted import Finding, unaccepted

GET = "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
OF_TESTS = prepared.ROOT / "tests" / "actions" / "workflows"


def findings(program: str) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        copies = Path(folder)
        prepared.write(copies)
        _of_tests(copies)
        return [found for project in sorted(copies.iterdir()) for found in of_one(program, project)]


def _of_tests(copies: Path) -> None:
    """What act runs is a consumer's repository as well: one like that of an example."""
    shutil.copytree(copies / "quickstart", copies / "tests")
    into = copies / "tests" / prepared.WORKFLOWS
    for of_the_example in into.glob("*.yml"):
        if not of_the_example.name.startswith(prepared.ALIEN):
            of_the_example.unlink()
    for file in OF_TESTS.glob("*.yml"):
        (into / file.name).write_text(prepared.local(file.read_text(), "agentramp"))


def of_one(program: str, project: Path) -> Iterator[Finding]:
    done = subprocess.run(
        [program, "-format", "{{json .}}", "-shellcheck", SHELLCHECK, "-pyflakes="],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"actionlint failed: {done.stderr}")
    for one in json.loads(done.stdout) or []:
        path = _original(project.name, Path(one["filepath"]))
        yield Finding("actionlint", path, one["line"], one["column"], one["message"])


def _original(project: str, copy: Path) -> str:
    """Where the file stands that ``copy`` was made of."""
    own = copy.name.removeprefix(prepared.ALIEN)
    if project == "agentramp" or own != copy.name:
        return str(prepared.WORKFLOWS / own)
    if project == "tests":
        return str(OF_TESTS.relative_to(prepared.ROOT) / copy.name)
    return str(Path("examples") / project / copy)


def main() -> str | None:
    """Where it is missing it is passed over with a line, but in CI that is a failure."""
    program = shutil.which("actionlint")
    if program:
        return unaccepted("actionlint", sorted(set(findings(program)), key=repr))
    missing = f"actionlint is not on PATH; get it with: {GET}"
    if os.environ.get("CI"):
        return missing
    sys.stderr.write(f"{missing}\n")
    return None


if __name__ == "__main__":
    sys.exit(main())
