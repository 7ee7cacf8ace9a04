"""Lost answers, failed states and read-backs that differ, against a server with a memory."""

from collections.abc import Callable
from io import BytesIO

import pytest
import requests
from urllib3 import HTTPResponse

from agentramp.model import Code, RuntimeSpec, Split
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.port import NotAppliedError, NotReadyError, PlatformError, UnreachableError
from tests.platform.agentrun.cloud import Cloud
from tests.platform.agentrun.scripted import Asked, Say, scripted
from tests.platform.agentrun.test_client import Time, client

SPEC = RuntimeSpec("agent", Code("python3.12"))


def posts(seen: list[Asked]) -> int:
    return sum(asked.method == "POST" for asked in seen)


def create(platform: AgentRun) -> str:
    return platform.create_runtime(SPEC, None).spec.name


def publish(platform: AgentRun) -> str:
    return str(platform.publish_version("rt-1", "sha256:x git:y"))


def endpoint(platform: AgentRun) -> str:
    return platform.create_endpoint("rt-1", "production", Split(1)).name


MAKERS = [(create, "agent"), (publish, "1"), (endpoint, "production")]


@pytest.mark.parametrize(("make", "name"), MAKERS)
def test_made_though_the_answer_was_lost_it_is_found_not_made_twice(
    make: Callable[[AgentRun], str], name: str
) -> None:
    with scripted(Cloud(lose=1)) as (url, seen):
        assert make(AgentRun(client(url, Time()))) == name
    assert posts(seen) == 1


@pytest.mark.parametrize(("make", "name"), MAKERS)
def test_lost_before_it_acted_it_is_asked_again(make: Callable[[AgentRun], str], name: str) -> None:
    with scripted(Cloud(drop=1)) as (url, seen):
        assert make(AgentRun(client(url, Time()))) == name
    assert posts(seen) == 2


@pytest.mark.parametrize(("make", "name"), MAKERS)
def test_never_an_answer(make: Callable[[AgentRun], str], name: str) -> None:
    with scripted(Cloud(drop=9)) as (url, seen), pytest.raises(UnreachableError):
        make(AgentRun(client(url, Time())))
    assert posts(seen) == 3
    assert name


def test_a_published_version_of_somebody_else_is_not_taken_for_ours() -> None:
    cloud = Cloud(drop=1)

    def somebody_else_publishes(asked: Asked) -> Say:
        if asked.method == "POST" and cloud.drop:
            cloud.versions.append({"agentRuntimeVersion": "1", "description": "theirs"})
        return cloud(asked)

    with scripted(somebody_else_publishes) as (url, _):
        assert publish(AgentRun(client(url, Time()))) == "2"


def test_waiting_is_patient_and_ever_slower() -> None:
    time = Time()
    with scripted(Cloud(waits=4)) as (url, _):
        create(AgentRun(client(url, time)))
    assert len(time.waits) == 4
    assert time.waits == sorted(time.waits)


def test_waiting_ends() -> None:
    with scripted(Cloud(waits=10_000)) as (url, _), pytest.raises(NotReadyError, match="still"):
        create(AgentRun(client(url, Time())))


def test_a_failed_state_is_told_with_its_reason() -> None:
    ends = {"status": "CREATE_FAILED", "statusReason": "nothing listens on port 9000"}
    with scripted(Cloud(ends=ends)) as (url, _), pytest.raises(NotReadyError) as told:
        create(AgentRun(client(url, Time())))
    assert str(told.value) == "runtime agent is CREATE_FAILED: nothing listens on port 9000"
    assert told.value.exit_code == 3


def test_a_split_that_was_accepted_but_not_applied() -> None:
    cloud = Cloud()
    with scripted(cloud) as (url, _):
        platform = AgentRun(client(url, Time()))
        endpoint(platform)
        cloud.deaf = True
        with pytest.raises(NotAppliedError, match="v1 90 %, v2 10 %"):
            platform.set_split("rt-1", "ep-1", Split(1, ((2, 10),)))


def test_all_pages_are_read() -> None:
    cloud = Cloud(runtimes=[{"agentRuntimeId": "rt-1", "agentRuntimeName": "agent"}])
    cloud.versions = [{"agentRuntimeVersion": str(n)} for n in range(1, 251)]
    with scripted(cloud) as (url, _):
        observed = AgentRun(client(url, Time())).observe("agent")
    assert [version.number for version in observed.versions] == list(range(250, 0, -1))


class Endless(requests.Session):
    """Something that has the same page for whoever asks, and tells no total."""

    def send(self, *_: object, **__: object) -> requests.Response:
        answer = requests.Response()
        answer.status_code = 200
        page = BytesIO(b'{"data": {"items": [{"agentRuntimeName": "other"}]}}')
        answer.raw = HTTPResponse(page, preload_content=False)
        return answer


def test_a_list_without_an_end_is_refused() -> None:
    endless = client("http://127.0.0.1:1", Time())
    endless.session = Endless()
    with pytest.raises(PlatformError, match="ListAgentRuntimes: the list has no end"):
        AgentRun(endless).observe("agent")


def test_the_head_among_the_versions_is_no_version() -> None:
    cloud = Cloud(runtimes=[{"agentRuntimeId": "rt-1", "agentRuntimeName": "agent"}])
    cloud.versions = [{"agentRuntimeVersion": "LATEST"}, {"agentRuntimeVersion": "1"}]
    with scripted(cloud) as (url, _):
        observed = AgentRun(client(url, Time())).observe("agent")
    assert [version.number for version in observed.versions] == [1]


def test_a_name_in_two_workspaces_is_refused() -> None:
    same = [{"agentRuntimeId": f"rt-{n}", "agentRuntimeName": "agent"} for n in (1, 2)]
    with (
        scripted(Cloud(runtimes=same)) as (url, _),
        pytest.raises(PlatformError, match="2 runtimes are called agent"),
    ):
        AgentRun(client(url, Time())).observe("agent")
