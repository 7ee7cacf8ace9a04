"""verify, and deploy --verify, as a user runs them: an agent that answers badly does not pass."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentramp.model import Split
from agentramp.platform.agentrun.signing import Credentials
from tests.release.conftest import Ended, User
from tests.release.plant import SETTINGS, connected

AGENT = Path(__file__).parents[1] / "local" / "agents" / "speaking.py"


class Project:
    """One runtime on the shared platform; ``manner`` is how its agent answers."""

    def __init__(self, folder: Path, name: str) -> None:
        self.user = User(folder / "home", folder / name)
        (self.user.project / "code").mkdir(parents=True)
        shutil.copy(AGENT, self.user.project / "code" / "app.py")
        self.settings = SETTINGS.format(name=name)
        self.name = name
        self.write()

    def write(self, endpoints: str = "") -> None:
        (self.user.project / "s.yaml").write_text(self.settings + endpoints)

    def speaks(self, manner: str) -> None:
        (self.user.project / "code" / "version.txt").write_text(manner)

    def run(self, *words: str) -> Ended:
        return self.user.run(*words, "--platform", "local", "--output", "json")

    def does(self, *words: str) -> dict[str, Any]:
        return self.user.does(*words)

    def serves(self, manner: str) -> None:
        """Publish an agent of this manner, and let production serve it."""
        self.speaks(manner)
        self.does("deploy")
        version = self.does("publish-version")["version"]
        self.does("shift-traffic", "--version", str(version), "--weight", "100")

    def split(self, endpoint: str = "production") -> Split:
        server = self.user.server()
        key = Credentials(server["access_key_id"], server["access_key_secret"])
        found = connected(server["control_url"], key).observe(self.name).endpoint(endpoint)
        assert found
        return found.split


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All projects of this module share its platform."""
    folder = tmp_path_factory.mktemp("verify")
    yield folder
    User(folder / "home", folder).run("local", "stop")


@pytest.fixture(scope="module")
def two(folder: Path) -> Project:
    """Version 1 answers well and is in service; version 2 is broken and in none."""
    project = Project(folder, "two")
    project.serves("well")
    project.speaks("broken")
    project.does("deploy")
    assert project.does("publish-version")["version"] == 2
    return project


# --- verify ------------------------------------------------------------------------------------


def test_an_agent_that_answers(two: Project) -> None:
    told = two.does("verify")
    assert told["ok"] is True
    assert (told["endpoint"], told["status"], told["signed"]) == ("production", 200, False)
    assert told["answer"] == "I am the agent."
    assert told["first_byte_ms"] >= 0
    assert told["url"].startswith("http://127.0.0.1:")


def test_what_a_person_reads(two: Project) -> None:
    ended = two.user.run("verify", "--platform", "local", "--prompt", "hello")
    assert ended.code == 0
    first, answer = ended.out.splitlines()[:2]
    assert "production" in first
    assert "200, first byte after" in first
    assert answer == "  I am the agent."


def test_an_endpoint_that_is_not_there(two: Project) -> None:
    ended = two.run("verify", "--endpoint", "canary")
    assert ended.code == 2
    assert "no endpoint canary (it has: production)" in ended.document["message"]


def test_a_runtime_that_is_not_there(folder: Path) -> None:
    ended = Project(folder, "absent").run("verify")
    assert ended.code == 2
    assert "absent" in ended.document["message"]


BAD = [
    ("broken", "answers 500:\nthe model's key is missing", "serve POST /openai/v1/chat"),
    ("half", "the stream stopped before its end", "logs --type fail"),
    ("mute", "gives no whole answer: it is empty", "logs --type fail"),
]


@pytest.mark.parametrize(("manner", "why", "advice"), BAD)
def test_an_agent_that_answers_badly(two: Project, manner: str, why: str, advice: str) -> None:
    ended = two.run("verify", "--prompt", manner)
    assert ended.code == 3
    assert why in ended.document["message"]
    assert advice in ended.document["advice"]


def test_an_answer_that_is_no_stream(two: Project) -> None:
    assert two.does("verify", "--prompt", "whole")["answer"] == "I am whole."


# --- deploy --verify ---------------------------------------------------------------------------


def production(version: str) -> str:
    return f"        endpoints: [{{ name: production, version: {version} }}]\n"


def test_traffic_is_put_back_where_the_new_version_fails(two: Project) -> None:
    two.write(production("2"))
    ended = two.run("deploy", "--verify")
    assert ended.code == 3
    assert "answers 500" in ended.document["message"]
    assert two.split() == Split(1)
    assert two.does("verify")["answer"] == "I am the agent."


def test_a_dry_run_asks_nobody(two: Project) -> None:
    two.write(production("2"))
    assert two.does("deploy", "--verify", "--dry-run")["dry_run"] is True
    assert two.split() == Split(1)


def test_without_verify_it_is_believed(two: Project) -> None:
    two.write(production("2"))
    two.does("deploy")
    assert two.split() == Split(2)
    two.write(production("1"))
    two.does("deploy", "--verify")
    assert two.split() == Split(1)
    two.write()


def test_those_that_follow_the_head_are_asked(folder: Path) -> None:
    project = Project(folder, "following")
    project.write(production("LATEST"))
    project.speaks("well")
    ended = project.user.run("deploy", "--verify", "--platform", "local")
    assert ended.code == 0, ended.err
    assert "endpoint production answers: 200" in ended.err
    project.write()
    project.speaks("broken")
    ended = project.run("deploy", "--verify")
    assert ended.code == 5, "nothing gives the old head back"
    assert "answers 500" in ended.document["message"]
    assert "production serves the new head (LATEST)" in ended.document["message"]
    assert "follows LATEST" in ended.document["advice"]


def test_where_nothing_serves_it_nothing_is_deployed(folder: Path) -> None:
    project = Project(folder, "unserved")
    project.speaks("well")
    ended = project.run("deploy", "--verify")
    assert ended.code == 3
    assert "nothing serves what is deployed of unserved" in ended.document["message"]
    assert "name an endpoint in the file" in ended.document["advice"]
    assert project.run("verify").code == 2, "there is no such runtime"
