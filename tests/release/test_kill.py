"""The platform's server is killed in the middle of a deploy; deploying again makes it whole."""

import os
import random
import secrets
import signal
import time
from collections.abc import Callable

import pytest

from agentramp.journal.file import FileJournal
from agentramp.model import Observed, Split
from agentramp.plan import Subject
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Action, Client
from agentramp.platform.agentrun.signing import Credentials
from agentramp.record import Moved
from tests.release.conftest import User


def client(user: User) -> Client:
    server = user.server()
    key = Credentials(server["access_key_id"], server["access_key_secret"])
    return Client(
        url=server["control_url"],
        credentials=lambda: key,
        now=time.time,
        sleep=time.sleep,
        nonce=lambda: secrets.token_hex(16),
        jitter=random.random,
    )


def observed(user: User) -> Observed:
    return AgentRun(client(user)).observe("quickstart")


def runtimes(user: User) -> int:
    action = Action("ListAgentRuntimes", "GET", ("agents", "runtimes"))
    return len(client(user).call(action)["items"])


def kill_while_deploying(user: User, words: str, delay: float) -> int:
    """Deploy, kill the server ``delay`` seconds after the plan was told; gives the exit code."""
    server = user.server()["pid"]
    with user.start("deploy", "--platform", "local") as deploying:
        assert deploying.stderr
        for line in deploying.stderr:
            if line.strip().startswith("will") and words in line:
                break
        else:
            raise AssertionError("no plan was told")
        time.sleep(delay)
        os.kill(server, signal.SIGKILL)
        deploying.communicate(timeout=120)
        return deploying.returncode


@pytest.mark.timeout(240)
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3])
def test_kill_during_the_first_deploy(make_user: Callable[[], User], delay: float) -> None:
    user = make_user()
    user.does("build")
    user.run("local", "start")
    assert kill_while_deploying(user, "create runtime", delay) in {0, 3}

    user.does("deploy")
    assert user.does("deploy")["changed"] is False
    assert runtimes(user) == 1
    assert user.does("publish-version")["version"] == 1
    assert user.does("publish-version")["version"] == 1
    assert user.does("shift-traffic", "--version", "1", "--weight", "100")["changed"] is True
    now = observed(user)
    assert [version.number for version in now.versions] == [1]
    assert [endpoint.split for endpoint in now.endpoints] == [Split(1)]


@pytest.mark.timeout(240)
def test_kill_during_the_next_deploy_with_a_ramp_standing(make_user: Callable[[], User]) -> None:
    user = make_user()
    user.does("deploy")
    user.does("publish-version")
    user.does("shift-traffic", "--version", "1", "--weight", "100")
    user.says_version(2)
    user.does("deploy")
    user.does("publish-version")
    ramp = user.does("shift-traffic", "--version", "2", "--weight", "30")
    before = user.server()
    user.says_version(3)
    user.does("build")
    assert kill_while_deploying(user, "update runtime", 0.2) in {0, 3}

    user.does("deploy")
    assert user.does("publish-version")["version"] == 3
    now = observed(user)
    assert runtimes(user) == 1
    assert [version.number for version in now.versions] == [3, 2, 1]
    assert [endpoint.split for endpoint in now.endpoints] == [Split(1, ((2, 30),))]
    after = user.server()
    assert after["pid"] != before["pid"]
    assert after["access_key_secret"] == before["access_key_secret"]
    assert now.endpoints[0].url == ramp["url"]
    assert user.does("rollback")["weights"] == {"1": 100}


@pytest.mark.timeout(120)
def test_two_runs_at_once_do_not_both_act(make_user: Callable[[], User]) -> None:
    user = make_user()
    user.does("deploy")
    user.does("publish-version")
    words = ("shift-traffic", "--version", "1", "--weight", "100", "--platform", "local")
    both = [user.start(*words) for _ in range(2)]
    codes = []
    for process in both:
        with process:
            process.communicate(timeout=60)
            codes.append(process.returncode)
    assert sorted(codes) in ([0, 0], [0, 3], [0, 6])
    (endpoint,) = observed(user).endpoints
    assert endpoint.split == Split(1)
    journal = FileJournal(user.home / "journal" / "local")
    records = journal.read(Subject("quickstart", "production"))
    assert [type(record.event) for record in records].count(Moved) == 1


@pytest.mark.timeout(120)
def test_a_rollback_waits_for_who_holds_the_release_and_wins(
    make_user: Callable[[], User],
) -> None:
    user = make_user()
    user.does("deploy")
    user.does("publish-version")
    user.does("shift-traffic", "--version", "1", "--weight", "100")
    user.says_version(2)
    user.does("deploy")
    user.does("publish-version")
    words = ("--version", "2", "--weight", "50", "--platform", "local")
    with FileJournal(user.home / "journal" / "local").hold(Subject("quickstart", "production")):
        assert user.run("shift-traffic", *words).code == 6
    user.does("shift-traffic", "--version", "2", "--weight", "50")
    with FileJournal(user.home / "journal" / "local").hold(Subject("quickstart", "production")):
        back = user.start("rollback", "--platform", "local")
        time.sleep(3)
        assert back.poll() is None
    with back:
        back.communicate(timeout=60)
    assert back.returncode == 0
    assert [endpoint.split for endpoint in observed(user).endpoints] == [Split(1)]


@pytest.mark.timeout(120)
def test_a_rollback_killed_before_its_end_was_written_does_not_go_back_twice(
    make_user: Callable[[], User],
) -> None:
    user = make_user()
    for version in (1, 2, 3):
        if version > 1:
            user.says_version(version)
        user.does("deploy")
        assert user.does("publish-version")["version"] == version
        user.does("shift-traffic", "--version", str(version), "--weight", "100")
    journal = FileJournal(user.home / "journal" / "local")
    subject = Subject("quickstart", "production")
    assert user.does("rollback")["weights"] == {"2": 100}
    path = user.home / "journal" / "local" / "quickstart" / "production.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    assert '"done"' in lines[-1]
    path.write_text("".join(lines[:-1]))  # as a kill between the effect and its record leaves it

    again = user.does("rollback")
    assert (again["weights"], again["changed"]) == ({"2": 100}, False)
    assert isinstance(journal.read(subject)[-1].event, Moved)
    assert user.does("rollback")["weights"] == {"1": 100}
