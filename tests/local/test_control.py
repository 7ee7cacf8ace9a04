import base64
import io
import secrets
import zipfile
from http.client import HTTPConnection
from typing import Any

import pytest

from agentramp.local import archive
from agentramp.local.daemon import Server
from tests.local.client import RUNTIMES, Control, agent_code, runtime_input, zipped

CRC64 = "codeConfiguration.checksum is not the CRC-64 of the code"


@pytest.fixture(scope="module")
def demo(server: Server) -> str:
    """The path of a READY runtime with one published version."""
    control = Control(server)
    runtime = control.make_runtime(description="about it")
    control.publish(runtime)
    return runtime


def refused(control: Control, status: int, *call: Any) -> str:
    answer = control.call(*call)
    assert answer.status == status, answer.body
    assert set(answer.body) == {"code", "message", "requestId"}
    return f"{answer.body['code']}: {answer.body['message']}"


# --- runtimes ----------------------------------------------------------------------------------


def test_a_runtime_as_it_is_shown(control: Control, demo: str) -> None:
    found = control.call("GET", demo).data
    assert found["agentRuntimeArn"] == (
        f"acs:agentrun:{control.server.region}:{control.server.account_id}"
        f":runtimes/{found['agentRuntimeName']}"
    )
    assert demo.endswith(found["agentRuntimeId"])
    assert found["agentRuntimeVersion"] == "LATEST"
    assert (found["status"], found["statusReason"]) == ("READY", "")
    assert found["codeConfiguration"] == {
        "language": "python3.12",
        "command": ["python3", "echo.py"],
    }
    assert (found["cpu"], found["memory"], found["port"]) == (1.0, 512, 9000)
    assert found["description"] == "about it"
    assert found["createdAt"] <= found["lastUpdatedAt"]


def test_listing_by_name_and_workspace(control: Control, demo: str) -> None:
    name = control.call("GET", demo).data["agentRuntimeName"]
    (workspace,) = [
        found["workspaceId"]
        for found in control.call("GET", "/workspaces").data["workspaces"]
        if found["isDefault"]
    ]

    def names(**query: str) -> list[str]:
        items = control.call("GET", RUNTIMES, query={**query, "pageSize": "100"}).data["items"]
        return [item["agentRuntimeName"] for item in items]

    exact = {"searchMode": "exact"}
    assert names(agentRuntimeName=name, **exact, workspaceIds=workspace) == [name]
    assert names(agentRuntimeName=name[:-1], **exact) == []
    assert name in names(agentRuntimeName=name[:-1])
    assert names(agentRuntimeName=name, workspaceIds="ws-other") == []
    assert names(agentRuntimeName=name, workspaceIds=f"ws-other,{workspace}") == [name]
    assert names(agentRuntimeName=name, workspaceId=workspace, status="READY") == [name]
    assert names(agentRuntimeName=name, status="CREATE_FAILED") == []


def test_a_name_is_taken_once(control: Control, demo: str) -> None:
    name = control.call("GET", demo).data["agentRuntimeName"]
    told = refused(control, 409, "POST", RUNTIMES, runtime_input(name))
    assert told == f"ERR_CONFLICT: agent runtime '{name}' already exists"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"cpu": None, "memory": None, "port": None}, "CPU is required; Memory is required"),
        ({"workspaceId": "ws-none"}, "workspace 'ws-none' does not exist"),
        ({"codeConfiguration": {"command": ["x"], "zipFile": "eA=="}}, "is no zip archive"),
        (
            {"codeConfiguration": {"command": ["x"], "zipFile": zipped({"../x": ""})}},
            "points out of the archive",
        ),
        (
            {"codeConfiguration": {"command": ["x"], "zipFile": zipped({}), "checksum": "1"}},
            CRC64,
        ),
        ({"artifactType": "Container"}, "ContainerConfiguration is required"),
        (
            {"codeConfiguration": {"command": ["x"], "ossBucketName": "bkt"}},
            "codeConfiguration.ossObjectName is required",
        ),
    ],
)
def test_a_runtime_that_cannot_be(control: Control, change: dict[str, Any], fault: str) -> None:
    name = f"never-{secrets.token_hex(4)}"
    told = refused(control, 400, "POST", RUNTIMES, {**runtime_input(name), **change})
    assert told.startswith("ERR_VALIDATION_FAILED: ")
    assert fault in told


