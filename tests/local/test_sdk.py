"""The vendor's official client drives the embedded platform; nothing of ours signs or parses."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from alibabacloud_agentrun20250910 import models
from alibabacloud_agentrun20250910.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from agentramp.local.daemon import Server
from tests.local.client import Control, Endpoint, agent_code

# Its signing code calls datetime.utcnow, deprecated from Python 3.12 on.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture
def client(server: Server) -> Client:
    return Client(
        Config(
            access_key_id=server.access_key_id,
            access_key_secret=server.access_key_secret,
            protocol="http",
            endpoint=urlsplit(server.control_url).netloc,
            region_id=server.region,
        )
    )


def ready(read: Callable[[], object]) -> object:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = read()
        if getattr(found, "status", "") not in {"CREATING", "UPDATING"}:
            assert getattr(found, "status", "") == "READY"
            return found
        time.sleep(0.05)
    raise AssertionError("not READY in time")


def test_create_publish_endpoint_split(client: Client, server: Server) -> None:
    def code(version: str) -> models.CodeConfiguration:
        return models.CodeConfiguration(
            language="python3.12",
            command=["python3", "echo.py"],
            zip_file=agent_code("echo.py", version),
        )

    made = client.create_agent_runtime(
        models.CreateAgentRuntimeRequest(
            body=models.CreateAgentRuntimeInput(
                agent_runtime_name="sdk-demo",
                artifact_type="Code",
                code_configuration=code("one"),
                cpu=1.0,
                memory=2048,
                port=9000,
                description="中文 desc",
                environment_variables={"A": "1"},
                network_configuration=models.NetworkConfiguration(network_mode="PUBLIC"),
            )
        )
    ).body.data
    runtime = made.agent_runtime_id
    assert made.status == "CREATING"

    def head() -> models.AgentRuntime:
        return client.get_agent_runtime(runtime, models.GetAgentRuntimeRequest()).body.data

    ready(head)
    publish = models.PublishRuntimeVersionRequest(
        body=models.PublishRuntimeVersionInput(description="first")
    )
    first = client.publish_runtime_version(runtime, publish).body.data
    assert first.agent_runtime_version == "1"
    client.update_agent_runtime(
        runtime,
        models.UpdateAgentRuntimeRequest(
            body=models.UpdateAgentRuntimeInput(code_configuration=code("two"), memory=4096)
        ),
    )
    ready(head)
    assert client.publish_runtime_version(runtime, publish).body.data.agent_runtime_version == "2"
    frozen = client.get_agent_runtime(
        runtime, models.GetAgentRuntimeRequest(agent_runtime_version="1")
    ).body.data
    assert (frozen.memory, frozen.description) == (2048, "中文 desc")
    versions = client.list_agent_runtime_versions(
        runtime, models.ListAgentRuntimeVersionsRequest(page_number=1, page_size=100)
    ).body.data
    assert [item.agent_runtime_version for item in versions.items] == ["2", "1"]

    endpoint = client.create_agent_runtime_endpoint(
        runtime,
        models.CreateAgentRuntimeEndpointRequest(
            body=models.CreateAgentRuntimeEndpointInput(
                agent_runtime_endpoint_name="production", target_version="1"
            )
        ),
    ).body.data.agent_runtime_endpoint_id

    def production() -> models.AgentRuntimeEndpoint:
        return client.get_agent_runtime_endpoint(runtime, endpoint).body.data

    ready(production)

    def split(target: str, *weights: tuple[str, float]) -> None:
        entries = [models.VersionWeight(version=name, weight=share) for name, share in weights]
        client.update_agent_runtime_endpoint(
            runtime,
            endpoint,
            models.UpdateAgentRuntimeEndpointRequest(
                body=models.UpdateAgentRuntimeEndpointInput(
                    target_version=target,
                    routing_configuration=models.RoutingConfiguration(version_weights=entries),
                )
            ),
        )
        ready(production)

    split("1", ("2", 0.5))
    found = production()
    weights = found.routing_configuration.version_weights
    assert [(entry.version, entry.weight) for entry in weights] == [("2", 0.5)]
    shown = Endpoint(Control(server), "", found.endpoint_public_url)
    assert {shown.ask().version for _ in range(40)} == {"1", "2"}
    split("2")
    assert {shown.ask().version for _ in range(10)} == {"2"}
    assert production().routing_configuration.version_weights == []

    listed = client.list_agent_runtimes(
        models.ListAgentRuntimesRequest(
            agent_runtime_name="sdk-demo", search_mode="exact", page_number=1, page_size=100
        )
    ).body.data
    assert [item.agent_runtime_id for item in listed.items] == [runtime]
    spaces = client.list_workspaces(
        models.ListWorkspacesRequest(page_number="1", page_size="100")
    ).body.data.workspaces
    assert [space.workspace_id for space in spaces if space.is_default] == [found_workspace(head())]
    client.delete_agent_runtime_endpoint(runtime, endpoint)
    client.delete_agent_runtime(runtime)
    with pytest.raises(ClientException) as caught:
        head()
    assert caught.value.status_code == 404
    assert "does not exist" in str(caught.value)


def found_workspace(runtime: models.AgentRuntime) -> str:
    return str(runtime.workspace_id)
