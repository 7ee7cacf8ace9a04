import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentramp.local import daemon
from tests.actions.act import Act, commit, git
from tests.actions.consumer import Keyless, keyless
from tests.actions.prepared import prepare

ROOT = Path(__file__).parents[2]
WORKFLOWS = Path(__file__).parent / "workflows"
AGENTRAMP = Path(sys.executable).with_name("agentramp")
NEEDED = ("action.yml", "actions", "scripts", "src", "requirements", ".github/workflows")
GET_ACT = "go install -tags WITHOUT_DOCKER github.com/nektos/act@v0.2.87"


@dataclass(frozen=True)
class Platform:
    """The embedded platform of one test, seen from outside the workflows."""

    environ: Mapping[str, str]

    def status(self) -> Any:
        return json.loads(self._local("status", "--output", "json"))

    def start(self) -> None:
        """From here and not from a job: a runner removes what a job's platform is made of."""
        self._local("start")

    def stop(self) -> None:
        self._local("stop")

    def ask(self, url: str) -> Any:
        """What the agent answers, through the gateway, to a session that is new."""
        assert url.startswith(self.status()["data_url"])
        with urllib.request.urlopen(f"{url}/health", timeout=20) as answer:
            return json.load(answer)

    def _local(self, *words: str) -> str:
        done = subprocess.run(
            [AGENTRAMP, "local", *words],
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=90,
            check=True,
        )
        return done.stdout


def find_act() -> Path:
    """Its path; where it is missing the test is skipped, but in CI that is a failure."""
    found = shutil.which("act")
    if found:
        return Path(found)
    told = f"act is not on PATH, so no workflow is run; get it with: {GET_ACT}"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this run's own Python, so that workflows use it and no environment of ours."""
    folder = tmp_path_factory.mktemp("tools")
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    return folder


@pytest.fixture(scope="session")
def with_uv(tools: Path) -> Path:
    uv = shutil.which("uv", path=os.pathsep.join([str(AGENTRAMP.parent), os.environ["PATH"]]))
    assert uv, "requirements/dev.txt brings uv"
    (tools / "uv").symlink_to(uv)
    return tools


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a release of this checkout would hold: no environment, no build's leftovers.

    And no tests and pages: act copies all of it for each step.
    """
    folder = tmp_path_factory.mktemp("release")
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", *NEEDED)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    prepare(folder)
    return folder


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environ(tmp_path: Path, with_uv: Path, shared_cache: Path) -> dict[str, str]:
    """The runner's: nothing of this machine's homes is read or left behind."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    return {
        **kept,
        "PATH": os.pathsep.join([str(with_uv), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(shared_cache),
        "UV_CACHE_DIR": str(shared_cache / "uv"),
        "UV_LINK_MODE": "copy",
        "AGENTRAMP_HOME": str(tmp_path / "platform"),
    }


@pytest.fixture
def act(release: Path, environ: dict[str, str]) -> Act:
    Path(environ["HOME"]).mkdir()
    return Act(find_act(), release, environ)


@pytest.fixture
def platform(environ: dict[str, str]) -> Iterator[Platform]:
    found = Platform(environ)
    yield found
    found.stop()


@pytest.fixture(scope="session")
def agentrun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    """A platform where jobs need no key, for all tests that only add runtimes of their own."""
    home = tmp_path_factory.mktemp("agentrun")
    with keyless(daemon.start(home)) as platform:
        yield platform
    daemon.stop(home, timeout=30)


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    """A repository that is not this one, with an agent and workflows that use the actions."""
    folder = tmp_path / "shop"
    shutil.copytree(
        ROOT / "examples" / "quickstart",
        folder,
        ignore=shutil.ignore_patterns(".agentramp", ".github", "__pycache__", ".env"),
    )
    shutil.copytree(WORKFLOWS, folder / ".github" / "workflows")
    commit(folder, "An agent")
    return folder
