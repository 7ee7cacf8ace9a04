"""The six verbs as a user runs them, one after the other, with their mistakes."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.release.conftest import User

KEYS = {
    "verb",
    "ok",
    "changed",
    "dry_run",
    "message",
    "runtime",
    "runtime_id",
    "version",
    "previous_version",
    "endpoint",
    "url",
    "weights_before",
    "weights",
    "artifact",
    "artifact_digest",
    "manifest",
    "plan",
    "next",
    "verdict",
    "e",
    "canary_sessions",
    "endpoints",
    "resources",
}


@pytest.fixture(scope="module")
def user(make_user: Callable[[], User]) -> User:
    """Somebody whose first version is released."""
    user = make_user()
    user.does("deploy")
    user.does("publish-version")
    user.does("shift-traffic", "--version", "1", "--weight", "100")
    return user


@pytest.fixture(scope="module", autouse=True)
def nobody_there(user: User) -> Iterator["subprocess.Popen[str]"]:
    """A run that asks again and again, for as long as the other tests take."""
    asking = user.start(
        *("rollback", "--runtime", "x", "--region", "cn-hangzhou"),
        AGENTRUN_CONTROL_ENDPOINT="http://127.0.0.1:9",
        ALIBABA_CLOUD_ACCESS_KEY_ID="id",
        ALIBABA_CLOUD_ACCESS_KEY_SECRET="the-secret",
    )
    with asking:
        yield asking
        asking.kill()


def test_the_first_release_by_its_results(make_user: Callable[[], User]) -> None:
    user = make_user()
    built = user.does("build")
    assert zipfile.ZipFile(built["artifact"]["path"]).testzip() is None
    assert built["changed"] is True
    assert user.does("build")["changed"] is False

    planned = user.does("deploy", "--dry-run", "--skip-endpoints")
    assert planned["changed"] is False
    assert planned["next"] == "agentramp deploy --platform=local --skip-endpoints"
    deployed = user.does("deploy")
    assert deployed["next"] == "agentramp publish-version --platform=local"
    assert user.does("deploy", "--dry-run")["next"] == deployed["next"], "there is nothing to do"
    assert planned["plan"] == deployed["plan"]
    assert deployed["changed"] is True
    assert deployed["artifact"]["sha256"] == built["artifact"]["sha256"]
    assert user.does("deploy")["plan"]["steps"] == []

    published = user.does("publish-version")
    assert (published["version"], published["changed"]) == (1, True)
    again = user.does("publish-version")
    assert (again["version"], again["changed"]) == (1, False)

    refused = user.run("shift-traffic", "--platform", "local", "--version", "1", "--weight", "10")
    assert refused.code == 2
    assert refused.err.splitlines()[-1].endswith("everything: --version 1 --weight 100")

    served = user.does("shift-traffic", "--version", "1", "--weight", "100")
    assert served["weights"] == {"1": 100}
    assert served["url"].startswith("http://127.0.0.1:")
    for document in (built, planned, deployed, published, served):
        assert set(document) == KEYS


def test_publishing_says_which_package_and_commit(user: User) -> None:
    told = user.does("publish-version", "--dry-run")["plan"]
    assert told["notes"] == ["the head is already published as version 1"]
    manifest = json.loads((user.project / ".agentramp" / "quickstart-local.zip.json").read_text())
    assert len(manifest["sha256"]) == 64


def test_going_forward_and_back(user: User) -> None:
    user.says_version(2)
    user.does("deploy")
    version = user.does("publish-version")["version"]
    trial = user.does("shift-traffic", "--version", str(version), "--weight", "10")
    assert trial["weights"] == {"1": 90, str(version): 10}
    assert trial["previous_version"] == 1
    assert user.does("rollback")["weights"] == {"1": 100}
    user.does("shift-traffic", "--version", str(version), "--weight", "100")
    back = user.does("rollback")
    assert (back["weights"], back["version"]) == ({"1": 100}, 1)
    assert user.does("rollback", "--version", "1")["changed"] is False
    nothing = user.run("rollback", "--platform", "local")
    assert nothing.code == 2
    assert "--version N" in nothing.err.splitlines()[-1]


def test_a_head_is_published_once_wherever_it_is_asked_for(
    make_user: Callable[[], User],
) -> None:
    """The build's manifest is gone, as in another job: the platform still knows."""
    user = make_user()
    user.does("deploy")
    assert user.does("publish-version")["version"] == 1
    shutil.rmtree(user.project / ".agentramp")
    again = user.does("publish-version")
    assert (again["version"], again["changed"]) == (1, False)


