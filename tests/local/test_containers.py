"""Containers are kept as records: nothing runs them here, and their status says so."""

import secrets

from tests.local.client import RUNTIMES, Control, runtime_input

IMAGE = "registry.example.com/team/agent:1"


def container(**more: object) -> dict[str, object]:
    body = runtime_input(f"container-{secrets.token_hex(4)}")
    del body["codeConfiguration"]
    given = {"image": IMAGE, "command": ["serve"], "port": 9000, **more}
    return {**body, "artifactType": "Container", "containerConfiguration": given}


def test_a_container_is_kept_and_says_that_nothing_runs_it(control: Control) -> None:
    made = control.call("POST", RUNTIMES, container(imageRegistryType="ACR")).data
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    found = control.settled(runtime)
    assert found["status"] == "CREATE_FAILED"
    assert "runs no containers" in found["statusReason"]
    assert found["containerConfiguration"]["image"] == IMAGE
    assert found["containerConfiguration"]["imageRegistryType"] == "ACR"
    assert control.call("POST", f"{runtime}/versions", {}).status == 409
    listed = control.call("GET", RUNTIMES, query={"agentRuntimeName": made["agentRuntimeName"]})
    assert listed.data["total"] == 1
    assert control.call("DELETE", runtime).status == 200


def test_an_endpoint_of_a_container_does_not_come_up(control: Control) -> None:
    made = control.call("POST", RUNTIMES, container()).data
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    control.settled(runtime)
    endpoint = control.call(
        "POST", f"{runtime}/endpoints", {"agentRuntimeEndpointName": "default"}
    ).data
    found = control.settled(f"{runtime}/endpoints/{endpoint['agentRuntimeEndpointId']}")
    assert found["status"] == "CREATE_FAILED"
    assert "runs no containers" in found["statusReason"]
    assert found["scalingStatus"]["currentInstances"] == 0


def test_a_container_can_be_changed_to_code_and_back(control: Control) -> None:
    made = control.call("POST", RUNTIMES, container()).data
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    control.settled(runtime)
    assert control.update(runtime)["status"] == "READY"
    body = container()
    del body["agentRuntimeName"]
    assert control.call("PUT", runtime, body).data["status"] == "UPDATING"
    assert control.settled(runtime)["status"] == "UPDATE_FAILED"
    # Without code in the call there is none to go back to.
    refused = control.call("PUT", runtime, {"artifactType": "Code", "codeConfiguration": None})
    assert refused.status == 400
