"""A real Blocklet Server, deployed to by the command line: make test-blocklet."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.platform.blocklet.connection import Server, connect
from agentramp.platform.blocklet.did import Role, address, canary_did, new_did
from agentramp.platform.blocklet.signing import AccessKey, new_key
from agentramp.platform.components import Components
from tests.blocklet.worlds import Passing
from tests.conformance.components_suite import ComponentsSuite
from tests.real.blocklet_server import GIVEN, Running, running
from tests.real.project import Project, eventually

pytestmark = pytest.mark.timeout(900)
"""Seconds for one test; the first waits for the server to be installed, too."""


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture
def project(server: Running, tmp_path: Path) -> Iterator[Project]:
    """A component of its own; what is left of it goes at the end."""
    made = Project(tmp_path / "agent", f"k-{secrets.token_hex(4)}", server)
    yield made
    if "did:" in made.settings.read_text():
        made.does("remove", "--yes")


def named(project: Project) -> str:
    """Its DID, remembered in its settings."""
    did = new_did(secrets.token_bytes)
    project.says(did)
    return did


def deployed(project: Project, text: str = "one") -> str:
    """The address at which it says ``text``."""
    project.serves(text)
    done = project.does("deploy")
    assert done.code == 0, done.err
    url = str(done.told["url"])
    project.shows(url, text)
    return url


class Now(Passing):
    """Where time passes for everybody."""

    def clock(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def nonce(self) -> str:
        return secrets.token_hex(8)


def adapter(server: Running, app: str) -> Components:
    key = AccessKey(server.key_id, server.key_secret)
    return connect(Server(server.url, app, key), Now())


def test_from_the_first_deploy_to_the_last(project: Project) -> None:
    project.serves("one")
    did = new_did(secrets.token_bytes)
    told = project.does("deploy")
    assert told.code == 2, "nobody is there to be asked for a name"
    identity = ("--name", project.name, "--did", did)
    first = project.does_on_a_terminal("deploy", *identity, "--mount-point", project.mount_point)
    assert first.code == 0, first.err
    assert (first.told["changed"], first.told["version"]) == (True, "0.1.0")
    assert f"did: {did}" in project.settings.read_text(), "it is remembered"
    url = first.told["url"]
    assert url.endswith(f"{project.mount_point}/")
    project.shows(url, "one")

    an_unchanged_deploy_sends_nothing(project, url)
    a_dry_run_changes_nothing(project, url)
    second = project.does("deploy")
    assert (second.code, second.told["version"]) == (0, "0.1.1"), second.err
    assert second.told["previous_version"] == "0.1.0"
    project.shows(url, "two")
    it_is_looked_at(project, did, second.told["artifact_digest"])

    back = project.does("rollback", "--reason", "slow")
    assert (back.code, back.told["version"]) == (0, "0.1.0"), back.err
    assert back.told["artifact_digest"] == first.told["artifact_digest"]
    project.shows(url, "one")
    assert project.does("rollback").code == 2, "nothing ran before that"

    no_traffic_is_split(project)
    gone = project.does("remove", "--yes")
    assert (gone.code, gone.told["changed"]) == (0, True), gone.err
    assert not any(one["did"] == did for one in project.stands())
    eventually(lambda: project.page(url) == "404", lambda: project.page(url))


def an_unchanged_deploy_sends_nothing(project: Project, url: str) -> None:
    process = project.page(url)
    same = project.does("deploy", "--debug")
    assert (same.code, same.told["changed"], same.told["version"]) == (0, False, "0.1.0"), same.err
    assert "getBlocklet" in same.err
    assert "installComponent" not in same.err
    assert project.page(url) == process, "the process is still the same"


def a_dry_run_changes_nothing(project: Project, url: str) -> None:
    before = project.stands()
    process = project.page(url)
    project.serves("two")
    would = project.does("deploy", "--dry-run", "--debug")
    assert (would.code, would.told["changed"], would.told["version"]) == (0, False, "0.1.1")
    assert "installComponent" not in would.err
    assert project.stands() == before
    assert project.page(url) == process


def it_is_looked_at(project: Project, did: str, digest: str) -> None:
    status = project.does("status").told
    assert (status["version"], status["artifact_digest"]) == ("0.1.1", digest)
    assert (status["component"]["did"], status["component"]["health"]) == (did, "running")
    listed = project.does("versions", "list").told["versions"]
    assert [(one["version"], one["runs"]) for one in listed] == [("0.1.1", True), ("0.1.0", False)]
    assert listed[0]["artifact_digest"] == digest
    assert project.does("verify").told["status"] == 200
    assert len(project.does("history").told["records"]) == 4


def no_traffic_is_split(project: Project) -> None:
    before = project.stands()
    refused = project.does("shift-traffic", "--version", "2", "--weight", "10")
    assert refused.code == 7
    assert "deploy --canary" in str(refused.told["advice"])
    assert project.stands() == before


def test_a_canary_is_tried_beside_it(project: Project) -> None:
    did = named(project)
    url = deployed(project)
    trial = url.rstrip("/") + "-canary/"

    project.says(did, gate(1))
    project.serves("two")
    refused = project.does("deploy", "--canary")
    assert (refused.code, refused.told["verdict"]) == (4, "rollback"), refused.err
    assert not any(one["did"] == canary_did(did) for one in project.stands())

    project.says(did, gate(0))
    tried = project.does("deploy", "--canary")
    assert (tried.code, tried.told["url"]) == (0, trial), tried.err
    project.shows(trial, "two")
    project.shows(url, "one")
    assert project.does("status").told["canary"]["version"] == tried.told["version"]

    ended = project.does("abort", "--reason", "another one first")
    assert ended.code == 0, ended.err
    assert not any(one["did"] == canary_did(did) for one in project.stands())
    project.shows(url, "one")

    assert project.does("deploy", "--canary").code == 0
    promoted = project.does("promote")
    assert (promoted.code, promoted.told["changed"]) == (0, True), promoted.err
    project.shows(url, "two")
    assert not any(one["did"] == canary_did(did) for one in project.stands())


def gate(status: int) -> str:
    """A program that lets the canary through, or does not."""
    return f"gates:\n- command: [python3, -c, raise SystemExit({status})]\n"


def test_what_is_wrong_changes_nothing(project: Project, tmp_path: Path) -> None:
    did = named(project)
    url = deployed(project)
    before, process = project.stands(), project.page(url)
    project.serves("two")
    stranger = new_key(secrets.token_bytes(32))
    keys = ("BLOCKLET_ACCESS_KEY_ID", "BLOCKLET_ACCESS_KEY_SECRET")
    app = address(secrets.token_bytes(8), Role.APPLICATION)
    for code, words, environ in (
        (3, (), dict(zip(keys, (stranger.key_id, stranger.secret), strict=True))),
        (2, (), {keys[1]: stranger.secret}),
        (2, (), {keys[1]: ""}),
        (3, ("--app", app), {}),
        (2, ("--did", did[:-1]), {}),
        (2, ("--did", f"{did[:-1]}{'2' if did[-1] != '2' else '3'}"), {}),
        (3, ("--server", "http://127.0.0.1:9"), {}),
    ):
        done = project.does("deploy", *words, **environ)
        assert (done.code, done.told["ok"]) == (code, False), (words, done.err)
        assert stranger.secret not in f"{done.told}{done.err}"

    other = Project(tmp_path / "other", f"{project.name}-2", project.server)
    named(other)
    other.serves("mine")
    taken = other.does("deploy", "--mount-point", project.mount_point)
    assert (taken.code, taken.told["ok"]) == (2, False), taken.err
    assert did in taken.told["message"]
    # Its DID, meant for somewhere else: it is not moved.
    moved = other.does("deploy", "--did", did, "--mount-point", other.mount_point)
    assert (moved.code, moved.told["ok"]) == (2, False), moved.err

    assert project.stands() == before
    assert project.page(url) == process


def test_a_version_that_ends_at_start(project: Project) -> None:
    named(project)
    url = deployed(project)
    project.ends_at_start()
    broken = project.does("deploy")
    assert (broken.code, broken.told["ok"]) != (0, True), broken.err
    assert broken.code in {3, 5}, broken.err
    project.shows(url, "one")
    assert project.does("status").told["version"] == "0.1.0"
    project.serves("two")
    mended = project.does("deploy")
    assert mended.code == 0, mended.err
    project.shows(url, "two")


def test_a_run_killed_in_the_middle(project: Project) -> None:
    named(project)
    url = deployed(project)
    project.is_held("two")
    run = project.begins("deploy")
    eventually(lambda: project.started("two"), lambda: "it never started")
    run.kill()
    run.communicate()
    project.release("two")
    again = project.does("deploy")
    assert again.code == 0, again.err
    project.shows(url, "two")
    same = project.does("deploy")
    assert (same.code, same.told["changed"]) == (0, False), same.err
    assert same.told["version"] == again.told["version"]


def test_a_server_stopped_in_the_middle(project: Project) -> None:
    server = project.server.program
    if server is None:
        pytest.skip(f"{GIVEN} names a server that is not ours to stop")
    named(project)
    url = deployed(project)
    project.is_held("two")
    run = project.begins("deploy")
    eventually(lambda: project.started("two"), lambda: "it never started")
    server.stop()
    cut = project.ends(run)
    assert (cut.code, cut.told["ok"]) != (0, True), cut.err
    assert cut.code in {3, 5}, cut.err
    assert project.does("status").code == 3
    project.release("two")
    server.start()
    again = project.does("deploy")
    assert again.code == 0, again.err
    project.shows(url, "two")
    assert project.does("status").told["component"]["unfinished"] is False


def test_a_first_one_that_ends_at_start(project: Project) -> None:
    did = named(project)
    project.ends_at_start()
    broken = project.does("deploy")
    assert broken.code in {3, 5}, broken.err
    assert not any(one["did"] == did for one in project.stands()), "the way back is to remove it"
    other = replace(project, folder=project.folder.parent / "mended")
    other.says(did)
    deployed(other)


class TestComponents(ComponentsSuite):
    """The port, by the adapter alone."""

    @pytest.fixture
    def components(self, server: Running) -> Components:
        return adapter(server, server.app_did)

    @pytest.fixture
    def absent(self, server: Running) -> Components:
        return adapter(server, address(b"another", Role.APPLICATION))
