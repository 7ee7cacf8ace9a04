"""What is told of a component, and how it is gone back from and removed."""

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.diagnostics import ConfigError
from agentramp.errors import UnsupportedError, UsageError
from agentramp.platform.port import NotReadyError
from agentramp.report.result import Answer
from tests.blocklet.server import blocklet_server
from tests.blocklet.state import SILENT
from tests.verbs.blocklet_scene import DID, MOUNT, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with blocklet_server() as server:
        yield Scene(tmp_path / "project", server)


def told(answer: Answer) -> dict[str, object]:
    return {name: json.loads(text) for name, text in answer.fields}


def grown(scene: Scene) -> None:
    for text in ("one", "two", "three"):
        scene.writes(text)
        scene.does("deploy")


def test_what_is_known(scene: Scene) -> None:
    before = scene.answer("status")
    assert "is not in Test App" in before.message
    assert before.next == f"agentramp deploy {scene.folder} --platform=blocklet"
    grown(scene)
    now = told(scene.answer("status"))
    assert now["version"] == "0.1.2"
    assert str(now["artifact_digest"]).startswith("sha256:")
    listed = told(scene.answer("versions"))["versions"]
    assert isinstance(listed, list)
    assert [(one["version"], one["runs"]) for one in listed] == [
        ("0.1.2", True),
        ("0.1.1", False),
        ("0.1.0", False),
    ]
    assert listed[0]["artifact_digest"] == now["artifact_digest"]
    history = scene.history("--last", "2")
    assert len(history.records) == 2
    assert "0.1.2" in history.records[-1].sentence
    assert "6 records, the last 2 of them" in history.message
    with pytest.raises(UnsupportedError):
        scene.does("history", "--html", "x.html")


def test_verify(scene: Scene) -> None:
    with pytest.raises(UsageError, match="is not in Test App"):
        scene.does("verify")
    scene.does("deploy")
    assert told(scene.answer("verify"))["status"] == 200
    scene.server.state.stop(DID)
    with pytest.raises(NotReadyError, match="does not run"):
        scene.does("verify")
    # A deploy of the same folder starts it again: stopped is not what was asked for.
    assert scene.result("deploy").version == "0.1.0"
    assert scene.stands == {MOUNT: "0.1.0"}


def test_back_and_never_forward(scene: Scene) -> None:
    grown(scene)
    assert scene.result("rollback", "--reason", "slow").version == "0.1.1"
    assert scene.result("rollback").version == "0.1.0"
    with pytest.raises(UsageError, match="nothing that ran before 0"):
        scene.does("rollback")
    assert scene.result("rollback", "--version", "0.1.2").version == "0.1.2"
    assert scene.stands == {MOUNT: "0.1.2"}
    with pytest.raises(UsageError, match=r"no version 7\.0\.0 .*0\.1\.2"):
        scene.does("rollback", "--version", "7.0.0")
    scene.writes("four")
    assert scene.result("deploy").version == "0.1.3"


def test_back_to_a_bundle_that_is_not_here(scene: Scene) -> None:
    grown(scene)
    kept = scene.folder.parent / "kept"
    shutil.move(scene.folder / ".agentramp", kept)
    shutil.rmtree(scene.folder.parent / "home" / "bundles")
    with pytest.raises(UsageError) as caught:
        scene.does("rollback")
    digest = caught.value.message.partition("sha256:")[2][:64]
    assert f"get {DID}-0.1.1.tgz" in caught.value.advice
    assert "--version=0.1.1 --artifact=FILE" in caught.value.advice
    with pytest.raises(UsageError, match=f"ran as sha256:{digest}"):
        scene.does("rollback", "--artifact", str(kept / f"{DID}-0.1.2.tgz"))
    words = ("--version", "0.1.1", "--artifact", str(kept / f"{DID}-0.1.1.tgz"))
    assert scene.result("rollback", *words).artifact_digest == f"sha256:{digest}"
    assert scene.stands == {MOUNT: "0.1.1"}


