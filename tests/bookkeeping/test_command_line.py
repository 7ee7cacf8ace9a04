"""The verbs as a workflow runs them, at the embedded platform and a loopback GitHub."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.bookkeeping import description
from tests.bookkeeping.site import Answered, Silent, Site
from tests.release.conftest import Ended, User
from tests.release.plant import edit, lay_out

RUN = "https://github.com/acme/shop/actions/runs/77"
PLACE = ("--platform", "local", "--output", "json")
RECORD = ("--github-environment", "production")
FIRST, SECOND, LATER = "a" * 40, "b" * 40, "c" * 40


@dataclass(frozen=True)
class Team:
    """A project that is no repository, so that GITHUB_SHA says the commit."""

    user: User

    def runs(self, site: Site, *words: str, sha: str = LATER, **environ: str) -> Ended:
        whole = site.environ | {"GITHUB_ACTIONS": "true", "GITHUB_SHA": sha} | environ
        return self.user.run(*words, *PLACE, **whole)

    def does(self, site: Site, *words: str, sha: str = LATER) -> Any:
        ended = self.runs(site, *words, *RECORD, sha=sha)
        assert ended.code == 0, ended.err
        assert "warning" not in ended.err
        return ended.document


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("team")
    project = lay_out(folder, "shop", "")
    (project / "agentramp.yaml").unlink()  # what a ramp goes by if nobody says anything
    user = User(folder / "home", project)
    yield Team(user)
    user.run("local", "stop")


def test_the_page_of_the_environment_tells_the_whole_story(team: Team, site: Site) -> None:
    assert team.does(site, "release", sha=FIRST)["version"] == 1
    assert site.story() == [(1, ["success"])]

    edit(team.user.project, 0)
    began = team.does(site, "release", sha=SECOND)
    assert (began["version"], began["verdict"]) == (2, "advance")
    assert site.story() == [(1, ["success"]), (2, ["in_progress"])]
    assert team.does(site, "promote")["verdict"] == "hold"
    canary = site.deployments[1]
    said = [one["description"] for one in site.statuses[canary["id"]]]
    share = began["weights"]["2"]
    assert said[0] == f"{share} % of the sessions"
    assert said[1].startswith(f"{share} % of the sessions; hold: ")
    assert len(said[1]) <= 140
    assert {one["log_url"] for one in site.statuses[canary["id"]]} == {RUN}
    assert {one["environment_url"] for one in site.statuses[canary["id"]]} == {began["url"]}

    team.does(site, "abort", "--reason", "in French")
    team.does(site, "shift-traffic", "--version", "2", "--weight", "100")
    team.does(site, "promote")  # finds nothing to do
    team.does(site, "rollback")
    assert site.story() == [
        (1, ["success", "success", "inactive", "success"]),
        (2, ["in_progress", "in_progress", "failure", "success", "failure"]),
    ]
    # Each has the commit it was built of, though later runs were of another.
    assert [one["sha"] for one in site.deployments] == [FIRST, SECOND]
    for one in site.asked:
        description.check_request(one)
        description.check_answer(one)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Answered(403, {}, "Resource not accessible by integration"), "deployments: write"),
        (Answered(404), "check GITHUB_REPOSITORY"),
        (Answered(429, {"Retry-After": "900"}), "limits the rate of requests for another 900 s"),
    ],
)
def test_a_github_that_refuses_changes_nothing(
    team: Team, site: Site, tmp_path: Path, fault: Answered, why: str
) -> None:
    expected = outcome(team, site, tmp_path / "without")
    site.always = fault
    assert outcome(team, site, tmp_path / "with", *RECORD, why=why) == expected
    assert len(site.asked) == 1


def test_a_github_that_is_down_or_silent_changes_nothing(
    team: Team, site: Site, tmp_path: Path
) -> None:
    """Both at once: the silent one takes all of its time, and nobody waits longer."""
    expected = outcome(team, site, tmp_path / "without")
    site.always = Silent()
    words = ("rollback", "--version", "1", *PLACE, *RECORD)
    environ = site.environ | {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "silent")}
    with team.user.start(*words, **environ) as silent:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            down = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            said = outcome(
                team, site, tmp_path / "down", *RECORD, why="cannot be reached", api=down
            )
        assert said == expected
        out, err = silent.communicate(timeout=60)
    assert (silent.returncode, json.loads(out), given(tmp_path / "silent")) == expected
    assert err.count("::warning ") == 1
    assert "too slow: the 10 s for it are over" in err


def outcome(
    team: Team, site: Site, file: Path, *words: str, why: str = "", api: str = ""
) -> tuple[int, Any, list[str]]:
    """How a rollback ends that finds all as it should be: exit code, document, outputs."""
    environ = {"GITHUB_OUTPUT": str(file), "GITHUB_API_URL": api or site.url}
    ended = team.runs(site, "rollback", "--version", "1", *words, **environ)
    warned = [line for line in ended.err.splitlines() if line.startswith("::warning ")]
    assert len(warned) == (1 if why else 0)
    assert all(why in line for line in warned)
    return ended.code, ended.document, given(file)


def given(file: Path) -> list[str]:
    """The outputs, without the delimiters that no two runs share."""
    lines = file.read_text().splitlines()
    ends = {line.partition("<<")[2] for line in lines if "<<" in line}
    return [line.partition("<<")[0] for line in lines if line not in ends]


def test_the_plan_stands_on_the_pull_request(team: Team, site: Site, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"number": 5, "pull_request": {"number": 5}}))
    words = ("shift-traffic", "--version", "2", "--weight", "10", "--dry-run")
    told = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "AGENTRAMP_INPUT_COMMENT": "true",
        "AGENTRAMP_INPUT_GITHUB_ENVIRONMENT": "production",
    }
    ended = team.runs(site, *words, **told)
    assert ended.code == 0, ended.err
    (body,) = site.bodies(5)
    assert body.startswith("<!-- agentramp plan ")
    assert "dry run" in body
    assert "v2 10 %" in body
    assert "--comment" not in body
    assert "--github-environment" not in body
    assert site.deployments == []  # a dry run records none
    team.runs(site, *words, **told)
    assert site.bodies(5) == [body]

    pushed = team.runs(site, *words, "--comment", GITHUB_EVENT_NAME="push")
    assert pushed.code == 0
    assert "::warning " in pushed.err
    assert "the event push is of no pull request" in pushed.err


def test_on_a_laptop_a_comment_is_a_wrong_word(team: Team, site: Site) -> None:
    words = ("shift-traffic", "--version", "2", "--weight", "10", "--dry-run", "--comment")
    ended = team.runs(site, *words, GITHUB_ACTIONS="")
    assert ended.code == 2
    assert "this is no workflow" in ended.document["message"]


def test_without_a_token_one_sentence_says_so(team: Team, site: Site) -> None:
    ended = team.runs(site, "rollback", "--version", "1", *RECORD, GITHUB_TOKEN="")
    assert ended.code == 0
    assert ended.err.count("::warning ") == 1
    assert "GITHUB_TOKEN not set" in ended.err
