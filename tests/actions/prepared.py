"""Our workflows for tools that know no key of 2026: python -m tests.actions.prepared FOLDER.

act and actionlint refuse ``uses: $/…`` (this repository at this commit) and the keys ``queue``,
``deployment`` and ``timezone``. The copies leave those out and are otherwise the same, which
test_prepared.py holds. FOLDER gets one project for ours and one for each example, for actionlint;
there our actions and workflows are local ones, so that actionlint sees their inputs and outputs.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEWER = re.compile(
    r"^ +(?:queue: max|deployment: (?:true|false)|timezone: .+?)(?: +#.*)?\n", re.MULTILINE
)
OURS = "agentramp/agentramp"
WORKFLOWS = Path(".github") / "workflows"
USES = re.compile(r"(\buses: +)(?:\$|agentramp/agentramp(?=[/@]))/?([\w./-]*)(?:@[\w.-]+)?")
ALIEN = "agentramp-"
"""Before the names of our workflows where they stand beside those of an example."""


def older(text: str) -> str:
    """Without what act does not know; our own actions are those of ``@v0``."""
    return re.sub(r"(\buses: +)\$/([\w/-]+)", rf"\1{OURS}/\2@v0", NEWER.sub("", text))


def prepare(release: Path) -> None:
    """Rewrite the workflows of ``release``, a copy of our tree."""
    for file in workflows(release):
        file.write_text(older(file.read_text()))


def workflows(project: Path) -> list[Path]:
    return sorted((project / WORKFLOWS).glob("*.yml"))


def write(into: Path) -> None:
    """One project a folder, each whole for itself."""
    _write(ROOT, into / "agentramp", actions=".")
    for folder in sorted((ROOT / "examples").iterdir()):
        if workflows(folder):
            _write(folder, into / folder.name, actions="agentramp")
            for file in workflows(ROOT):
                _copy(file, into / folder.name / WORKFLOWS / f"{ALIEN}{file.name}", "agentramp")


def _write(project: Path, into: Path, actions: str) -> None:
    for file in [ROOT / "action.yml", *ROOT.glob("actions/*/action.yml")]:
        target = into / actions / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    for file in workflows(project):
        _copy(file, into / WORKFLOWS / file.name, actions)
    # actionlint takes a folder for a project where there is a repository.
    subprocess.run(["git", "init", "--quiet", into], check=True)


def _copy(file: Path, target: Path, actions: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(local(file.read_text(), actions))


def local(text: str, actions: str = ".") -> str:
    """As ``older``, but our actions are in the folder ``actions`` of the same project."""

    def here(found: "re.Match[str]") -> str:
        before, path = found.groups()
        if path.startswith(f"{WORKFLOWS}/"):
            return f"{before}./{WORKFLOWS}/{ALIEN if actions != '.' else ''}{Path(path).name}"
        return f"{before}./{f'{actions}/{path}'.removeprefix('./').rstrip('/')}"

    return USES.sub(here, NEWER.sub("", text))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
