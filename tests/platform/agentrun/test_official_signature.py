"""Every operation of the adapter as it goes over the line: the vendor's function signs it alike."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from alibabacloud_tea_openapi.utils import Utils

from agentramp.model import Code, RuntimeSpec, Split, Workspace
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.signing import ALGORITHM, Credentials
from tests.platform.agentrun.cloud import Cloud
from tests.platform.agentrun.scripted import Asked, scripted
from tests.platform.agentrun.test_client import Time, client

SPEC = RuntimeSpec("agent", Code("python3.12"), environment=(("GREETING", "grüß dich ~*+"),))
RUNTIME = {"agentRuntimeId": "rt-1", "agentRuntimeName": "agent", "status": "READY"}
ENDPOINT = {"agentRuntimeEndpointId": "ep-1", "agentRuntimeEndpointName": "production"}
OPERATIONS: dict[str, Callable[[AgentRun], object]] = {
    "CreateAgentRuntime": lambda p: p.create_runtime(SPEC, None),
    "UpdateAgentRuntime": lambda p: p.update_runtime("rt-1", SPEC, None),
    "GetAgentRuntime": lambda p: p.published_spec("rt-1", 1),
    "ListAgentRuntimes": lambda p: p.observe("a b/ü~*+"),
    "DeleteAgentRuntime": lambda p: p.delete_runtime("rt-1"),
    "PublishRuntimeVersion": lambda p: p.publish_version("rt-1", "sha256:ü"),
    "ListAgentRuntimeVersions": lambda p: p.observe("agent"),
    "CreateAgentRuntimeEndpoint": lambda p: p.create_endpoint("rt-1", "production", Split(1), "é"),
    "UpdateAgentRuntimeEndpoint": lambda p: p.set_split("rt-1", "ep-1", Split(1, ((2, 10),))),
    "GetAgentRuntimeEndpoint": lambda p: p.get_endpoint("rt-1", "ep-1"),
    "ListAgentRuntimeEndpoints": lambda p: p.observe("agent"),
    "DeleteAgentRuntimeEndpoint": lambda p: p.delete_endpoint("rt-1", "ep-1"),
    "ListWorkspaces": lambda p: p.workspaces(),
    "CreateWorkspace": lambda p: p.create_workspace(Workspace("ours", description="für uns")),
    "GetWorkspace": lambda p: p.create_workspace(Workspace("ours")),
}


@dataclass
class Request:
    """A request as the vendor's function takes it."""

    method: str
    pathname: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)


def official(asked: Asked) -> str:
    url = urlsplit(asked.path)
    given = asked.headers["authorization"]
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: asked.headers[name] for name in names}
    request = Request(asked.method, url.path, dict(parse_qsl(url.query)), headers)
    payload = asked.headers["x-acs-content-sha256"]
    signed: str = Utils.get_authorization(request, ALGORITHM, payload, "id", "secret")
    return signed


@pytest.mark.parametrize("token", [None, "tok+/=="])
@pytest.mark.parametrize("action", OPERATIONS)
def test_the_vendors_own_function_signs_it_alike(action: str, token: str | None) -> None:
    cloud = Cloud(runtimes=[dict(RUNTIME)], endpoints=[{**ENDPOINT, "targetVersion": "1"}])
    with scripted(cloud) as (url, seen):
        caller = client(url, Time())
        caller.credentials = lambda: Credentials("id", "secret", token)
        OPERATIONS[action](AgentRun(caller))
    assert action in {asked.headers["x-acs-action"] for asked in seen}
    for asked in seen:
        assert asked.headers["authorization"] == official(asked), asked.path
        assert asked.headers.get("x-acs-security-token") == token
        sent = json.dumps(asked.body, separators=(",", ":")).encode() if asked.body else b""
        assert asked.headers["x-acs-content-sha256"] == hashlib.sha256(sent).hexdigest()


def test_a_changed_request_is_not_signed_alike() -> None:
    changes: list[Callable[[Asked], Any]] = [
        lambda asked: asked.headers.update(host="elsewhere"),
        lambda asked: setattr(asked, "path", asked.path + "1"),
        lambda asked: setattr(asked, "method", "PUT"),
    ]
    for change in changes:
        with scripted(Cloud(runtimes=[dict(RUNTIME)])) as (url, seen):
            AgentRun(client(url, Time())).await_runtime("rt-1")
        change(seen[0])
        assert seen[0].headers["authorization"] != official(seen[0])
