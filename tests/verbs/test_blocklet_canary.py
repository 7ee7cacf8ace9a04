"""A canary beside the component: tried, judged by gates, then promoted or taken away."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentramp.errors import RefusedError, UsageError
from tests.blocklet.server import blocklet_server
from tests.verbs.blocklet_scene import MOUNT, Scene

TRIED = f"{MOUNT}-canary"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with blocklet_server() as server:
        made = Scene(tmp_path / "project", server)
        made.does("deploy")
        made.writes("two")
        yield made


def gate(scene: Scene, status: int) -> Path:
    """A program that writes down what it is asked, and ends with ``status``."""
    seen = scene.folder.parent / "seen.json"
    names = ("CANARY_URL", "STABLE_URL", "CANARY_VERSION", "STABLE_VERSION")
    told = ", ".join(f"'{name}': os.environ['AGENTRAMP_{name}']" for name in names)
    code = f"import json, os; json.dump({{{told}}}, open({str(seen)!r}, 'w')); raise SystemExit"
    argv = json.dumps([sys.executable, "-c", f"{code}({status})"])
    scene.says(f"gates:\n- command: {argv}\n")
    return seen


def test_a_canary_is_promoted(scene: Scene) -> None:
    seen = gate(scene, 0)
    tried = scene.result("deploy", "--canary")
    assert (tried.version, tried.exit_code) == ("0.1.1", 0)
    assert scene.stands == {MOUNT: "0.1.0", TRIED: "0.1.1"}
    assert tried.next == f"agentramp promote {scene.folder} --platform=blocklet"
    asked = json.loads(seen.read_text())
    assert asked["CANARY_VERSION"] == "0.1.1"
    assert asked["STABLE_VERSION"] == "0.1.0"
    assert asked["CANARY_URL"].endswith(f"{TRIED}/")
    assert asked["STABLE_URL"].endswith(f"{MOUNT}/")
    assert scene.answer("status").next == tried.next

    same = scene.result("deploy", "--canary")
    assert not same.changed
    seen.unlink()

    looked = scene.result("promote", "--dry-run")
    assert looked.dry_run
    assert not seen.exists()
    assert scene.stands == {MOUNT: "0.1.0", TRIED: "0.1.1"}
    done = scene.result("promote")
    assert seen.exists()
    assert (done.version, done.previous_version, done.changed) == ("0.1.1", "0.1.0", True)
    assert scene.stands == {MOUNT: "0.1.1"}
    with pytest.raises(UsageError, match="no canary of agent is on trial"):
        scene.does("promote")
    assert not scene.result("deploy").changed
    assert scene.result("rollback").version == "0.1.0"
    assert scene.stands == {MOUNT: "0.1.0"}


def test_a_canary_that_a_gate_refuses_is_removed(scene: Scene) -> None:
    gate(scene, 1)
    tried = scene.result("deploy", "--canary")
    assert (tried.exit_code, tried.stopped, tried.verdict) == (4, True, "rollback")
    assert scene.stands == {MOUNT: "0.1.0"}
    assert "refuses it (status 1)" in tried.message
    gate(scene, 0)
    scene.does("deploy", "--canary")
    gate(scene, 1)
    refused = scene.result("promote")
    assert refused.exit_code == 4
    assert scene.stands == {MOUNT: "0.1.0"}


def test_a_gate_that_says_nothing_leaves_all_as_it_is(scene: Scene) -> None:
    gate(scene, 7)
    for verb, words in (("deploy", ["--canary"]), ("promote", [])):
        with pytest.raises(RefusedError) as caught:
            scene.does(verb, *words)
        assert caught.value.exit_code == 3
        assert "agentramp promote" in caught.value.advice
        assert scene.stands == {MOUNT: "0.1.0", TRIED: "0.1.1"}
    gate(scene, 0)
    assert scene.result("promote").version == "0.1.1"


def test_a_canary_is_taken_away(scene: Scene) -> None:
    scene.does("deploy", "--canary")
    assert not scene.result("abort", "--dry-run").changed
    ended = scene.result("abort", "--reason", "it stutters")
    assert ended.changed
    assert scene.stands == {MOUNT: "0.1.0"}
    again = scene.result("abort")
    assert not again.changed
    assert "nothing to abort" in again.message


def test_no_canary_beside_nothing(tmp_path: Path) -> None:
    with blocklet_server() as server:
        made = Scene(tmp_path / "project", server)
        with pytest.raises(UsageError, match="is not in Test App yet"):
            made.does("deploy", "--canary")
        assert made.stands == {}


def test_only_what_was_tried_is_promoted_on_another_machine(scene: Scene) -> None:
    """There the canary's bundle is not at hand, so the folder has to be the same."""
    scene.does("deploy", "--canary")
    journal, elsewhere = scene.folder.parent / "home", scene.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (journal / "journal").rename(elsewhere / "journal")
    for file in (scene.folder / ".agentramp").iterdir():
        file.unlink()
    scene.writes("three")
    with pytest.raises(UsageError, match="is not what is on trial"):
        scene.does("promote", given=scene.context(elsewhere))
    scene.writes("two")
    assert scene.result("promote", given=scene.context(elsewhere)).version == "0.1.1"
    assert scene.stands == {MOUNT: "0.1.1"}


def test_a_bundle_built_before_is_tried_and_promoted(scene: Scene) -> None:
    built = scene.result("build", "--version", "1.0.0")
    assert built.artifact
    words = ("--artifact", str(built.artifact.path), "--artifact-digest", built.artifact.sha256)
    assert scene.result("deploy", "--canary", *words).version == "1.0.0"
    assert scene.stands == {MOUNT: "0.1.0", TRIED: "1.0.0"}
    done = scene.result("promote")
    assert done.artifact_digest == built.artifact_digest
    assert scene.stands == {MOUNT: "1.0.0"}
