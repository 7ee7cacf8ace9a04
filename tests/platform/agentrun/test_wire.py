import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from agentramp.model import (
    Code,
    Container,
    Endpoint,
    HealthCheck,
    LogStore,
    Nas,
    NasMount,
    Network,
    NetworkMode,
    OssMount,
    OssObject,
    RegistryAccess,
    RuntimeSpec,
    Split,
    Status,
    Tracing,
    Workspace,
)
from agentramp.platform.agentrun import wire
from agentramp.platform.agentrun.kept import unsaid
from agentramp.platform.port import PlatformError

CAPTURED = Path(__file__).parents[2] / "data" / "vectors" / "agentrun-http"

FULL = RuntimeSpec(
    name="full",
    code=Code("python3.12", ("python3", "app.py"), "123", OssObject("bucket", "key")),
    description="all of it",
    cpu=2.0,
    memory=4096,
    disk_size=512,
    port=9000,
    instance_concurrency=5,
    session_idle_timeout=600,
    session_isolation=True,
    session_affinity=False,
    network=Network(NetworkMode.PUBLIC_AND_PRIVATE, "vpc-1", ("vsw-1", "vsw-2"), "sg-1"),
    environment=(("A", "1"), ("B", "2")),
    role="acs:ram::1:role/x",
    credential_name="cred",
    log_store=LogStore("project", "store"),
    workspace_id="ws-1",
    protocol="HTTP",
    health_check=HealthCheck("/health", 0, 10, 2, 3, 1),
    nas=Nas((NasMount("server", "/mnt", tls=False),), 0, 0),
    oss_mounts=(OssMount("bucket", "/oss", "/in", "endpoint", read_only=False),),
    tracing=Tracing(enabled=False, license_key="key", workspace="space"),
)
IMAGE = RuntimeSpec(
    name="image",
    container=Container(
        "registry/image:1",
        ("run",),
        9000,
        "CUSTOM",
        "cri-1",
        RegistryAccess("user", "password", True, "cert", "vpc-1", "vsw-1", "sg-1"),  # noqa: FBT003
    ),
)


def test_full_says_something_in_every_field() -> None:
    """So that the round trip below proves every field; only ``container`` excludes ``code``."""
    empty = [field.name for field in fields(FULL) if getattr(FULL, field.name) in {None, ()}]
    assert empty == ["container"]


@pytest.mark.parametrize("spec", [FULL, IMAGE, RuntimeSpec("bare", Code("nodejs20"))])
def test_there_and_back(spec: RuntimeSpec) -> None:
    body = json.loads(json.dumps(wire.encode_runtime(spec, None)))
    assert wire.decode_spec(body) == spec


def test_zero_and_false_reach_the_wire() -> None:
    body = wire.encode_runtime(FULL, None)
    assert body["healthCheckConfiguration"]["initialDelaySeconds"] == 0
    assert body["armsConfiguration"]["enableArms"] is False
    assert body["nasConfig"]["mountPoints"][0]["enableTLS"] is False
    assert body["disableSessionAffinity"] is True


def test_what_is_not_said_is_absent() -> None:
    body = wire.encode_runtime(RuntimeSpec("bare", Code("nodejs20")), "UEsF")
    assert set(body) == {
        "agentRuntimeName",
        "artifactType",
        "codeConfiguration",
        "cpu",
        "memory",
        "port",
        "networkConfiguration",
        "environmentVariables",
    }
    assert body["codeConfiguration"] == {"language": "nodejs20", "zipFile": "UEsF"}


def test_we_write_what_the_vendors_client_writes() -> None:
    """The same create, as its SDK was captured sending it."""
    captured = (CAPTURED / "001-CreateAgentRuntime.http").read_text().split("\n\n", 1)[1]
    theirs = json.loads(captured)
    archive = theirs["codeConfiguration"].pop("zipFile")
    spec = wire.decode_spec(theirs)
    ours = json.loads(json.dumps(wire.encode_runtime(spec, archive)))
    theirs["codeConfiguration"]["zipFile"] = archive
    assert ours == theirs


