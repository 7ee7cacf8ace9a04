from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from agentramp.credentials.port import CredentialsError
from agentramp.logs.memory import MemoryLogs
from agentramp.model import LogStore, Network, NetworkMode, Observed, Runtime, RuntimeSpec, Version
from agentramp.platform.port import PlatformError
from agentramp.preflight.account import RUNS_AGENTS, Standing, findings
from agentramp.preflight.finding import Failed, Finding, Passed, Skipped
from agentramp.preflight.memory import MemoryCloud

VPC = Network(NetworkMode.PRIVATE, "vpc-1", ("vsw-1", "vsw-2"), "sg-1")
STORE = LogStore("project", "store")
WANTED = Standing("acs:ram::1:role/agentRunRole", VPC, STORE, (("production", 2), ("next", None)))
SEEN = Observed(Runtime("rt", RuntimeSpec("demo")), (Version(2), Version(1)))


@dataclass
class Scene:
    """An account in which all is well, until a test changes it."""

    wanted: Standing = WANTED
    identity: Callable[[], str] = lambda: "an access key of account 1"
    observe: Callable[[], Observed] = lambda: SEEN

    def __post_init__(self) -> None:
        self.cloud = MemoryCloud(
            {"agentRunRole": (RUNS_AGENTS,)},
            {"vsw-1": "vpc-1", "vsw-2": "vpc-1", "vsw-9": "vpc-9"},
            {"sg-1": "vpc-1", "sg-9": "vpc-9"},
        )
        self.logs = MemoryLogs(stores={STORE})

    def look(self) -> dict[str, Finding]:
        return {one.name: one for one in self.found()}

    def found(self) -> list[Finding]:
        return list(
            findings(
                self.wanted, self.identity, self.observe, lambda: self.cloud, lambda: self.logs
            )
        )


def test_all_is_well() -> None:
    found = Scene().look()
    assert [name for name, one in found.items() if isinstance(one, Passed)] == [
        *("credentials", "AgentRun", "role", "network", "log project", "endpoints"),
    ]
    assert isinstance(found["permissions"], Skipped)


def test_nothing_is_asked_for() -> None:
    found = Scene(Standing()).look()
    skipped = {name for name, one in found.items() if isinstance(one, Skipped)}
    assert skipped == {"permissions", "role", "network", "log project", "endpoints"}


def test_without_credentials_the_rest_is_skipped() -> None:
    def nobody() -> str:
        raise CredentialsError("no credentials", advice="set some")

    found = Scene(identity=nobody).found()
    assert isinstance(found[0], Failed)
    assert found[0].fix == "set some"
    assert {type(one) for one in found[1:]} == {Skipped}


def test_a_service_that_refuses_is_told_with_its_words() -> None:
    def closed() -> Observed:
        raise PlatformError("the service is not opened", code="ServiceNotOpened", advice="open it")

    found = Scene(observe=closed).look()
    told = found["AgentRun"]
    assert isinstance(told, Failed)
    assert (told.fix, "not opened" in told.detail) == ("open it", True)
    assert isinstance(found["endpoints"], Skipped)


@pytest.mark.parametrize(
    ("role", "detail"),
    [("nobody", "there is no role nobody"), ("other", "does not trust fc.aliyuncs.com")],
)
def test_a_role_that_will_not_do(role: str, detail: str) -> None:
    scene = Scene(replace(WANTED, role=role))
    scene.cloud.roles["other"] = ("ecs.aliyuncs.com",)
    found = scene.look()["role"]
    assert isinstance(found, Failed)
    assert detail in found.detail


@pytest.mark.parametrize(
    ("network", "detail"),
    [
        (replace(VPC, vswitch_ids=("vsw-1", "vsw-9")), "vsw-9 belongs to vpc-9"),
        (replace(VPC, vswitch_ids=("vsw-0",)), "there is no vSwitch vsw-0"),
        (replace(VPC, security_group_id="sg-9"), "sg-9 belongs to vpc-9"),
        (replace(VPC, security_group_id="sg-0"), "there is no security group sg-0"),
    ],
)
def test_a_network_that_does_not_belong_together(network: Network, detail: str) -> None:
    found = Scene(replace(WANTED, network=network)).look()["network"]
    assert isinstance(found, Failed)
    assert detail in found.detail
    assert "vpc-1" in found.fix


def test_a_log_store_that_is_not_there() -> None:
    found = Scene(replace(WANTED, log_store=LogStore("project", "misspelt"))).look()["log project"]
    assert isinstance(found, Failed)
    assert "misspelt" in found.detail


def test_an_endpoint_that_names_a_version_which_does_not_exist() -> None:
    found = Scene(replace(WANTED, endpoints=(("production", 7), ("canary", 2)))).look()["endpoints"]
    assert isinstance(found, Failed)
    assert found.detail == "production names version 7, and published are: 1, 2"


def test_who_may_not_look_has_no_verdict() -> None:
    class Guarded(MemoryCloud):
        def role_trusts(self, name: str) -> tuple[str, ...]:
            raise PlatformError(f"GetRole {name}: not allowed", code="NoPermission")

    scene = Scene()
    scene.cloud = Guarded()
    found = scene.look()["role"]
    assert isinstance(found, Skipped)
    assert "may not look" in found.reason
