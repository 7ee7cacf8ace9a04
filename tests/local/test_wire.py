import base64
import json
from typing import Any

import pytest

from agentramp.local import wire
from agentramp.local.records import (
    Affinity,
    Endpoint,
    Health,
    Label,
    Route,
    Snapshot,
    Spec,
    Status,
    Weighted,
)
from agentramp.local.refusal import RefusalError
from tests.local.client import runtime_input


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def spec(**more: Any) -> Spec:
    sent = wire.read_runtime(body(runtime_input("demo", **more)))
    return wire.spec_of(Snapshot("id", 1, sent.document, "digest"))


def endpoint(route: Route | None, wanted: Route | None = None) -> Endpoint:
    return Endpoint("id", "rt", "production", "{}", route, wanted, Status.READY, "", 0, 0)


def test_a_runtime_with_everything() -> None:
    found = spec(
        port=8000,
        environmentVariables={"A": "1"},
        healthCheckConfiguration={
            "httpGetUrl": "/health",
            "initialDelaySeconds": 0,
            "periodSeconds": 5,
            "timeoutSeconds": 2,
            "failureThreshold": 4,
            "successThreshold": 2,
        },
        sessionAffinityType="HEADER_FIELD",
        headerFieldName="X-Session",
        sessionIdleTimeoutSeconds=60,
    )
    assert found.command == ("python3", "echo.py")
    assert found.port == 8000
    assert found.environment == {"A": "1"}
    assert found.health == Health("/health", 5, 2, 4, 2)
    assert found.affinity == Affinity(enabled=True, header="x-session", idle_seconds=60)


@pytest.mark.parametrize(
    "sent", [{"disableSessionAffinity": True}, {"sessionAffinityType": "NONE"}]
)
def test_no_affinity(sent: dict[str, Any]) -> None:
    assert not spec(**sent).affinity.enabled


def test_the_archive_is_not_kept_in_the_document() -> None:
    sent = wire.read_runtime(body(runtime_input("demo")))
    assert sent.archive is not None
    assert sent.archive.startswith(b"PK")
    assert "zipFile" not in sent.document


