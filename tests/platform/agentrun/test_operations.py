"""What each operation sends, how often it asks, and what it makes of odd answers."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from agentramp.model import Artifact, Code, RuntimeSpec, Split, Workspace
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.calls import Call
from agentramp.platform.port import NotAppliedError, NotReadyError, PlatformError, UnreachableError
from tests.platform.agentrun.cloud import Cloud
from tests.platform.agentrun.scripted import Asked, Say, scripted
from tests.platform.agentrun.test_client import Time, client

SPEC = RuntimeSpec("agent", Code("python3.12"))
SPLIT = Split(1, ((2, 10),))
RUNTIME = {"agentRuntimeId": "rt-1", "agentRuntimeName": "agent", "status": "READY"}
ENDPOINT = {
    "agentRuntimeEndpointId": "ep-1",
    "agentRuntimeEndpointName": "production",
    "targetVersion": "1",
}
MANY = 250


def cloud(**more: Any) -> Cloud:
    return Cloud(runtimes=[dict(RUNTIME)], endpoints=[dict(ENDPOINT)], **more)


def package(folder: Path) -> Artifact:
    path = folder / "package.zip"
    path.write_bytes(b"zip")
    return Artifact(path, sha256(b"zip").hexdigest(), "42", 3)


@pytest.mark.parametrize(
    ("ask", "calls"),
    [
        (lambda p: p.observe("agent"), 4),
        (lambda p: p.observe("another"), 1),
        (lambda p: p.create_runtime(SPEC, None), 2),
        (lambda p: p.update_runtime("rt-1", SPEC, None), 3),
        (lambda p: p.await_runtime("rt-1"), 1),
        (lambda p: p.published_spec("rt-1", 1), 1),
        (lambda p: p.publish_version("rt-1", "words"), 2),
        (lambda p: (p.observe("agent"), p.publish_version("rt-1", "words")), 5),
        (lambda p: p.create_endpoint("rt-1", "production", Split(1)), 2),
        (lambda p: p.get_endpoint("rt-1", "ep-1"), 1),
        (lambda p: p.set_split("rt-1", "ep-1", SPLIT), 3),
        (lambda p: p.describe_endpoint("rt-1", "ep-1", "words"), 3),
        (lambda p: p.delete_endpoint("rt-1", "ep-1"), 2),
        (lambda p: p.delete_runtime("rt-1"), 2),
        (lambda p: p.workspaces(), 1),
        (lambda p: p.create_workspace(Workspace("team")), 2),
    ],
)
def test_no_two_calls_where_one_does(ask: Callable[[AgentRun], object], calls: int) -> None:
    told: list[Call] = []
    with scripted(cloud()) as (url, seen):
        ask(AgentRun(replace(client(url, Time()), tell=told.append)))
    assert len(seen) == calls
    assert len(told) == calls
    assert all(call.status in {200, 201, 202, 404} for call in told)
    actions = Counter(asked.headers["x-acs-action"] for asked in seen)
    assert Counter(call.action for call in told) == actions


def test_more_than_a_page_of_each() -> None:
    others = [{"agentRuntimeId": f"rt-{n}", "agentRuntimeName": f"a-{n}"} for n in range(MANY)]
    full = Cloud(
        runtimes=[*others, dict(RUNTIME)],
        versions=[{"agentRuntimeVersion": str(n)} for n in range(1, MANY + 1)],
        endpoints=[{**ENDPOINT, "agentRuntimeEndpointId": f"ep-{n}"} for n in range(MANY)],
        workspaces=[{"workspaceId": f"ws-{n}", "name": str(n)} for n in range(MANY)],
    )
    with scripted(full) as (url, seen):
        platform = AgentRun(client(url, Time()))
        observed = platform.observe("agent")
        workspaces = platform.workspaces()
    assert observed.runtime
    assert [version.number for version in observed.versions] == list(range(MANY, 0, -1))
    assert [endpoint.id for endpoint in observed.endpoints] == [f"ep-{n}" for n in range(MANY)]
    assert [workspace.id for workspace in workspaces] == [f"ws-{n}" for n in range(MANY)]
    assert len(seen) == 3 + 1 + 3 + 3 + 3


def test_versions_and_endpoints_are_read_at_the_same_time() -> None:
    """Each of the two is answered only once both have been asked."""
    both, quiet = threading.Barrier(2), cloud()

    def script(asked: Asked) -> Say:
        if asked.headers["x-acs-action"].endswith(("Versions", "Endpoints")):
            both.wait(timeout=30)
        return quiet(asked)

    with scripted(script) as (url, _):
        assert AgentRun(client(url, Time())).observe("agent").endpoints


@pytest.mark.parametrize("broken", ["ListAgentRuntimeVersions", "ListAgentRuntimeEndpoints"])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Say(403, {"Code": "NoPermission", "Message": "no"}), PlatformError),
        (Say(0), UnreachableError),
    ],
)
def test_what_one_of_two_reads_meets_is_raised(
    broken: str, said: Say, kind: type[PlatformError]
) -> None:
    quiet = cloud()

    def script(asked: Asked) -> Say:
        return said if asked.headers["x-acs-action"] == broken else quiet(asked)

    with scripted(script) as (url, _), pytest.raises(kind):
        AgentRun(client(url, Time())).observe("agent")


@pytest.mark.parametrize("number", [1, 2])
def test_an_interrupt_in_either_read_is_raised(number: int) -> None:
    """The second is in a thread of its own, where an interrupt would be lost."""
    count = iter(range(9))
    actions = ("ListAgentRuntimeEndpoints", "ListAgentRuntimeVersions")

    def interrupt(call: Call) -> None:
        if call.action == actions[number - 1] and next(count) == 0:
            raise KeyboardInterrupt

    with scripted(cloud()) as (url, _), pytest.raises(KeyboardInterrupt):
        AgentRun(replace(client(url, Time()), tell=interrupt)).observe("agent")


def test_a_moved_split_sends_back_what_was_read_of_the_endpoint() -> None:
    policy = {"name": "day", "target": 3}
    full = cloud()
    full.endpoints[0] |= {
        "description": "for people",
        "disablePublicNetworkAccess": True,
        "scalingStatus": {"minInstances": 1, "scheduledPolicies": [policy], "currentInstances": 5},
    }
    with scripted(full) as (url, seen):
        AgentRun(client(url, Time())).set_split("rt-1", "ep-1", SPLIT)
    (put,) = (asked for asked in seen if asked.method == "PUT")
    assert put.body == {
        "description": "for people",
        "disablePublicNetworkAccess": True,
        "scalingConfig": {"minInstances": 1, "scheduledPolicies": [policy]},
        "targetVersion": "1",
        "routingConfiguration": {"versionWeights": [{"version": "2", "weight": 0.1}]},
    }


def having(checksum: str) -> Cloud:
    full = cloud()
    full.runtimes[0]["codeConfiguration"] = {"language": "python3.12", "checksum": checksum}
    return full


def test_a_package_that_is_there_already_is_not_sent_again(tmp_path: Path) -> None:
    full, wanted = having("42"), replace(SPEC, code=Code("python3.12", ("run",), "42"), memory=1024)

    def keeping(asked: Asked) -> Say:
        """A platform that keeps the code when a PUT brings none."""
        said = full(asked)
        full.runtimes[0]["codeConfiguration"]["checksum"] = "42"
        return said

    with scripted(keeping) as (url, seen):
        AgentRun(client(url, Time())).update_runtime("rt-1", wanted, package(tmp_path))
    assert [asked.method for asked in seen] == ["GET", "PUT", "GET"]
    assert seen[1].body["memory"] == 1024
    assert seen[1].body["codeConfiguration"]["command"] == ["run"]
    assert "zipFile" not in seen[1].body["codeConfiguration"]


def test_a_package_that_was_lost_because_it_was_not_sent_again_is_sent(tmp_path: Path) -> None:
    """No source says that a PUT without code keeps the code there is."""
    full = having("42")

    def losing(asked: Asked) -> Say:
        said = full(asked)
        code = full.runtimes[0]["codeConfiguration"]
        if asked.method == "PUT" and "zipFile" not in code:
            code.pop("checksum")
        return said

    with scripted(losing) as (url, seen):
        AgentRun(client(url, Time())).update_runtime("rt-1", SPEC, package(tmp_path))
    assert [asked.method for asked in seen] == ["GET", "PUT", "GET", "PUT", "GET"]
    assert full.runtimes[0]["codeConfiguration"]["zipFile"] == "emlw"


@pytest.mark.parametrize(
    "before",
    [
        {"codeConfiguration": {"language": "python3.12", "checksum": "41"}},
        {"codeConfiguration": {"language": "python3.12"}},
        {
            "codeConfiguration": {"language": "python3.12", "checksum": "42"},
            "status": "UPDATE_FAILED",
        },
    ],
)
def test_any_other_package_is_sent(tmp_path: Path, before: dict[str, Any]) -> None:
    full = cloud(ends={})
    full.runtimes[0] |= before

    def script(asked: Asked) -> Say:
        if asked.method == "PUT":
            full.runtimes[0]["status"] = "READY"
        return full(asked)

    with scripted(script) as (url, seen):
        AgentRun(client(url, Time())).update_runtime("rt-1", SPEC, package(tmp_path))
    (put,) = (asked for asked in seen if asked.method == "PUT")
    assert put.body["codeConfiguration"] == {
        "language": "python3.12",
        "checksum": "42",
        "zipFile": "emlw",
    }


def test_words_that_were_accepted_but_not_applied() -> None:
    with (
        scripted(cloud(deaf=True)) as (url, _),
        pytest.raises(NotAppliedError, match="'new words'"),
    ):
        AgentRun(client(url, Time())).describe_endpoint("rt-1", "ep-1", "new words")


REMOVALS: list[Callable[[AgentRun], None]] = [
    lambda platform: platform.delete_endpoint("rt-1", "ep-1"),
    lambda platform: platform.delete_runtime("rt-1"),
]


@pytest.mark.parametrize("remove", REMOVALS)
def test_removing_waits_until_it_is_gone(remove: Callable[[AgentRun], None]) -> None:
    time = Time()
    with scripted(cloud(lingers=3)) as (url, seen):
        remove(AgentRun(client(url, time)))
    assert [asked.method for asked in seen] == ["DELETE", *["GET"] * 4]
    assert time.waits == sorted(time.waits)


@pytest.mark.parametrize("remove", REMOVALS)
def test_removing_what_is_not_there_is_done(remove: Callable[[AgentRun], None]) -> None:
    with scripted(Cloud()) as (url, seen):
        remove(AgentRun(client(url, Time())))
    assert len(seen) == 1


@pytest.mark.parametrize("remove", REMOVALS)
def test_a_removal_that_failed_or_never_ends_is_told(remove: Callable[[AgentRun], None]) -> None:
    ends = {"status": "DELETE_FAILED", "statusReason": "something holds it"}
    with (
        scripted(cloud(ends=ends)) as (url, _),
        pytest.raises(NotReadyError, match="DELETE_FAILED: something holds it"),
    ):
        remove(AgentRun(client(url, Time())))
    with scripted(cloud(lingers=10_000)) as (url, _), pytest.raises(NotReadyError, match="still"):
        remove(AgentRun(client(url, Time())))


def test_a_workspace_whose_making_was_not_answered_is_found() -> None:
    with scripted(cloud(lose=1)) as (url, seen):
        made = AgentRun(client(url, Time())).create_workspace(Workspace("team"))
    assert made == Workspace("team", "ws-1")
    assert sum(asked.method == "POST" for asked in seen) == 1
