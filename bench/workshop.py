"""What the rows share: the command under test, a scratch folder, the trees, a running platform."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

from bench.figures import BenchError
from bench.processes import Run, peak_mb, run

ROOT = Path(__file__).resolve().parents[1]
SEED = 20250910
QUARTER = 4
UNUSUAL = {"PYTHONDONTWRITEBYTECODE"}

S_YAML = """\
edition: 3.0.0
name: {name}
resources:
  {name}:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: {name}
        code: {{src: ./code, language: python3.12, command: [python3, app.py]}}
        cpu: 1
        memory: 512
        port: 9000
"""


@dataclass(frozen=True)
class Home:
    """One state folder of agentramp, and the command run with it."""

    agentramp: Path
    folder: Path

    def run(self, *arguments: str | Path) -> Run:
        return run([self.agentramp, *arguments], cwd=ROOT, env=self._environment)

    def peak_mb(self, *arguments: str | Path) -> float:
        return peak_mb([self.agentramp, *arguments], env=self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        """Compiled modules are kept, as on anybody's machine after the first run."""
        kept = {name: value for name, value in os.environ.items() if name not in UNUSUAL}
        return {**kept, "AGENTRAMP_HOME": str(self.folder)}

    def ask(self, *arguments: str | Path) -> dict[str, Any]:
        return parsed(self.run(*arguments, "--output", "json").output)


class Workshop:
    def __init__(self, agentramp: Path, folder: Path) -> None:
        self._agentramp = agentramp
        self._folder = folder
        self._numbers = count()

    def fresh_folder(self, name: str) -> Path:
        """A new path, not yet made."""
        return self._folder / f"{name}-{next(self._numbers)}"

    def fresh_home(self) -> Home:
        return Home(self._agentramp, self.fresh_folder("home"))

    @cached_property
    def large_project(self) -> Path:
        """An agent whose code is the tree of ``bench.tree``."""
        project = self._folder / "large"
        project.mkdir()
        # In a process of its own: what it holds in memory would count as the builds' peak.
        script = (
            "import sys, pathlib, bench.tree as t; t.make_tree(pathlib.Path(sys.argv[1]), SEED)"
        )
        run([sys.executable, "-c", script.replace("SEED", str(SEED)), project / "code"], cwd=ROOT)
        return _as_agent(project)

    @cached_property
    def quarter_project(self) -> Path:
        """Every fourth file of the large project."""
        project = self._folder / "quarter"
        source = self.large_project / "code"
        files = sorted(path for path in source.rglob("*") if path.is_file())
        for path in files[::QUARTER]:
            target = project / "code" / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            copyfile(path, target)
        return _as_agent(project)


def _as_agent(project: Path) -> Path:
    (project / "s.yaml").write_text(S_YAML.format(name=f"{project.name}-agent"))
    (project / "code" / "app.py").write_text("print('never run')\n")
    return project


def parsed(output: str) -> dict[str, Any]:
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise BenchError(f"not one JSON object on stdout: {output[:200]!r}")
    return answer


def said(answer: dict[str, Any], name: str) -> str:
    """A field of an answer."""
    if name not in answer:
        raise BenchError(f"the answer has no {name}: {answer}")
    return str(answer[name])


@contextmanager
def running_platform(home: Home) -> Iterator[dict[str, Any]]:
    """The embedded platform with a state folder of its own; gives what ``local start`` says."""
    started = home.ask("local", "start")
    try:
        yield started
    finally:
        home.run("local", "stop")


def release(home: Home, project: Path) -> str:
    """Deploys, publishes version 1 and gives it all traffic; the endpoint's URL comes back."""
    local = ("--platform", "local")
    home.ask("deploy", project, *local)
    home.ask("publish-version", project, *local)
    shifted = home.ask("shift-traffic", project, *local, "--version", "1", "--weight", "100")
    return said(shifted, "url")
