"""Every operation of the adapter as it goes over the line: the vendor's function signs it alike."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from alibabacloud_tea_openapi.utils import Utils

from agentramp.credentials.sts import Role, TokenService
from agentramp.errors import RefusedError
from agentramp.model import Code, CustomDomain, DomainRoute, RuntimeSpec, Split, Workspace
from agentramp.platform.agentrun.account import Account
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.functions import VERSION, FunctionCompute
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import ALGORITHM, Credentials
from tests.evidence.servers import Received, Said, serving
from tests.platform.agentrun.cloud import Cloud
from tests.platform.agentrun.scripted import Asked, Say, scripted
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
DOMAIN = CustomDomain("a.example.com", routes=(DomainRoute("/ü/*"),))
FUNCTIONS: dict[str, Callable[[FunctionCompute], object]] = {
    "GetFunction": lambda f: f.log_store("rt-1"),
    "ListInstances": lambda f: f.instances("rt-1", "a b/~*+"),
    "GetConcurrencyConfig": lambda f: f.concurrency("rt-1"),
    "PutConcurrencyConfig": lambda f: f.reserve("rt-1", 3),
    "DeleteConcurrencyConfig": lambda f: f.reserve("rt-1", None),
    "GetCustomDomain": lambda f: f.domain("a.example.com"),
    "CreateCustomDomain": lambda f: f.set_domain("rt-1", DOMAIN),
    "UpdateCustomDomain": lambda f: f.set_domain("rt-1", replace(DOMAIN, protocol="HTTPS")),
    "DeleteCustomDomain": lambda f: f.delete_domain("a.example.com"),
}
ASSUMED = Role("acs:ram::1:role/r", "agentramp-1", 900)
ACCOUNT: dict[str, Callable[[TokenService, Account, Credentials], object]] = {
    "GetCallerIdentity": lambda tokens, _, key: tokens.caller(key),
    "AssumeRole": lambda tokens, _, key: tokens.assume(ASSUMED, key),
    "GetRole": lambda _, account, __: account.role_trusts("r ü/~*+"),
    "DescribeVSwitches": lambda _, account, __: account.switches(["vsw-1"]),
    "DescribeSecurityGroups": lambda _, account, __: account.security_group("sg-1"),
}


@dataclass
class Request:
    """A request as the vendor's function takes it."""

    method: str
    pathname: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)


def official(asked: Asked | Received) -> str:
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


@pytest.mark.parametrize("token", [None, "tok+/=="])
@pytest.mark.parametrize("action", FUNCTIONS)
def test_function_compute_is_asked_alike(action: str, token: str | None) -> None:
    there: dict[str, Any] = {}

    def answer(asked: Asked) -> Say:
        if "custom-domains" not in asked.path:
            return Say(200, {"instances": [], "reservedConcurrency": 3})
        if asked.method in {"POST", "PUT"}:
            there.update({"domainName": "a.example.com", **asked.body})
        elif action == "UpdateCustomDomain" and not there:
            there.update({"domainName": "a.example.com", "protocol": "HTTP"})
        return Say(200, there) if there else Say(404, {"Code": "DomainNameNotFound"})

    with scripted(answer) as (url, seen):
        caller = replace(client(url, Time()), version=VERSION, enveloped=False)
        caller.credentials = lambda: Credentials("id", "secret", token)
        FUNCTIONS[action](FunctionCompute(caller, lambda: url, lambda: "1234"))
    assert action in {asked.headers["x-acs-action"] for asked in seen}
    for asked in seen:
        assert asked.headers["authorization"] == official(asked), asked.path
        assert asked.headers.get("x-acs-security-token") == token


@pytest.mark.parametrize("token", [None, "tok+/=="])
@pytest.mark.parametrize("action", ACCOUNT)
def test_the_account_is_asked_alike(action: str, token: str | None) -> None:
    key = Credentials("id", "secret", token)
    with serving(lambda _: Said(400, b'{"Code":"No","Message":"no"}')) as site:
        services = Services("cn-hangzhou", site.url, lambda: "1")
        tokens = TokenService(site.url, lambda: 1.8e9, lambda _: None, lambda: "n")
        account = Account(services, lambda: key, lambda: 1.8e9, lambda _: None, lambda: "n")
        with pytest.raises(RefusedError, match="was refused"):
            ACCOUNT[action](tokens, account, key)
        (asked,) = site.received
    assert asked.headers["x-acs-action"] == action
    assert asked.headers["authorization"] == official(asked)
    assert asked.headers.get("x-acs-security-token") == token


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
