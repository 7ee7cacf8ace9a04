"""Roles and networks, asked as the vendor's own clients ask; the embedded platform answers in
tests/conformance."""

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from agentramp.platform.agentrun.account import Account
from agentramp.platform.agentrun.rpc import ATTEMPTS, RpcError
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.calls import Call
from tests.evidence.servers import Received, Said, serving

KEY = Credentials("id", "hush")


def account(url: str, told: Callable[[Call], None] = lambda _: None) -> Account:
    services = Services("cn-beijing", url, lambda: "1")
    numbers = iter(range(1000))
    return Account(
        services, lambda: KEY, lambda: 1.8e9, lambda _: None, lambda: f"{next(numbers)}", told
    )


def said(document: object, status: int = 200) -> Said:
    return Said(status, json.dumps(document).encode())


def role(*statements: object) -> Said:
    policy = json.dumps({"Version": "1", "Statement": list(statements)})
    return said({"Role": {"RoleName": "r", "AssumeRolePolicyDocument": policy}})


def lets(principal: object, effect: str = "Allow", action: object = "sts:AssumeRole") -> object:
    return {"Effect": effect, "Action": action, "Principal": principal}


def test_each_question_as_the_vendors_clients_ask_it() -> None:
    """What theirs sent (ram 1.3.0, vpc 7.2.2, ecs 7.11.8): POST /, all of it in the query."""

    def answer(request: Received) -> Said:
        action = request.headers["x-acs-action"]
        lists = {
            "DescribeVSwitches": {"VSwitches": {"VSwitch": list[str]()}},
            "DescribeSecurityGroups": {"SecurityGroups": {"SecurityGroup": list[str]()}},
        }
        return role() if action == "GetRole" else said(lists[action])

    calls: list[Call] = []
    with serving(answer) as site:
        ours = account(site.url, calls.append)
        ours.role_trusts("r")
        ours.switches(["vsw-1", "vsw-2", "vsw-1"])
        ours.security_group("sg-1")
        asked = [
            (one.method, urlsplit(one.path).path, dict(parse_qsl(urlsplit(one.path).query)))
            for one in site.received
        ]
        named = [
            (one.headers["x-acs-action"], one.headers["x-acs-version"]) for one in site.received
        ]
        assert all(one.body == b"" and "hush" not in str(one) for one in site.received)
    region = {"RegionId": "cn-beijing"}
    assert asked == [
        ("POST", "/", {"RoleName": "r"}),
        ("POST", "/", {**region, "VSwitchId": "vsw-1"}),
        ("POST", "/", {**region, "VSwitchId": "vsw-2"}),
        ("POST", "/", {**region, "SecurityGroupId": "sg-1"}),
    ]
    switches = ("DescribeVSwitches", "2016-04-28")
    groups = ("DescribeSecurityGroups", "2014-05-26")
    assert named == [("GetRole", "2015-05-01"), switches, switches, groups]
    assert [call.action for call in calls] == [action for action, _ in named]


HOSTS = [
    ("cn-hangzhou", "vpc.aliyuncs.com", "ecs-cn-hangzhou.aliyuncs.com"),
    ("cn-beijing", "vpc.cn-beijing.aliyuncs.com", "ecs.cn-beijing.aliyuncs.com"),
    ("ap-southeast-1", "vpc.ap-southeast-1.aliyuncs.com", "ecs.ap-southeast-1.aliyuncs.com"),
]


@pytest.mark.parametrize(("region", "networks", "groups"), HOSTS)
def test_hosts_are_those_of_the_vendors_clients(region: str, networks: str, groups: str) -> None:
    services = Services.of(region, lambda: "1", {})
    assert services.roles == "https://ram.aliyuncs.com"
    assert services.networks == f"https://{networks}"
    assert services.security_groups == f"https://{groups}"


POLICIES = [
    ([lets({"Service": "fc.aliyuncs.com"})], ["fc.aliyuncs.com"]),
    ([lets({"Service": ["a", "b"]}), lets({"Service": ["b", "c"]})], ["a", "b", "c"]),
    ([lets({"Service": ["a"]}, action=["sts:AssumeRole", "sts:TagSession"])], ["a"]),
    ([lets({"Service": ["a"]}, action="sts:*")], ["a"]),
    ([lets({"Service": ["a"]}, action="sts:TagSession")], []),
    ([lets({"Service": ["a", "b"]}), lets({"Service": "a"}, "Deny")], ["b"]),
    ([lets({"RAM": ["acs:ram::1:root"]})], []),
    ([lets({"Service": [7]}), "odd", {}], []),
    ([], []),
]


@pytest.mark.parametrize(("statements", "trusted"), POLICIES)
def test_whom_a_policy_trusts(statements: list[object], trusted: list[str]) -> None:
    with serving(lambda _: role(*statements)) as site:
        assert list(account(site.url).role_trusts("r") or ()) == trusted


def test_a_right_that_is_missing_is_told_by_its_code() -> None:
    refusal = said({"Code": "NoPermission", "Message": "You are not authorized."}, 403)
    with (
        serving(lambda _: refusal) as site,
        pytest.raises(RpcError, match="NoPermission") as caught,
    ):
        account(site.url).role_trusts("r")
    assert (caught.value.code, len(site.received)) == ("NoPermission", 1)


SENSELESS = [
    said({}),
    said({"Role": {"AssumeRolePolicyDocument": "{"}}),
    said({"VSwitches": {"VSwitch": [{"VSwitchId": "vsw-1"}]}}),
    said({"SecurityGroups": [], "VSwitches": {"VSwitch": 7}}),
    Said(200, b"<html>"),
]


@pytest.mark.parametrize("answer", SENSELESS, ids=range(len(SENSELESS)))
def test_an_answer_of_somebody_else(answer: Said) -> None:
    acts: list[Callable[[Account], object]] = [
        lambda ours: ours.role_trusts("r"),
        lambda ours: ours.switches(["vsw-1"]),
        lambda ours: ours.security_group("sg-1"),
    ]
    for act in acts:
        with serving(lambda _: answer) as site, pytest.raises(RpcError) as caught:
            act(account(site.url))
        assert "127.0.0.1" in caught.value.message
        assert "between" in caught.value.advice


def test_a_busy_service_is_asked_again() -> None:
    turns = iter([Said(503), said({"Code": "Throttling.User", "Message": "slow"}, 400)])
    with serving(lambda _: next(turns, None) or role()) as site:
        assert account(site.url).role_trusts("r") == ()
        assert len(site.received) == 3
    with serving(lambda _: Said(503)) as site, pytest.raises(RpcError):
        account(site.url).role_trusts("r")
    assert len(site.received) == ATTEMPTS