def test_remove(scene: Scene) -> None:
    scene.does("deploy")
    scene.writes("two")
    scene.does("deploy", "--canary")
    with pytest.raises(UsageError, match="there is no terminal to ask on"):
        scene.does("remove")
    no = replace(scene.context(), terminal=True, stdin=lambda: io.BytesIO(b"no\n"))
    with pytest.raises(UsageError, match="not confirmed"):
        scene.does("remove", given=no)
    assert not scene.result("remove", "--dry-run").changed
    assert len(scene.stands) == 2
    assert scene.result("remove", "--yes").changed
    assert scene.stands == {}
    assert "nothing to remove" in scene.result("remove", "--yes").message


def test_build_and_validate(scene: Scene) -> None:
    built = scene.result("build")
    assert (built.version, built.changed) == ("0.1.0", True)
    assert not scene.result("build").changed
    scene.does("deploy")
    scene.writes("two")
    assert scene.result("build").version == "0.1.1"
    assert scene.result("validate").runtime_id == DID
    (scene.folder / "index.js").unlink()
    with pytest.raises(UsageError, match=r"index\.js, which Node\.js is to start"):
        scene.does("validate")
    (scene.folder / "aigne.yaml").write_text("name: [1]\n")
    scene.says("journal: paper\n".replace("journal", "canary"))
    with pytest.raises(ConfigError) as caught:
        scene.does("validate")
    files = {Path(fault.position.file).name for fault in caught.value.diagnostics}
    assert files == {"aigne.yaml", "agentramp.yaml"}


def test_what_starts_has_to_be_in_the_folder(scene: Scene) -> None:
    (scene.folder.parent / "outside.js").touch()
    scene.says("  main: ../outside.js\n")
    with pytest.raises(UsageError, match="is not in the folder"):
        scene.does("validate")


def test_a_build_without_a_server_or_a_key(scene: Scene) -> None:
    del scene.environ["BLOCKLET_ACCESS_KEY_ID"], scene.environ["BLOCKLET_ACCESS_KEY_SECRET"]
    assert scene.result("build").version == "0.1.0"
    assert "or give --version X.Y.Z" in scene.said
    assert scene.result("build", "--version", "3.0.0").version == "3.0.0"


def test_what_goes_into_the_journal_is_of_one_application(scene: Scene) -> None:
    scene.does("deploy")
    folder = scene.folder.parent / "home" / "journal" / "blocklet" / scene.server.app_did
    (file,) = folder.glob("agent/*.jsonl")
    assert scene.server.key_secret not in file.read_text()
    assert scene.history().message.startswith("agent/production: 2 records")


def test_how_long_is_waited_is_told_by_a_clock_that_nobody_sets(scene: Scene) -> None:
    scene.does("deploy")
    real = scene.real
    assert real
    real.markers = frozenset({SILENT})
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        assert len(pauses) < 100, "it waits for ever"
        scene.sleep(seconds)

    given = replace(scene.context(), clock=lambda: 0.0, sleep=sleep)
    with pytest.raises(NotReadyError, match="does not work"):
        scene.does("verify", given=given)


def test_what_runs_already_has_to_answer_too(scene: Scene) -> None:
    scene.does("deploy")
    real = scene.real
    assert real
    real.markers = frozenset({SILENT})
    with pytest.raises(NotReadyError, match="does not work: it answers 502"):
        scene.does("deploy")
    with pytest.raises(NotReadyError, match="does not work: it answers 502"):
        scene.does("verify")


@pytest.mark.parametrize("verb", ["status", "versions", "history", "promote", "remove"])
def test_a_component_nobody_has_named(scene: Scene, verb: str) -> None:
    (scene.folder / "agentramp.yaml").unlink()
    with pytest.raises(UsageError, match="has neither name nor DID"):
        scene.does(verb)


def test_an_address_with_a_login(scene: Scene) -> None:
    with pytest.raises(UsageError) as caught:
        scene.does("deploy", "--server", "https://me:hidden@server.example")
    assert "has a login in it" in caught.value.message
    assert "hidden" not in caught.value.message
