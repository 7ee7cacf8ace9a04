"""The account in memory, and the adapter of RAM, VPC and ECS against the embedded platform."""

import secrets
import time
from collections.abc import Iterator

import pytest

from agentramp.local import daemon
from agentramp.platform.agentrun.account import Account
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.preflight.memory import MemoryCloud
from agentramp.preflight.port import Cloud
from tests.conformance.cloud_suite import (
    OTHER_ROLE,
    OTHER_VPC,
    ROLE,
    STRICT_ROLE,
    VPC,
    CloudSuite,
)
from tests.local.client import Control

RUNS, OTHER = "fc.aliyuncs.com", "ecs.aliyuncs.com"


class TestMemory(CloudSuite):
    @pytest.fixture
    def cloud(self) -> Cloud:
        return MemoryCloud(
            {ROLE: (RUNS,), OTHER_ROLE: (OTHER,), STRICT_ROLE: ()},
            {"vsw-1": VPC, "vsw-2": VPC, "vsw-9": OTHER_VPC},
            {"sg-1": VPC, "sg-9": OTHER_VPC},
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemon.Server]:
    home = tmp_path_factory.mktemp("home")
    server = daemon.start(home)
    describe(server)
    yield server
    daemon.stop(home, timeout=30)


def describe(server: daemon.Server) -> None:
    control = Control(server)
    root = f"acs:ram::{server.account_id}:root"
    for name, principal in (
        (ROLE, {"Service": [RUNS]}),
        (OTHER_ROLE, {"Service": OTHER, "RAM": root}),
        (STRICT_ROLE, {"RAM": [root]}),
    ):
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        policy = {"Version": "1", "Statement": [statement]}
        arn = f"acs:ram::{server.account_id}:role/{name}"
        assert control.call("PUT", "/agentramp/roles", {"arn": arn, "trustPolicy": policy}).data
    for vpc, switches, group in ((VPC, ["vsw-1", "vsw-2"], "sg-1"), (OTHER_VPC, ["vsw-9"], "sg-9")):
        network = {"vpcId": vpc, "vSwitchIds": switches, "securityGroupIds": [group]}
        assert control.call("PUT", "/agentramp/networks", network).data == {"vpcId": vpc}


class TestEmbedded(CloudSuite):
    @pytest.fixture
    def cloud(self, server: daemon.Server) -> Cloud:
        key = Credentials(server.access_key_id, server.access_key_secret)
        return account(server, key)


def account(server: daemon.Server, key: Credentials) -> Account:
    services = Services(server.region, server.control_url, lambda: server.account_id)
    return Account(services, lambda: key, time.time, time.sleep, lambda: secrets.token_hex(16))


NETWORKS = [
    ({}, "VpcId is required"),
    ({"vpcId": "V P C"}, "vpcId must match"),
    ({"vpcId": "vpc-1", "vSwitchIds": "vsw-1"}, "vSwitchIds must be a list"),
]


@pytest.mark.parametrize(("document", "why"), NETWORKS)
def test_a_network_that_makes_no_sense_is_refused(
    server: daemon.Server, document: dict[str, object], why: str
) -> None:
    answer = Control(server).call("PUT", "/agentramp/networks", document)
    assert answer.status == 400
    assert why in answer.body["message"]