def test_a_rollback_needs_no_project(user: User, tmp_path: Path) -> None:
    elsewhere = User(user.home, tmp_path)
    back = elsewhere.does("rollback", "--runtime", "quickstart", "--version", "1")
    assert back["weights"] == {"1": 100}
    assert back["next"] is None, "there is no project here to deploy"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("shift-traffic", "--version", "7", "--weight", "10"), "version 7 of quickstart is not"),
        (("shift-traffic", "--version", "1", "--weight", "20"), "is the stable version"),
        (("shift-traffic", "--version", "2", "--weight", "0.2"), "0.2 of the sessions is 20"),
        (("shift-traffic", "--version", "LATEST", "--weight", "1"), "LATEST is the head"),
        (("shift-traffic", "--weight", "10"), "--version"),
        (("rollback", "--endpoint", "nowhere"), "endpoint quickstart/nowhere does not exist"),
        (("rollback", "--vresion", "1"), "--vresion"),
        (("rollback", "--region", "cn-beijing"), "--region goes with --runtime"),
        (("rollback", "--endpoint", "../../evil"), "no name for an endpoint"),
        (("publish-version", "--artifact-digest", "rm -rf"), "no sha256 digest"),
        (("deploy", "--resource", "nobody"), "has no resource nobody"),
        (("deploy", "elsewhere"), "elsewhere"),
    ],
)
def test_mistakes_end_with_2_and_what_to_do(user: User, words: tuple[str, ...], said: str) -> None:
    ended = user.run(*words, "--platform", "local")
    assert ended.code == 2
    assert ended.out == ""
    assert said in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err


def test_a_failure_is_one_json_object_too(user: User) -> None:
    ended = user.run(
        *("shift-traffic", "--version", "7", "--weight", "10"),
        *("--platform", "local", "--output", "json"),
    )
    document = ended.document
    assert (document["ok"], document["exit_code"], document["error"]) == (False, 2, "UsageError")
    assert document["advice"]


def test_without_credentials_the_cloud_is_not_asked(user: User) -> None:
    ended = user.run("deploy")
    assert ended.code == 2
    assert "no credentials" in ended.err
    assert "--platform local" in ended.err.splitlines()[-1]


def test_a_wrong_key_ends_with_3_and_the_platforms_own_words(user: User) -> None:
    ended = user.run(
        *("rollback", "--runtime", "quickstart", "--region", "local"),
        AGENTRUN_CONTROL_ENDPOINT=user.server()["control_url"],
        ALIBABA_CLOUD_ACCESS_KEY_ID=user.server()["access_key_id"],
        ALIBABA_CLOUD_ACCESS_KEY_SECRET="wrong",
    )
    assert ended.code == 3
    assert "SignatureDoesNotMatch" in ended.err
    assert "request id" in ended.err


def test_an_agent_that_does_not_start(make_user: Callable[[], User]) -> None:
    user = make_user()
    (user.project / "code" / "app.py").write_text("raise SystemExit('no model configured')\n")
    ended = user.run("deploy", "--platform", "local")
    assert ended.code == 3
    assert "CREATE_FAILED" in ended.err
    assert "no model configured" in ended.err
    mended = user.run("publish-version", "--platform", "local")
    assert mended.code == 2
    assert "CREATE_FAILED" in mended.err


def test_a_broken_second_version_never_gets_traffic(make_user: Callable[[], User]) -> None:
    user = make_user()
    user.does("deploy")
    user.does("publish-version")
    user.does("shift-traffic", "--version", "1", "--weight", "100")
    (user.project / "code" / "app.py").write_text("raise SystemExit(3)\n")
    assert user.run("deploy", "--platform", "local").code == 3
    assert user.run("publish-version", "--platform", "local").code == 2
    still = user.does("shift-traffic", "--version", "1", "--weight", "100")
    assert (still["changed"], still["weights"]) == (False, {"1": 100})


def test_what_an_agent_wrote_is_read_without_a_log_store(user: User) -> None:
    """On this machine; on AgentRun nobody would keep it, and the last line says what to do."""
    ended = user.run("logs", "--platform", "local", "--start-time", "1h", "--output", "json")
    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert any("9000" in line["message"] for line in lines), ended.out


def test_a_platform_that_cannot_be_reached_ends_with_3(
    nobody_there: "subprocess.Popen[str]",
) -> None:
    out, err = nobody_there.communicate(timeout=110)
    assert nobody_there.returncode == 3
    assert "no answer from http://127.0.0.1:9" in err
    assert "the-secret" not in out + err