def test_the_checksum_of_the_archive(control: Control) -> None:
    # The CRC-64/XZ of an empty zip, by an implementation that is not ours (liblzma's xz -l).
    empty = zipped({})
    body = runtime_input("x", codeConfiguration={"command": ["x"], "zipFile": empty})
    body["codeConfiguration"]["checksum"] = str(archive_crc(empty))
    body["memory"] = 1
    told = refused(control, 400, "POST", RUNTIMES, body)
    assert "memory" in told
    assert CRC64 not in told


def archive_crc(encoded: str) -> int:
    """Bit by bit, from the definition of CRC-64/XZ."""
    value = (1 << 64) - 1
    for byte in base64.b64decode(encoded):
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xC96C5795D7870F42 if value & 1 else 0)
    return value ^ ((1 << 64) - 1)


def test_a_runtime_that_is_not_there(control: Control) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {}),
        ("DELETE", "", None),
        ("POST", "/versions", {}),
        ("GET", "/versions", None),
        ("GET", "/endpoints", None),
        ("POST", "/endpoints", {}),
        ("GET", "/endpoints/ep", None),
    ):
        told = refused(control, 404, method, f"{RUNTIMES}/missing{path}", body)
        assert told == "ERR_NOT_FOUND: agent runtime 'missing' does not exist"


def test_a_runtime_cannot_be_renamed(control: Control, demo: str) -> None:
    assert "cannot be changed" in refused(control, 400, "PUT", demo, {"agentRuntimeName": "other"})


def test_deleting_a_runtime(control: Control) -> None:
    runtime = control.make_runtime()
    control.publish(runtime)
    endpoint = control.make_endpoint(runtime, targetVersion="1")
    assert "still has endpoints: production" in refused(control, 409, "DELETE", runtime)
    assert control.call("DELETE", endpoint.path).status == 200
    assert endpoint.ask().status == 404
    assert control.call("DELETE", runtime).status == 200
    assert control.call("GET", runtime).status == 404
    assert control.call("DELETE", runtime).status == 404


# --- versions ----------------------------------------------------------------------------------


def test_versions_count_up(control: Control) -> None:
    runtime = control.make_runtime()
    first = control.call("POST", f"{runtime}/versions", {"description": "git:abc"}).data
    assert (first["agentRuntimeVersion"], first["description"]) == ("1", "git:abc")
    assert control.publish(runtime) == "2"
    listed = control.call("GET", f"{runtime}/versions").data
    assert [item["agentRuntimeVersion"] for item in listed["items"]] == ["2", "1"]
    assert listed["total"] == 2
    assert set(listed["items"][0]) == {
        "agentRuntimeArn",
        "agentRuntimeId",
        "agentRuntimeName",
        "agentRuntimeVersion",
        "description",
        "lastUpdatedAt",
    }


def test_publishing_without_a_body(control: Control, demo: str) -> None:
    assert control.call("POST", f"{demo}/versions").data["agentRuntimeVersion"].isdecimal()


def test_a_version_keeps_its_configuration(control: Control) -> None:
    runtime = control.make_runtime(environmentVariables={"A": "1"})
    control.publish(runtime)
    control.update(runtime, version="two", memory=1024, environmentVariables={"B": "2"})
    frozen = control.call("GET", runtime, query={"agentRuntimeVersion": "1"}).data
    assert (frozen["memory"], frozen["environmentVariables"]) == (512, {"A": "1"})
    assert frozen["agentRuntimeVersion"] == "1"
    head = control.call("GET", runtime).data
    assert (head["memory"], head["environmentVariables"]) == (1024, {"B": "2"})
    same = control.call("GET", runtime, query={"agentRuntimeVersion": "LATEST"}).data
    assert same["memory"] == 1024


@pytest.mark.parametrize("version", ["99", "0", "nonsense", "-1", "²"])
def test_a_version_that_is_not_there(control: Control, demo: str, version: str) -> None:
    answer = control.call("GET", demo, query={"agentRuntimeVersion": version})
    assert (answer.status, answer.body["code"]) == (404, "ERR_NOT_FOUND")


def test_a_description_that_is_too_long(control: Control, demo: str) -> None:
    refused(control, 400, "POST", f"{demo}/versions", {"description": "x" * 257})


# --- endpoints ---------------------------------------------------------------------------------