@pytest.mark.parametrize(
    ("split", "file"),
    [
        (Split(1, ((2, 10),)), "010-UpdateAgentRuntimeEndpoint.http"),
        (Split(2), "011-UpdateAgentRuntimeEndpoint.http"),
    ],
)
def test_a_split_as_the_vendors_client_writes_it(split: Split, file: str) -> None:
    body = (CAPTURED / file).read_text().split("\n\n", 1)[1]
    assert wire.encode_split(split) == json.loads(body)


@pytest.mark.parametrize(
    ("target", "entries", "split"),
    [
        ("1", [], Split(1)),
        ("LATEST", None, Split("LATEST")),
        ("1", [{"version": "2", "weight": 0.1}], Split(1, ((2, 10),))),
        ("1", [{"version": "2", "weight": 0.29}], Split(1, ((2, 29),))),
        ("1", [{"version": "2", "weight": 0.001}], Split(1, ((2, 1),))),
        ("1", [{"version": "2", "weight": 0.996}], Split(1, ((2, 99),))),
        (
            "1",
            [{"version": "2", "weight": 0.1}, {"version": "2", "weight": 0.2}],
            Split(1, ((2, 30),)),
        ),
        (
            "LATEST",
            [{"version": "1", "weight": 0.4}, {"version": "2", "weight": 0.6}],
            Split(2, ((1, 40),)),
        ),
        # A version that splits with itself, as the vendor's guide makes one, is that version.
        ("2", [{"version": "2", "weight": 0.2}], Split(2)),
        ("1", [{"version": "2", "weight": 1.0}], Split(2)),
        ("1", [{"version": "2", "weight": 0.0}], Split(1)),
        (
            "1",
            [{"version": "2", "weight": 0.2}, {"version": "3", "weight": 0.3}],
            Split(1, ((2, 20), (3, 30))),
        ),
    ],
)
def test_splits_that_others_made(target: str, entries: object, split: Split) -> None:
    data = {
        "agentRuntimeEndpointId": "ep",
        "agentRuntimeEndpointName": "production",
        "targetVersion": target,
        "routingConfiguration": {"versionWeights": entries},
        "status": "UPDATING",
    }
    assert wire.decode_endpoint(data) == Endpoint("ep", "production", split, Status.UPDATING)


def test_weights_that_sum_to_more_than_everything() -> None:
    entries = [{"version": "2", "weight": 0.7}, {"version": "3", "weight": 0.7}]
    data = {"targetVersion": "1", "routingConfiguration": {"versionWeights": entries}}
    with pytest.raises(PlatformError, match="sum to 140 %"):
        wire.decode_endpoint(data)


def test_a_status_nobody_knows() -> None:
    data = {"agentRuntimeId": "rt", "agentRuntimeName": "x", "status": "DREAMING"}
    with pytest.raises(PlatformError, match="DREAMING"):
        wire.decode_runtime(data)


@pytest.mark.parametrize("weight", range(1, 100))
def test_every_percent_survives_the_vendors_scale(weight: int) -> None:
    split = Split(1, ((2, weight),))
    data = {**wire.encode_split(split), "agentRuntimeEndpointId": "ep"}
    assert wire.decode_endpoint(data).split == split


def test_replacing_a_field_changes_the_body() -> None:
    assert wire.encode_runtime(FULL, None) != wire.encode_runtime(replace(FULL, cpu=1.0), None)


ENDPOINT_DATA = {
    "agentRuntimeEndpointArn": "acs:agentrun:cn-hangzhou:1:runtimes/x/endpoints/production",
    "agentRuntimeEndpointId": "ep-1",
    "agentRuntimeEndpointName": "production",
    "agentRuntimeId": "rt-1",
    "description": "the one for people",
    "disablePublicNetworkAccess": True,
    "endpointPublicUrl": "https://x",
    "routingConfiguration": {"versionWeights": []},
    "status": "READY",
    "targetVersion": "1",
}
POLICY = {"name": "day", "scheduleExpression": "cron(0 0 8 * * *)", "target": 3}


