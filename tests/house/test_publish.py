"""Our own release, against a bare repository and a GitHub that is a file."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PUBLISH = Path(__file__).parents[2] / ".github" / "publish.py"
IDENTITY = ("-c", "user.name=A Maintainer", "-c", "user.email=maintainer@example.com")

GH = Path(__file__).with_name("github_as_a_file.py")


@dataclass(frozen=True)
class House:
    """A checkout whose origin is a bare repository; ``gh`` on PATH keeps its state in a file."""

    origin: Path
    checkout: Path
    state: Path
    tools: Path

    def git(self, *words: str) -> str:
        command = ["git", *IDENTITY, *words]
        return subprocess.run(
            command, cwd=self.checkout, capture_output=True, text=True, check=True
        ).stdout.strip()

    def commit(self, version: str, changelog: str | None = None) -> None:
        told = changelog or f"# Changelog\n\n## {version} - 2026-11-21\n\n- All of {version}.\n"
        (self.checkout / "CHANGELOG.md").write_text(told)
        own = self.checkout / "src" / "agentramp" / "__init__.py"
        own.write_text(f'"""agentramp"""\n\n__version__ = "{version}"\n')
        for name in (f"agentramp-{version}-py3-none-any.whl", f"agentramp-{version}.tar.gz"):
            (self.checkout / "dist" / name).write_bytes(b"bytes")
        self.push(version)

    def push(self, told: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", told)
        self.git("push", "-q", "origin", "HEAD:main")

    def publish(self, version: str, *words: str, tree: str = "HEAD^{tree}") -> tuple[int, str]:
        return self.run(version, "--tested-tree", self.git("rev-parse", tree), *words)

    def move(self, version: str, *words: str) -> tuple[int, str]:
        return self.run(version, "--move", *words)

    def run(self, version: str, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", PUBLISH, version, "--patience", "0", *words],
            cwd=self.checkout,
            env={
                **os.environ,
                "PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}",
                "GH_STATE": str(self.state),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def released(self, version: str) -> str:
        """The commit that was made this version, after its release."""
        self.commit(version)
        code, told = self.publish(version)
        assert code == 0, told
        code, told = self.move(version)
        assert code == 0, told
        return self.git("rev-parse", "HEAD")

    def tags(self) -> dict[str, str]:
        listed = self.git("ls-remote", "--tags", "origin").splitlines()
        pairs = (line.split("\trefs/tags/") for line in listed)
        return {name.removesuffix("^{}"): target for target, name in pairs}

    def set(self, **state: str | bool) -> None:
        self.state.write_text(json.dumps({**json.loads(self.state.read_text()), **state}))

    def releases(self) -> Any:
        return json.loads(self.state.read_text())["releases"]


@pytest.fixture
def house(tmp_path: Path) -> House:
    origin = tmp_path / "origin.git"
    (origin / "hooks").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "--bare", "--template=", origin], check=True)
    checkout, tools, state = tmp_path / "checkout", tmp_path / "tools", tmp_path / "gh.json"
    (checkout / "src" / "agentramp").mkdir(parents=True)
    (checkout / "dist").mkdir()
    (checkout / ".gitignore").write_text("dist/\n")
    subprocess.run(["git", "init", "-q", "--template=", checkout], check=True)
    tools.mkdir()
    (tools / "gh").write_text(f"#!{sys.executable} -IS\n{GH.read_text()}")
    (tools / "gh").chmod(0o755)
    kept = {"dies": "", "seals": True, "refuses": True, "origin": str(origin), "releases": {}}
    state.write_text(json.dumps(kept))
    house = House(origin, checkout, state, tools)
    house.git("remote", "add", "origin", str(origin))
    return house


def test_a_release_has_its_tag_its_notes_its_files_and_the_moving_tags(house: House) -> None:
    house.commit("1.2.3")
    code, told = house.publish("1.2.3", "--dry-run")
    assert (code, house.tags(), house.releases()) == (0, {}, {}), told
    *plan, unseen = told.splitlines()
    assert "drafts are shown to a login that may write" in unseen

    code, told = house.publish("1.2.3")
    assert (code, told.splitlines()) == (0, plan)
    head = house.git("rev-parse", "HEAD")
    assert house.tags() == {"v1.2.3": head}
    assert "drafts" not in house.publish("1.2.3", "--dry-run")[1]
    moves = "move v1 to v1.2.3\nmove v1.2 to v1.2.3\n"
    assert house.move("1.2.3", "--dry-run") == (0, moves)
    assert house.tags() == {"v1.2.3": head}
    assert house.move("1.2.3") == (0, moves)
    assert house.tags() == {"v1.2.3": head, "v1.2": head, "v1": head}
    house.git("fetch", "-q", "--tags")
    assert house.git("cat-file", "-t", "v1.2.3") == "tag"
    assert "github-actions[bot]" in house.git("cat-file", "-p", "v1.2.3")
    shown = house.releases()
    files = shown["v1.2.3"].pop("assets")
    assert set(files) == {"agentramp-1.2.3-py3-none-any.whl", "agentramp-1.2.3.tar.gz"}
    assert shown == {
        "v1.2.3": {"draft": False, "pre": False, "latest": True, "notes": "- All of 1.2.3."}
    }
    assert house.publish("1.2.3") == house.move("1.2.3") == (0, "")


def test_what_was_not_tested_is_not_released(house: House) -> None:
    house.commit("1.0.0")
    house.commit("1.1.0", "# Changelog\n\n## 1.1.0\n\n- No date.\n")
    house.git("commit", "-q", "--allow-empty", "-m", "Not pushed")
    (house.checkout / "more.py").write_text("")
    code, told = house.publish("1.0.0", "--dist", "elsewhere", tree="HEAD~2^{tree}")
    assert code == 2
    for words in (
        "changes that are not committed",
        "but tested was",
        "not on main",
        "__version__ is not 1.0.0",
        "no section ## 1.0.0 - YYYY-MM-DD",
        "elsewhere has no agentramp-1.0.0.tar.gz",
    ):
        assert words in told
    assert "no section ## 1.1.0" in house.publish("1.1.0")[1]
    assert "no version" in house.publish("v1.0.0")[1]
    assert (house.tags(), house.releases()) == ({}, {})


def test_a_tag_is_never_moved(house: House) -> None:
    first = house.released("1.0.0")
    house.git("commit", "-q", "--allow-empty", "-m", "More")
    house.git("push", "-q", "origin", "HEAD:main")
    code, told = house.publish("1.0.0")
    assert code == 2
    assert f"v1.0.0 is {first} already" in told
    assert set(house.tags().values()) == {first}


@pytest.mark.parametrize("name", ["more.zip", "agentramp-1.0.0.tar.gz"])
def test_a_published_release_keeps_its_files(house: House, name: str) -> None:
    house.released("1.0.0")
    state = json.loads(house.state.read_text())
    state["releases"]["v1.0.0"]["assets"][name] = "0" * 64
    house.state.write_text(json.dumps(state))
    code, told = house.publish("1.0.0")
    assert code == 2
    assert "published with other files" in told


def test_a_prerelease_moves_nothing_and_is_not_the_latest(house: House) -> None:
    stable = house.released("1.0.0")
    early = house.released("1.1.0rc1")
    assert house.tags() == {"v1.0.0": stable, "v1.0": stable, "v1": stable, "v1.1.0rc1": early}
    shown = house.releases()["v1.1.0rc1"]
    assert (shown["pre"], shown["latest"]) == (True, False)


def test_moving_tags_only_go_forward(house: House) -> None:
    older, newer = house.released("1.0.0"), house.released("1.10.0")
    assert (house.tags()["v1"], house.tags()["v1.0"]) == (newer, older)
    fix = house.released("1.0.1")
    tags = house.tags()
    assert (tags["v1"], tags["v1.0"], tags["v1.10"]) == (newer, fix, newer)
    assert not house.releases()["v1.0.1"]["latest"]


@pytest.mark.parametrize("verb", ["POST", "create", "upload", "edit"])
def test_killed_half_way_and_run_again(house: House, verb: str) -> None:
    house.commit("1.0.0")
    if verb == "upload":  # a draft that the run before did not fill
        house.set(dies="edit")
        assert house.publish("1.0.0")[0] == 3
    house.set(dies=verb)
    code, told = house.publish("1.0.0")
    assert code == 3
    assert "run it again" in told
    house.set(dies="")
    code, told = house.publish("1.0.0")
    assert code == 0, told
    assert set(house.tags()) == {"v1.0.0"}
    assert not house.releases()["v1.0.0"]["draft"]
    assert len(house.releases()["v1.0.0"]["assets"]) == 2


def other_workflows(house: House) -> None:
    """As a change of them that is merged while a release waits for its approval."""
    folder = house.checkout / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ci.yml").write_text(f"# after {house.git('rev-parse', 'HEAD')}\n")
    house.push("Other workflows")


def test_what_github_would_refuse_to_tag_is_refused_before_anything_is_made(house: House) -> None:
    house.commit("1.0.0")
    waiting = house.git("rev-parse", "HEAD")
    other_workflows(house)
    house.git("checkout", "-q", waiting)
    code, told = house.publish("1.0.0")
    assert code == 2
    assert "other workflows by now (.github/workflows/ci.yml)" in told
    assert house.publish("1.0.0", "--dry-run") == (code, told)
    assert (house.tags(), house.releases()) == ({}, {})
    by_hand = told.partition("run this again: ")[2]
    subprocess.run([*_as_maintainer(), by_hand], cwd=house.checkout, check=True)
    assert house.publish("1.0.0")[0] == 0
    assert house.tags() == {"v1.0.0": waiting}


def test_a_refused_tag_says_what_a_maintainer_types(house: House) -> None:
    house.commit("1.0.0")
    house.set(dies="POST")
    code, told = house.publish("1.0.0")
    assert code == 3
    assert f"git tag -a -m 'agentramp 1.0.0' v1.0.0 {house.git('rev-parse', 'HEAD')}" in told
    assert house.releases() == {}


def test_refused_moving_tags_say_the_one_command_that_a_maintainer_types(house: House) -> None:
    before = house.released("1.0.0")
    house.commit("1.1.0")
    assert house.publish("1.1.0")[0] == 0
    head = house.git("rev-parse", "HEAD")
    other_workflows(house)
    code, told = house.move("1.1.0")
    assert code == 3
    assert "HTTP 403" in told
    assert house.tags()["v1"] == before
    [by_hand] = [line for line in told.splitlines() if line.startswith("git fetch origin tag")]
    subprocess.run([*_as_maintainer(), by_hand], cwd=house.checkout, check=True)
    assert {name: house.tags()[name] for name in ("v1", "v1.1", "v1.0")} == {
        "v1": head,
        "v1.1": head,
        "v1.0": before,
    }
    assert house.move("1.1.0") == (0, "")


def _as_maintainer() -> list[str]:
    who = "GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.com"
    return ["bash", "-euc", f'export {who}; eval "$0"']


def test_killed_between_the_moving_tags_and_run_again(house: House) -> None:
    house.released("1.0.0")
    house.commit("1.0.1")
    assert house.publish("1.0.1")[0] == 0
    house.set(dies="PATCH")
    assert house.move("1.0.1")[0] == 3
    house.set(dies="")
    assert house.move("1.0.1") == (0, "move v1 to v1.0.1\nmove v1.0 to v1.0.1\n")


def test_tags_move_to_nothing_that_is_not_released(house: House) -> None:
    house.commit("1.0.0")
    house.set(dies="edit")
    assert house.publish("1.0.0")[0] == 3
    code, told = house.move("1.0.0")
    assert code == 2
    assert "there is no release v1.0.0" in told
    assert set(house.tags()) == {"v1.0.0"}


def test_a_tag_made_here_but_not_pushed_is_made_again(house: House) -> None:
    house.commit("1.0.0")
    house.git("tag", "-a", "-m", "of a run before", "v1.0.0", "HEAD")
    assert house.publish("1.0.0")[0] == 0


def test_a_release_that_github_does_not_seal_is_a_failure(house: House) -> None:
    house.set(seals=False)
    house.commit("1.0.0")
    code, told = house.publish("1.0.0")
    assert code == 3
    assert "immutable releases" in told