def test_an_endpoint_as_it_is_shown(control: Control, demo: str) -> None:
    endpoint = control.make_endpoint(demo, "shown", targetVersion="1", description="d")
    name = control.call("GET", demo).data["agentRuntimeName"]
    found = control.call("GET", endpoint.path).data
    assert found["agentRuntimeEndpointName"] == "shown"
    assert found["targetVersion"] == "1"
    assert found["routingConfiguration"] == {"versionWeights": []}
    assert found["description"] == "d"
    assert found["agentRuntimeEndpointArn"].endswith(f":runtimes/{name}/endpoints/shown")
    assert found["endpointPublicUrl"] == (
        f"{control.server.data_url}/agent-runtimes/{name}/endpoints/shown/invocations"
    )
    listed = control.call("GET", f"{demo}/endpoints", query={"endpointName": "show"}).data
    assert listed["items"] == [found]
    exact = {"endpointName": "show", "searchMode": "exact"}
    assert control.call("GET", f"{demo}/endpoints", query=exact).data["items"] == []


def test_an_endpoint_without_a_target_serves_the_head(control: Control, demo: str) -> None:
    endpoint = control.make_endpoint(demo, "head")
    assert control.call("GET", endpoint.path).data["targetVersion"] == "LATEST"
    assert endpoint.ask().version == "LATEST"


def test_an_endpoints_name_is_taken_once(control: Control, demo: str) -> None:
    control.make_endpoint(demo, "once", targetVersion="1")
    body = {"agentRuntimeEndpointName": "once"}
    assert "'once' already exists" in refused(control, 409, "POST", f"{demo}/endpoints", body)


@pytest.mark.parametrize(
    "sent",
    [
        {"targetVersion": "77"},
        {
            "targetVersion": "1",
            "routingConfiguration": {"versionWeights": [{"version": "77", "weight": 0.1}]},
        },
    ],
)
def test_an_endpoint_for_a_version_that_is_not_there(
    control: Control, demo: str, sent: dict[str, Any]
) -> None:
    body = {"agentRuntimeEndpointName": "never", **sent}
    told = refused(control, 400, "POST", f"{demo}/endpoints", body)
    assert "version 77 of agent runtime" in told
    assert "does not exist" in told


def test_an_absent_routing_configuration_keeps_the_split(control: Control) -> None:
    endpoint = control.serve("one", "two")
    endpoint.shift("1", v2=0.25)
    control.call("PUT", endpoint.path, {"description": "new"})
    found = control.settled(endpoint.path)
    split = {"versionWeights": [{"version": "2", "weight": 0.25}]}
    assert (found["targetVersion"], found["routingConfiguration"]) == ("1", split)
    cleared = endpoint.shift("1")
    assert cleared["routingConfiguration"] == {"versionWeights": []}


def test_the_vendors_promotion_and_its_documented_canary(control: Control) -> None:
    """Neither sends a clear: the one names a target alone, the other splits it with itself."""
    endpoint = control.serve("one", "two")
    endpoint.shift("1", v2=0.25)
    control.call("PUT", endpoint.path, {"targetVersion": "2"})
    promoted = control.settled(endpoint.path)
    assert promoted["targetVersion"] == "2"
    assert promoted["routingConfiguration"] == {"versionWeights": []}
    endpoint.shift("1", v1=0.2)
    assert [endpoint.ask("/").version for _ in range(3)] == ["1"] * 3


def test_an_endpoint_of_another_runtime(control: Control, demo: str) -> None:
    other = control.serve("one")
    foreign = f"{demo}/endpoints/{other.path.rpartition('/')[2]}"
    assert "does not exist" in refused(control, 404, "GET", foreign)
    assert "does not exist" in refused(control, 404, "DELETE", foreign)


# --- workspaces, pages and the rest ------------------------------------------------------------


def test_workspaces(control: Control) -> None:
    name = f"team {secrets.token_hex(4)}"
    made = control.call("POST", "/workspaces", {"name": name, "description": "d"}).data
    assert made["isDefault"] is False
    assert control.call("GET", f"/workspaces/{made['workspaceId']}").data == made
    listed = control.call("GET", "/workspaces", query={"name": name}).data
    assert (listed["workspaces"], listed["total"]) == ([made], 1)
    assert "already exists" in refused(control, 409, "POST", "/workspaces", {"name": name})
    assert "does not exist" in refused(control, 404, "GET", "/workspaces/ws-none")
    assert "Name is required" in refused(control, 400, "POST", "/workspaces", {})


