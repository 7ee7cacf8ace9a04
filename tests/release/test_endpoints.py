"""The endpoints and the resources of an s.yaml, deployed by a user on the embedded platform."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.release.conftest import Ended, User
from tests.release.plant import edit, lay_out

RUNTIME = "agent"
CANARY = "          - {name: canary, version: 2, weight: 0.2, description: on trial}\n"
PRODUCTION = "          - {name: production, version: 1, description: for everyone}\n"
SEED = "        endpoints:\n" + PRODUCTION + CANARY
SECOND = """\
  second:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: second
        code: {src: ./code, language: python3.12, command: [python3, app.py]}
        cpu: 0.5
        memory: 512
        port: 9000
        environmentVariables: {FIRST: "${resources.first.output.agent.id}"}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("endpoints")
    yield folder
    User(folder / "home", folder).run("local", "stop")


def project(home: Path, name: str) -> User:
    return User(home / "home", lay_out(home, name, ""))


def names(user: User, endpoints: str) -> None:
    """The file names these endpoints, and no others."""
    path = user.project / "s.yaml"
    path.write_text(path.read_text().partition("        endpoints:")[0] + endpoints)


def deploy(user: User, *words: str) -> Ended:
    return user.run("deploy", *words, "--platform", "local", "--output", "json")


def splits(user: User) -> dict[str, Any]:
    listed = user.does("endpoints", "list")["endpoints"]
    return {one["name"]: one["weights"] for one in listed}


def test_the_canary_of_the_guides(home: Path) -> None:
    """§0.2 of the facts: sent as it stands, the canary would split with itself."""
    user = project(home, RUNTIME)
    user.does("deploy")
    user.does("publish-version")
    edit(user.project, 0)
    names(user, SEED)

    early = deploy(user)
    assert early.code == 2
    assert "version 2 (endpoint canary); published: 1" in early.document["message"]
    user.does("deploy", "--skip-endpoints")
    user.does("publish-version")

    deployed = user.does("deploy")
    assert deployed["changed"] is True
    assert deployed["weights"] == {"1": 80, "2": 20}
    notes = [note for plan in deployed["endpoints"] for note in plan["notes"]]
    assert (
        "production sends 20 % of new sessions to v2; endpoint canary reaches v2 directly" in notes
    )
    assert splits(user) == {"production": {"1": 80, "2": 20}, "canary": {"2": 100}}

    again = deploy(user, "--debug")
    assert again.document["changed"] is False
    assert "  4 API calls: " in again.err

    names(user, "        endpoints:\n" + PRODUCTION.replace("version: 1", "version: 2"))
    promoted = user.does("deploy")
    assert promoted["weights"] == {"2": 100}
    assert splits(user) == {"production": {"2": 100}, "canary": {"2": 100}}
    assert "deploy --prune removes it" in str(promoted["endpoints"])

    pruned = user.does("deploy", "--prune")
    assert pruned["message"].endswith("canary is removed")
    assert splits(user) == {"production": {"2": 100}}
    phases = [record["phase"] for record in _records(user, "canary")]
    assert phases == ["intent", "done", "removing", "removed"]


def _records(user: User, endpoint: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.does("history", "--endpoint", endpoint)["records"]
    return found


def test_several_resources_each_with_the_outputs_of_those_before(home: Path) -> None:
    user = project(home, "first")
    file = user.project / "s.yaml"
    head, _, first = file.read_text().partition("resources:\n")
    file.write_text(f"{head}resources:\n{SECOND}{first}")

    alone = deploy(user, "--resource", "second")
    assert alone.code == 2
    assert "first is not deployed" in alone.document["message"]
    planned = user.does("deploy", "--dry-run")
    assert [one["runtime"] for one in planned["resources"]] == ["first", None]

    deployed = user.does("deploy")
    assert deployed["changed"] is True
    one, two = deployed["resources"]
    assert (one["runtime"], two["runtime"]) == ("first", "second")
    assert two["runtime_id"] not in {None, one["runtime_id"]}
    again = user.does("deploy")
    assert again["changed"] is False
    # What it needs is read from the platform: nothing differs, so the id was the same.
    assert user.does("deploy", "--resource", "second")["changed"] is False