def test_an_update_keeps_what_it_does_not_send() -> None:
    former = wire.read_runtime(body(runtime_input("demo", description="old", memory=1024)))
    snapshot = Snapshot("id", 1, former.document, "digest")
    sent = wire.read_runtime(body({"cpu": 2, "forceEvictInstances": True}), snapshot)
    assert sent.archive is None
    document = json.loads(sent.document)
    assert (document["cpu"], document["memory"], document["description"]) == (2, 1024, "old")
    assert "forceEvictInstances" not in document


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"agentRuntimeName": None}, "AgentRuntimeName is required"),
        ({"agentRuntimeName": "9lives"}, "agentRuntimeName must match"),
        ({"cpu": None, "memory": None, "port": None}, "CPU is required; Memory is required; Port"),
        ({"artifactType": None}, "ArtifactType is required"),
        ({"artifactType": "Container"}, "ContainerConfiguration is required"),
        (
            {"artifactType": "Container", "containerConfiguration": {"command": "x", "port": 0}},
            "containerConfiguration.image is required; containerConfiguration.command must be",
        ),
        ({"systemTags": "a"}, "systemTags must be a list of strings"),
        ({"artifactType": "Jar"}, "must be Code or Container"),
        ({"cpu": "1"}, "cpu must be a number"),
        ({"cpu": True}, "cpu must be a number"),
        ({"cpu": 32}, "cpu must be between"),
        ({"memory": 64}, "memory must be between 128"),
        ({"memory": 512.5}, "memory must be an integer"),
        ({"port": 0}, "port must be between 1"),
        ({"description": "x" * 257}, "description is longer than 256"),
        ({"environmentVariables": {"A": 1}}, "environmentVariables.A must be a string"),
        ({"environmentVariables": []}, "environmentVariables must be an object"),
        ({"codeConfiguration": None}, "CodeConfiguration is required"),
        ({"codeConfiguration": {}}, "codeConfiguration.zipFile is required"),
        ({"codeConfiguration": {"command": ["x"]}}, "codeConfiguration.zipFile is required"),
        ({"codeConfiguration": {"zipFile": "UEs="}}, "codeConfiguration.command is required"),
        (
            {"codeConfiguration": {"zipFile": "UEs=", "command": []}},
            "codeConfiguration.command names no program",
        ),
        (
            {"codeConfiguration": {"zipFile": "UEs=", "command": "run"}},
            "codeConfiguration.command must be a list of strings",
        ),
        (
            {"codeConfiguration": {"zipFile": "!!!", "command": ["x"]}},
            "codeConfiguration.zipFile is not base64",
        ),
        (
            {"codeConfiguration": {"ossBucketName": "bkt", "command": ["x"]}},
            "codeConfiguration.ossObjectName is required",
        ),
        (
            {"codeConfiguration": {"ossBucketName": "B", "ossObjectName": "k", "command": ["x"]}},
            "codeConfiguration.ossBucketName must match",
        ),
        (
            {"healthCheckConfiguration": {"httpGetUrl": "health", "periodSeconds": 0}},
            "healthCheckConfiguration.httpGetUrl must match",
        ),
        ({"sessionAffinityType": "SOMETIMES"}, "sessionAffinityType must match"),
        ({"headerFieldName": "a b"}, "headerFieldName must match"),
        ({"disableSessionAffinity": "no"}, "disableSessionAffinity must be true or false"),
    ],
)
def test_faults_of_a_runtime_name_the_field(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(RefusalError) as caught:
        wire.read_runtime(body({**runtime_input("demo"), **change}))
    assert fault in caught.value.message
    assert (caught.value.status, caught.value.code) == (400, "ERR_VALIDATION_FAILED")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object(content: bytes) -> None:
    with pytest.raises(RefusalError):
        wire.read_runtime(content)


SPLIT = Route(Label("1"), (Weighted(Label("2"), 0.3),))


@pytest.mark.parametrize(
    ("sent", "former", "route"),
    [
        ({"agentRuntimeEndpointName": "p"}, None, Route(Label("LATEST"))),
        ({"agentRuntimeEndpointName": "p", "targetVersion": "3"}, None, Route(Label("3"))),
        ({"targetVersion": "3"}, SPLIT, Route(Label("3"), SPLIT.weights)),
        ({"targetVersion": "2"}, SPLIT, Route(Label("2"))),
        (
            {
                "targetVersion": "2",
                "routingConfiguration": {"versionWeights": [{"version": "2", "weight": 0.3}]},
            },
            SPLIT,
            Route(Label("2"), SPLIT.weights),
        ),
        ({}, SPLIT, SPLIT),
        ({"routingConfiguration": {}}, SPLIT, Route(Label("1"))),
        ({"routingConfiguration": {"versionWeights": []}}, SPLIT, Route(Label("1"))),
        (
            {"routingConfiguration": {"versionWeights": [{"version": "LATEST", "weight": 0.5}]}},
            SPLIT,
            Route(Label("1"), (Weighted(Label("LATEST"), 0.5),)),
        ),
        (
            {
                "routingConfiguration": {
                    "versionWeights": [
                        {"version": "2", "weight": 0.1},
                        {"version": "3", "weight": 0.2},
                    ]
                }
            },
            SPLIT,
            Route(Label("1"), (Weighted(Label("2"), 0.1), Weighted(Label("3"), 0.2))),
        ),
    ],
)
def test_routes(sent: dict[str, Any], former: Route | None, route: Route) -> None:
    found = wire.read_endpoint(body(sent), endpoint(former) if former else None)
    assert found.route == route


def test_a_pending_route_is_what_an_update_changes() -> None:
    found = wire.read_endpoint(
        body({"description": "d"}), endpoint(Route(Label("1")), Route(Label("2")))
    )
    assert found.route == Route(Label("2"))


@pytest.mark.parametrize(
    ("weights", "fault"),
    [
        ([{"version": "2", "weight": 0}], "above 0 and below 1"),
        ([{"version": "2", "weight": 1}], "above 0 and below 1"),
        ([{"version": "2", "weight": 20}], "weight must be between"),
        ([{"version": "2", "weight": "0.2"}], "weight must be a number"),
        ([{"version": "2", "weight": 0.2}, {"version": "2", "weight": 0.1}], "a version twice"),
        ([{"version": "2", "weight": 0.7}, {"version": "3", "weight": 0.3}], "less than 1"),
        ([{"version": "v2", "weight": 0.1}], "version must match"),
        ([{"version": 2, "weight": 0.1}], "version must be a string"),
        ([{"version": "2"}], "weight is required"),
        ([7], "versionWeights[0] must be an object"),
        ({}, "versionWeights must be a list"),
    ],
)
def test_faults_of_weights(weights: object, fault: str) -> None:
    sent = {
        "agentRuntimeEndpointName": "p",
        "targetVersion": "1",
        "routingConfiguration": {"versionWeights": weights},
    }
    with pytest.raises(RefusalError) as caught:
        wire.read_endpoint(body(sent))
    assert fault in caught.value.message


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({}, "AgentRuntimeEndpointName is required"),
        ({"agentRuntimeEndpointName": "a/b"}, "agentRuntimeEndpointName must match"),
        ({"agentRuntimeEndpointName": "p", "targetVersion": "01"}, "targetVersion must match"),
    ],
)
def test_faults_of_an_endpoint(sent: dict[str, Any], fault: str) -> None:
    with pytest.raises(RefusalError) as caught:
        wire.read_endpoint(body(sent))
    assert fault in caught.value.message


def test_scaling_is_kept_until_it_is_deleted() -> None:
    first = wire.read_endpoint(
        body({"agentRuntimeEndpointName": "p", "scalingConfig": {"minInstances": 1}})
    )
    assert json.loads(first.document)["scalingConfig"] == {"minInstances": 1}
    former = Endpoint("id", "rt", "p", first.document, SPLIT, None, Status.READY, "", 0, 0)
    second = wire.read_endpoint(body({"deleteScalingConfig": True}), former)
    assert "scalingConfig" not in json.loads(second.document)


def test_the_archive_is_what_was_sent() -> None:
    sent = runtime_input("demo")
    archive = wire.read_runtime(body(sent)).archive
    assert base64.b64encode(archive or b"").decode() == sent["codeConfiguration"]["zipFile"]