@pytest.mark.parametrize(
    ("read", "sent"),
    [
        ({}, {}),
        ({"scalingStatus": {"minInstances": 0, "currentInstances": 4}}, {}),
        ({"scalingStatus": None}, {}),
        (
            {"scalingStatus": {"minInstances": 2, "targetInstances": 2, "currentError": ""}},
            {"scalingConfig": {"minInstances": 2}},
        ),
        (
            {"scalingStatus": {"scheduledPolicies": [POLICY]}},
            {"scalingConfig": {"minInstances": 0, "scheduledPolicies": [POLICY]}},
        ),
        (
            {"scalingConfig": {"minInstances": 1}, "scalingStatus": {"minInstances": 9}},
            {"scalingConfig": {"minInstances": 1}},
        ),
    ],
)
def test_a_change_of_an_endpoint_sends_back_all_that_it_does_not_change(
    read: dict[str, object], sent: dict[str, object]
) -> None:
    body = wire.encode_endpoint({**ENDPOINT_DATA, **read}, Split(1, ((2, 10),)), "other words")
    assert body == {
        "description": "other words",
        "disablePublicNetworkAccess": True,
        "targetVersion": "1",
        "routingConfiguration": {"versionWeights": [{"version": "2", "weight": 0.1}]},
        **sent,
    }


def test_what_an_endpoint_does_not_say_is_not_made_up() -> None:
    bare = {"agentRuntimeEndpointId": "ep-1", "targetVersion": "1"}
    assert wire.encode_endpoint(bare, Split(2), "") == {
        "description": "",
        "targetVersion": "2",
        "routingConfiguration": {"versionWeights": []},
    }


def test_names_and_moments_of_what_is_there() -> None:
    endpoint = wire.decode_endpoint(ENDPOINT_DATA)
    assert endpoint.arn == ENDPOINT_DATA["agentRuntimeEndpointArn"]
    runtime = wire.decode_runtime(
        {
            "agentRuntimeId": "rt-1",
            "agentRuntimeName": "x",
            "agentRuntimeArn": "acs:agentrun:cn-hangzhou:1:runtimes/x",
            "createdAt": "2026-01-02T03:04:05Z",
            "lastUpdatedAt": "2026-01-03T03:04:05Z",
            "workspaceId": "ws-1",
        }
    )
    assert runtime.arn == "acs:agentrun:cn-hangzhou:1:runtimes/x"
    assert runtime.created_at == "2026-01-02T03:04:05Z"
    assert runtime.updated_at == "2026-01-03T03:04:05Z"
    assert runtime.spec.workspace_id == "ws-1"


UNTOUCHED = {
    "diskSize": 512,
    "sessionAffinityType": "HEADER_FIELD",
    "headerFieldName": "x-session",
    "healthCheckConfiguration": {"initialDelaySeconds": 0},
}


def test_an_update_sends_back_what_the_file_leaves_unsaid() -> None:
    was = {**UNTOUCHED, "agentRuntimeId": "rt-1", "status": "READY", "cpu": 4, "nasConfig": None}
    said = wire.encode_runtime(RuntimeSpec("x", Code("python3.12")), None)
    assert unsaid(was, said) == UNTOUCHED
    spoken = wire.encode_runtime(
        RuntimeSpec("x", Code("python3.12"), disk_size=10240, session_affinity=False), None
    )
    assert unsaid(was, spoken) == {"healthCheckConfiguration": {"initialDelaySeconds": 0}}


def test_a_file_system_is_not_sent_back_where_the_network_has_no_vpc() -> None:
    nas = {"mountPoints": [{"serverAddr": "a.nas:/", "mountDir": "/mnt"}]}
    was = {"nasConfig": nas, "networkConfiguration": {"networkMode": "PRIVATE", "vpcId": "vpc-1"}}
    spec = RuntimeSpec("x", Code("python3.12"))
    assert unsaid(was, wire.encode_runtime(spec, None)) == {}
    inside = replace(spec, network=Network(NetworkMode.PRIVATE, "vpc-1", ("vsw-1",), "sg-1"))
    assert unsaid(was, wire.encode_runtime(inside, None)) == {"nasConfig": nas}


def test_workspaces_there_and_back() -> None:
    wanted = Workspace("team", description="ours", resource_group="rg-1")
    body = wire.encode_workspace(wanted)
    assert body == {"name": "team", "description": "ours", "resourceGroupId": "rg-1"}
    answer = {**body, "workspaceId": "ws-1", "isDefault": True}
    assert wire.decode_workspace(answer) == replace(wanted, id="ws-1", is_default=True)
    assert wire.encode_workspace(Workspace("bare")) == {"name": "bare"}