def test_pages(control: Control) -> None:
    runtime = control.make_runtime()
    for _ in range(5):
        control.publish(runtime)
    pages = [
        control.call(
            "GET", f"{runtime}/versions", query={"pageNumber": str(number), "pageSize": "2"}
        ).data
        for number in (1, 2, 3, 4)
    ]
    found = [[item["agentRuntimeVersion"] for item in page["items"]] for page in pages]
    assert found == [["5", "4"], ["3", "2"], ["1"], []]
    assert {page["total"] for page in pages} == {5}


@pytest.mark.parametrize("size", ["0", "101", "many", "-1"])
def test_a_page_size_that_is_none(control: Control, size: str) -> None:
    answer = control.call("GET", RUNTIMES, query={"pageSize": size})
    assert (answer.status, "pageSize" in answer.body["message"]) == (400, True)


def test_operations_that_are_not_there(control: Control) -> None:
    assert "is no operation of the embedded platform" in refused(
        control, 404, "GET", "/agents/templates"
    )
    assert "ERR_METHOD_NOT_ALLOWED" in refused(control, 405, "PATCH", RUNTIMES)


def test_chunked_bodies(control: Control) -> None:
    """As the vendor's Node client sends them."""
    content = b'{"name":"chunked"}'
    headers = control.headers("POST", "/workspaces", content, {})
    connection = HTTPConnection(headers["host"], timeout=30)
    pieces = iter([content[:5], content[5:]])
    connection.request("POST", "/2025-09-10/workspaces", pieces, headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def test_a_large_archive(control: Control) -> None:
    blob = secrets.token_hex(10_000_000)
    code = {"language": "python3.12", "command": ["python3", "echo.py"]}
    sink = io.BytesIO(base64.b64decode(agent_code("echo.py")))
    with zipfile.ZipFile(sink, "a") as bundle:
        bundle.writestr("blob", blob)
    archive.check(sink)
    runtime = control.make_runtime(
        codeConfiguration={**code, "zipFile": base64.b64encode(sink.getvalue()).decode()}
    )
    assert control.call("DELETE", runtime).status == 200


def test_runtimes_are_found_by_tags_group_and_status(control: Control) -> None:
    name = f"found-{secrets.token_hex(4)}"
    tags = ["x-agentrun-cli", "team-a"]
    body = runtime_input(name, systemTags=tags, resourceGroupId="rg-1")
    assert control.call("POST", RUNTIMES, body).status == 200

    def total(**query: str) -> int:
        return int(
            control.call("GET", RUNTIMES, query={"agentRuntimeName": name, **query}).data["total"]
        )

    assert total(systemTags="team-a") == total(systemTags="team-a,x-agentrun-cli") == 1
    assert total(systemTags="team") == total(systemTags="team-a,team-b") == 0
    assert total(resourceGroupId="rg-1") == total(discoveryResourceGroupId="rg-1") == 1
    assert total(resourceGroupId="rg-2") == total(discoveryResourceGroupId="rg-2") == 0
    assert total(status="CREATING") + total(status="READY") == 1
    assert total(status="DELETING") == 0
    workspace = control.call("GET", RUNTIMES, query={"agentRuntimeName": name}).data["items"][0]
    assert total(workspaceId=workspace["workspaceId"]) == 1
    assert total(workspaceIds=f"ws-none,{workspace['workspaceId']}") == 1
    assert total(workspaceIds="ws-none") == 0


def test_a_wanted_minimum_is_shown_beside_what_runs(control: Control) -> None:
    runtime = control.make_runtime()
    policy = {"name": "day", "scheduleExpression": "cron(0 0 8 * * *)", "target": 3}
    endpoint = control.make_endpoint(
        runtime, scalingConfig={"minInstances": 2, "scheduledPolicies": [policy]}
    )
    shown = control.call("GET", endpoint.path).data["scalingStatus"]
    assert shown == {
        "minInstances": 2,
        "targetInstances": 2,
        "currentInstances": 1,
        "currentError": "",
        "scheduledPolicies": [policy],
    }
    assert control.call("PUT", endpoint.path, {"deleteScalingConfig": True}).status == 200
    assert control.call("GET", endpoint.path).data["scalingStatus"]["minInstances"] == 0
