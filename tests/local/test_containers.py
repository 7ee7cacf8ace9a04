"""Containers: what stands for an image runs as code does; of any other the status says why not."""

import base64
import secrets
from pathlib import Path
from typing import Any

import pytest

from agentramp.local import daemon
from agentramp.local.images import Reference
from tests.local.client import RUNTIMES, Control, agent_code, runtime_input

IMAGE = "registry.example.com/team/agent"
ECHO = ("python3", "echo.py")


def container(**more: object) -> dict[str, Any]:
    body = runtime_input(f"container-{secrets.token_hex(4)}")
    del body["codeConfiguration"]
    given = {"image": f"{IMAGE}:nobody", "port": 9000, **more}
    return {**body, "artifactType": "Container", "containerConfiguration": given}


@pytest.fixture
def pushed(control: Control, tmp_path: Path) -> "Pushed":
    return Pushed(control, tmp_path)


class Pushed:
    """Stands for pushes to a registry: each gives a name by digest."""

    def __init__(self, control: Control, folder: Path) -> None:
        self.images, self.folder = daemon.images(control.server.home), folder

    def __call__(self, version: str, *command: str, tag: str = "") -> str:
        archive = self.folder / "image.zip"
        archive.write_bytes(base64.b64decode(agent_code("echo.py", version)))
        name = Reference.of(f"{IMAGE}:{tag or f'of-{version}'}")
        return self.images.register(name, archive, command)


def made(control: Control, **more: object) -> tuple[str, Any]:
    answer = control.call("POST", RUNTIMES, container(**more)).data
    runtime = f"{RUNTIMES}/{answer['agentRuntimeId']}"
    return runtime, control.settled(runtime)


def changed(control: Control, runtime: str, **more: object) -> Any:
    body = container(**more)
    del body["agentRuntimeName"]
    control.call("PUT", runtime, body).data  # noqa: B018 asserts success
    return control.settled(runtime)


def test_an_unknown_image_is_kept_and_says_what_to_type(control: Control) -> None:
    runtime, found = made(control, imageRegistryType="ACR", command=["serve"])
    assert found["status"] == "CREATE_FAILED"
    typed = f"agentramp local image {IMAGE}:nobody FOLDER -- COMMAND"
    assert found["statusReason"].endswith(typed)
    assert found["containerConfiguration"]["image"] == f"{IMAGE}:nobody"
    assert found["containerConfiguration"]["imageRegistryType"] == "ACR"
    assert control.call("POST", f"{runtime}/versions", {}).status == 409
    endpoint = control.call(
        "POST", f"{runtime}/endpoints", {"agentRuntimeEndpointName": "default"}
    ).data
    place = f"{runtime}/endpoints/{endpoint['agentRuntimeEndpointId']}"
    found = control.settled(place)
    assert found["status"] == "CREATE_FAILED"
    assert typed in found["statusReason"]
    assert found["scalingStatus"]["currentInstances"] == 0
    assert control.call("DELETE", place).status == 200
    assert control.call("DELETE", runtime).status == 200


def test_two_digests_of_one_name_are_two_versions_side_by_side(
    control: Control, pushed: Pushed
) -> None:
    """By a tag, even: what stood for it when the head was made stays with the version."""
    pushed("one", *ECHO, tag="latest")
    runtime, found = made(control, image=IMAGE)
    assert found["status"] == "READY", found["statusReason"]
    assert "command" not in found["containerConfiguration"]
    control.publish(runtime)
    pushed("two", *ECHO, tag="latest")
    assert changed(control, runtime, image=IMAGE)["status"] == "READY"
    control.publish(runtime)
    third = pushed("three", *ECHO)
    assert changed(control, runtime, image=third)["status"] == "READY"
    control.publish(runtime)
    endpoint = control.make_endpoint(runtime, targetVersion="1")
    answers = {}
    for version in ("1", "2", "3"):
        endpoint.shift(version)
        answers[version] = endpoint.ask("/slow?pause=0").content.decode()
    assert answers == {"1": "one", "2": "two", "3": "three"}


def test_command_and_port_of_the_configuration_are_the_ones_that_hold(
    control: Control, pushed: Pushed
) -> None:
    name = pushed("one")
    runtime, found = made(control, image=name)
    assert found["status"] == "CREATE_FAILED"
    assert "nobody says what starts it" in found["statusReason"]
    found = changed(control, runtime, image=name, command=["python3", "no-such-file.py"])
    assert found["status"] == "UPDATE_FAILED"
    assert "no-such-file.py" in found["statusReason"]
    # The program listens on 9000, whatever the runtime says of a port besides.
    body = {**container(image=name, command=[*ECHO]), "port": 8000}
    del body["agentRuntimeName"]
    control.call("PUT", runtime, body).data  # noqa: B018 asserts success
    found = control.settled(runtime)
    assert found["status"] == "READY", found["statusReason"]


def test_a_container_can_be_changed_to_code_and_back(control: Control, pushed: Pushed) -> None:
    runtime, _ = made(control)
    assert control.update(runtime)["status"] == "READY"
    assert changed(control, runtime)["status"] == "UPDATE_FAILED"
    assert changed(control, runtime, image=pushed("one", *ECHO))["status"] == "READY"
    # Without code in the call there is none to go back to: an image is no code.
    refused = control.call("PUT", runtime, {"artifactType": "Code", "codeConfiguration": None})
    assert refused.status == 400
