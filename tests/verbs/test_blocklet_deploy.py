"""deploy on a Blocklet Server: what goes up, what stays, and what is told of it."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentramp.errors import RefusedError, UsageError
from agentramp.platform.blocklet.did import canary_did
from agentramp.platform.port import NotReadyError
from tests.blocklet.server import Fault, Kind, blocklet_server
from tests.verbs.blocklet_scene import CANARY, DID, MOUNT, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with blocklet_server() as server:
        yield Scene(tmp_path / "project", server)


def test_a_first_deploy_and_what_follows(scene: Scene) -> None:
    first = scene.result("deploy")
    assert (first.changed, first.version, first.previous_version) == (True, "0.1.0", None)
    assert first.url == f"{scene.answer('status').fields[3][1][1:-1]}"
    assert scene.stands == {MOUNT: "0.1.0"}
    assert first.artifact
    assert first.artifact.path == scene.folder / ".agentramp" / f"{DID}-0.1.0.tgz"
    assert first.next == f"agentramp verify {scene.folder} --platform=blocklet"
    assert scene.masked
    assert scene.server.key_secret in scene.masked

    same = scene.result("deploy")
    assert (same.changed, same.version, same.artifact_digest) == (
        False,
        "0.1.0",
        first.artifact_digest,
    )
    assert scene.server.count("installComponent") == 1

    scene.writes("two")
    second = scene.result("deploy")
    assert (second.version, second.previous_version) == ("0.1.1", "0.1.0")
    assert second.plan
    assert second.plan.way_back
    assert scene.stands == {MOUNT: "0.1.1"}


def test_a_dry_run_changes_nothing(scene: Scene) -> None:
    told = scene.result("deploy", "--dry-run")
    assert (told.dry_run, told.changed, told.version) == (True, False, "0.1.0")
    assert "install agent 0.1.0 at /agent" in scene.said
    assert "back   remove agent from /agent" in scene.said
    assert scene.server.count("installComponent") == 0
    assert not (scene.folder.parent / "home" / "bundles").exists()


@pytest.mark.parametrize(
    ("words", "environ", "expected"),
    [
        (["--version", "2.0.0-rc1"], {}, "2.0.0-rc1"),
        ([], {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.4.0"}, "1.4.0"),
        ([], {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "v1.4.0"}, "0.1.0"),
    ],
)
def test_the_version_it_gets(
    scene: Scene, words: list[str], environ: dict[str, str], expected: str
) -> None:
    scene.environ |= environ
    assert scene.result("deploy", *words).version == expected
    assert scene.stands == {MOUNT: expected}


def test_a_bundle_built_before(scene: Scene) -> None:
    built = scene.result("build", "--version", "1.0.0")
    assert built.artifact
    assert built.artifact_digest
    file = scene.folder.parent / "handed.tgz"
    shutil.copy(built.artifact.path, file)
    shutil.rmtree(scene.folder / ".agentramp")
    scene.writes("other")  # which is not what was handed over
    words = ("--artifact", str(file), "--artifact-digest", built.artifact_digest)
    done = scene.result("deploy", *words)
    assert (done.version, done.artifact_digest) == ("1.0.0", built.artifact_digest)
    assert scene.server.state.uploads[-1].content == file.read_bytes()
    with pytest.raises(UsageError, match="artifact-digest asks for"):
        scene.does("deploy", "--artifact", str(file), "--artifact-digest", "0" * 64)
    with pytest.raises(UsageError, match=r"artifact is version 1\.0\.0"):
        scene.does("deploy", "--artifact", str(file), "--version", "1.0.1")
    assert scene.server.count("installComponent") == 1


def test_a_component_that_breaks_brings_the_former_back(scene: Scene) -> None:
    scene.does("deploy")
    scene.writes("", "silent")  # runs, and answers 502
    with pytest.raises(NotReadyError):
        scene.does("deploy")
    assert scene.stands == {MOUNT: "0.1.0"}
    assert "going back: install agent 0.1.0" in scene.said
    (scene.folder / "silent").unlink()
    assert not scene.result("deploy").changed


def test_a_first_one_that_breaks_is_removed(scene: Scene) -> None:
    scene.writes("", "broken")
    with pytest.raises(NotReadyError) as caught:
        scene.does("deploy")
    assert caught.value.exit_code == 3
    assert scene.real is None
    (scene.folder / "broken").unlink()
    assert scene.result("deploy").version == "0.1.1"  # 0.1.0 was given to something else


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"BLOCKLET_ACCESS_KEY_SECRET": ""}, 2, "BLOCKLET_ACCESS_KEY_SECRET"),
        ({"BLOCKLET_ACCESS_KEY_ID": "z1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, 2, "access key"),
        ({"BLOCKLET_DEPLOY_APP_ID": "zNKi1Xc7bRTYCtn6Fc2PTdNUiH9zAFx6X7Ba"}, 3, "is not valid"),
        ({"BLOCKLET_SERVER": "http://127.0.0.1:9"}, 3, "127.0.0.1"),
    ],
)
def test_what_cannot_be_reached_is_no_success(
    scene: Scene, change: dict[str, str], code: int, told: str
) -> None:
    scene.environ |= change
    with pytest.raises((RefusedError, UsageError), match=told) as caught:
        scene.does("deploy")
    assert caught.value.exit_code == code
    assert scene.server.key_secret not in f"{caught.value}{caught.value.advice}{scene.said}"
    assert scene.real is None


@pytest.mark.parametrize("kind", list(Kind))
def test_a_fault_of_the_server_ends_whole(scene: Scene, kind: Kind) -> None:
    """It is there and running and that is said, or it is not and that is said."""
    scene.does("deploy")
    scene.writes("two")
    scene.server.faults.append(Fault("installComponent", kind))
    done = None
    with contextlib.suppress(RefusedError):
        done = scene.result("deploy")
    assert scene.stands == {MOUNT: str(done.version) if done else "0.1.0"}
    assert scene.result("deploy").version == "0.1.1"
    assert scene.stands == {MOUNT: "0.1.1"}


def test_another_component_at_the_mount_point(scene: Scene) -> None:
    scene.does("deploy")
    with pytest.raises(UsageError, match=f"{MOUNT} of Test App belongs to"):
        scene.does("deploy", "--did", canary_did(CANARY))


def test_a_version_that_is_odd_is_told(scene: Scene) -> None:
    scene.does("deploy", "--version", "2.0.0")
    scene.writes("two")
    scene.does("deploy", "--version", "2.0.0")
    assert "warning: version 2.0.0 runs there already, and is another bundle" in scene.said
    scene.does("deploy", "--version", "1.0.0")
    assert "warning: version 1.0.0 is lower than 2.0.0, which runs there" in scene.said
    assert scene.stands == {MOUNT: "1.0.0"}


def test_a_tag_that_servers_do_not_tell_apart(scene: Scene) -> None:
    scene.environ |= {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.0.0+linux"}
    with pytest.raises(UsageError, match=r"has \+linux"):
        scene.does("deploy")


def test_after_a_dry_run_the_same_is_deployed(scene: Scene) -> None:
    path = scene.result("build", "--version", "1.0.0").artifact
    assert path
    file = f"--artifact={path.path}"
    assert f" {file}" in str(scene.result("deploy", "--dry-run", file).next)
    told = scene.result("deploy", "--dry-run", "--version", "1.2.3").next
    assert str(told).endswith(" --version=1.2.3")
