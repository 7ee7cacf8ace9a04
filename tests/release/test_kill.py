"""The platform's server is killed in the middle of a deploy; deploying again makes it whole."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.release.conftest import User


@pytest.mark.timeout(240)
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.25, 0.5])
def test_kill_during_a_deploy(make_user: Callable[[], User], delay: float) -> None:
    user = make_user()
    user.does("build")
    user.run("local", "start")
    server = user.server()["pid"]
    with user.start("deploy", "--platform", "local") as deploying:
        assert deploying.stderr
        wait_for_the_plan(user, deploying.stderr)
        time.sleep(delay)
        os.kill(server, signal.SIGKILL)
        deploying.send_signal(signal.SIGINT)
        deploying.communicate(timeout=60)

    assert user.does("deploy")["runtime"] == "quickstart"
    assert user.does("deploy")["changed"] is False
    published = user.does("publish-version")
    assert published["version"] == 1
    assert user.does("publish-version")["version"] == 1
    served = user.does("shift-traffic", "--version", "1", "--weight", "100")
    assert served["weights"] == {"1": 100}


def wait_for_the_plan(user: User, told: object) -> None:
    for line in told:  # type: ignore[attr-defined]
        if "will" in line and "create runtime" in line:
            return
    raise AssertionError(f"no plan was told in {user.project}")


@pytest.mark.timeout(240)
def test_weights_versions_and_urls_survive_a_kill(make_user: Callable[[], User]) -> None:
    user = make_user()
    user.does("deploy")
    user.does("publish-version")
    user.does("shift-traffic", "--version", "1", "--weight", "100")
    user.says_version(2)
    user.does("deploy")
    user.does("publish-version")
    before = user.does("shift-traffic", "--version", "2", "--weight", "30")
    server = user.server()
    os.kill(server["pid"], signal.SIGKILL)

    after = user.does("shift-traffic", "--version", "2", "--weight", "30")
    assert after["changed"] is False
    assert after["weights"] == {"1": 70, "2": 30}
    assert (after["url"], after["runtime_id"]) == (before["url"], before["runtime_id"])
    again = user.server()
    assert again["pid"] != server["pid"]
    assert again["access_key_secret"] == server["access_key_secret"]
    assert user.does("rollback")["weights"] == {"1": 100}
