"""From the command line and from a workflow: what is printed, written for GitHub, and pushed."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentramp import cli
from tests.blocklet.server import blocklet_server
from tests.verbs.blocklet_scene import DID, MOUNT, Scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with blocklet_server(readings=0) as server:
        made = Scene(tmp_path / "project", server)
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AGENTRAMP_HOME", str(tmp_path / "home"))
        monkeypatch.chdir(made.folder)
        yield made


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example", *words]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_in_a_workflow(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal is a ref, the outputs are whole, and the key is masked before anything else."""
    bare, outputs = scene.folder.parent / "bare.git", scene.folder.parent / "outputs"
    git(scene.folder, "init", "-q", "--bare", str(bare))
    git(scene.folder, "init", "-q")
    git(scene.folder, "remote", "add", "origin", str(bare))
    scene.writes(scene.folder.joinpath("agentramp.yaml").read_text(), "agentramp.yaml")
    yaml = (scene.folder / "agentramp.yaml").read_text().replace("journal: file\n", "")
    scene.writes(yaml, "agentramp.yaml")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    monkeypatch.setenv("AGENTRAMP_INPUT_SERVER", scene.server.url)
    monkeypatch.setenv("AGENTRAMP_INPUT_MOUNT_POINT", "/shop")
    monkeypatch.setenv("GITHUB_REF_TYPE", "tag")
    monkeypatch.setenv("GITHUB_REF_NAME", "v2.1.0")
    assert cli.main(["deploy", "--output", "json"]) == 0
    told = capsys.readouterr()
    assert told.err.index("::add-mask::") < told.err.index("will ")
    document = json.loads(told.out)
    assert (document["version"], document["endpoint"]) == ("2.1.0", "/shop")
    assert document["plan"]["way_back"][0]["step"] == "RemoveComponent"
    assert document["artifact"]["path"].endswith(f"{DID}-2.1.0.tgz")
    written = dict(_pairs(outputs.read_text()))
    assert written["version"] == "2.1.0"
    assert written["changed"] == "true"
    assert written["artifact-digest"] == document["artifact_digest"]
    assert written["url"].endswith("/shop/")
    assert scene.stands == {"/shop": "2.1.0"}
    refs = git(bare, "for-each-ref", "--format=%(refname)")
    assert refs == f"refs/agentramp/{scene.server.app_did}/agent/production"
    assert scene.server.key_secret not in f"{told.out}{outputs.read_text()}"
    lines = [line for line in told.err.splitlines() if "::add-mask::" not in line]
    assert not [line for line in lines if scene.server.key_secret in line]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Each output is one line between two that hold the delimiter."""
    lines = iter(text.splitlines())
    for head in lines:
        yield head.partition("<<")[0], next(lines)
        next(lines)


@pytest.mark.usefixtures("scene")
def test_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed as next can be typed as it is."""
    assert cli.main(["deploy"]) == 0
    told = capsys.readouterr()
    assert f"agent 0.1.0 runs at {MOUNT} and answers" in told.out
    assert "back   remove agent" in told.err
    follows = told.out.partition("next: agentramp ")[2].split()
    assert cli.main(follows) == 0
    assert "answers: 200" in capsys.readouterr().out
    assert cli.main(["versions"]) == 0
    assert "agent had 1 installation" in capsys.readouterr().out
    assert cli.main(["deploy", "--did", "z2qaNotOne"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert cli.main(["deploy", "--path", "."]) == 2
    assert "by itself: agentramp deploy FOLDER" in capsys.readouterr().err
