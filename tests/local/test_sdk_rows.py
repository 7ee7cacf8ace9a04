"""Each request that the vendor's official client was captured sending, sent by it to us."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_agentrun20250910 import models
from alibabacloud_agentrun20250910.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException

from agentramp.local.daemon import Server
from tests.local.client import agent_code
from tests.local.test_sts import assume, config

# Its signing code calls datetime.utcnow, deprecated from Python 3.12 on.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

INDEX = Path(__file__).parents[1] / "data" / "vectors" / "agentrun-http" / "index.tsv"
ROWS = [line.split("\t") for line in INDEX.read_text().splitlines()]
NAME = "captured"
NOT_SENT = {
    "container_configuration",
    "credential_name",
    "disable_ondemand",
    "disable_session_affinity",
    "edition",
    "enable_session_isolation",
    "execution_role_arn",
    "external_agent_endpoint_url",
    "header_field_name",
    "health_check_configuration",
    "nas_config",
    "oss_mount_config",
    "protocol_configuration",
    "resource_group_id",
    "session_affinity_type",
    "system_tags",
}


def whole(model: Any, *absent: str) -> None:
    """Nothing that the client's model can hold is missing."""
    missing = {name for name, value in vars(model).items() if value is None} - {*absent}
    assert not missing
    if hasattr(model, "created_at"):
        assert model.created_at.endswith("Z")


def runtime(found: models.AgentRuntime) -> None:
    whole(found, *NOT_SENT)
    assert found.agent_runtime_arn.endswith(f":runtimes/{NAME}")
    assert found.network_configuration.network_mode == "PUBLIC"
    assert found.code_configuration.command == ["python3", "echo.py"]
    assert (found.description, found.environment_variables) == ("中文 desc", {"A": "1"})
    assert (found.log_configuration.project, found.log_configuration.logstore) == ("p", "l")
    assert found.session_concurrency_limit_per_instance == 10


def endpoint(found: models.AgentRuntimeEndpoint, target: str, *weights: tuple[str, float]) -> None:
    whole(found)
    whole(found.scaling_status)
    assert found.agent_runtime_endpoint_arn.endswith(f":runtimes/{NAME}/endpoints/production")
    shares = [(one.version, one.weight) for one in found.routing_configuration.version_weights]
    assert (found.target_version, shares) == (target, [*weights])
    assert found.description == "prod"


def page(found: Any, count: int) -> None:
    assert (found.page_number, found.page_size, found.total) == (1, 100, count)


def is_gone(error: ClientException) -> None:
    assert (error.status_code, error.code) == (404, "ERR_NOT_FOUND")
    assert "does not exist" in str(error)


@dataclass
class Stage:
    """The client with what it has made so far; each method is one row of the index."""

    client: Client
    session: Client
    runtime: str = ""
    endpoint: str = ""
    seen: dict[str, Any] = field(default_factory=dict)

    def play(self) -> None:
        for number, *_ in ROWS:
            self.seen[number] = self._told(getattr(self, f"row_{number}"))

    def _told(self, row: Callable[[], Any]) -> Any:
        try:
            return row()
        except ClientException as error:
            return error

    def settled(self, read: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 30
        while (found := read()).status in {"CREATING", "UPDATING"}:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert found.status == "READY", found.status_reason
        return found

    def row_001(self) -> Any:
        sent = models.CreateAgentRuntimeInput(
            agent_runtime_name=NAME,
            artifact_type="Code",
            code_configuration=code("one"),
            cpu=1.0,
            memory=2048,
            port=9000,
            disk_size=512,
            description="中文 desc",
            environment_variables={"A": "1"},
            log_configuration=models.LogConfiguration(project="p", logstore="l"),
            network_configuration=models.NetworkConfiguration(network_mode="PUBLIC"),
            session_concurrency_limit_per_instance=10,
            session_idle_timeout_seconds=3600,
        )
        made = self.client.create_agent_runtime(models.CreateAgentRuntimeRequest(body=sent))
        assert made.body.code == "SUCCESS"
        assert made.body.request_id == made.headers["x-acs-request-id"]
        self.runtime = made.body.data.agent_runtime_id
        return made.body.data

    def head(self, version: str | None = None) -> Any:
        asked = models.GetAgentRuntimeRequest(agent_runtime_version=version)
        return self.client.get_agent_runtime(self.runtime, asked).body.data

    def publish(self, description: str) -> Any:
        sent = models.PublishRuntimeVersionInput(description=description)
        asked = models.PublishRuntimeVersionRequest(body=sent)
        return self.client.publish_runtime_version(self.runtime, asked).body.data

    def row_002(self) -> Any:
        return self.settled(self.head)

    def row_003(self) -> Any:
        self.publish("the first")
        return self.head("1")

    def row_004(self) -> Any:
        return self.client.get_agent_runtime("missing", models.GetAgentRuntimeRequest())

    def row_005(self) -> Any:
        asked = models.ListAgentRuntimesRequest(
            agent_runtime_name=NAME,
            search_mode="exact",
            workspace_ids=self.head().workspace_id,
            page_number=1,
            page_size=100,
        )
        return self.client.list_agent_runtimes(asked).body.data

    def row_006(self) -> Any:
        sent = models.UpdateAgentRuntimeInput(code_configuration=code("two"), cpu=2.0, memory=4096)
        changed = self.client.update_agent_runtime(
            self.runtime, models.UpdateAgentRuntimeRequest(body=sent)
        )
        self.settled(self.head)
        return changed.body.data

    def row_007(self) -> Any:
        return self.publish("v1.0 git:abc")

    def row_008(self) -> Any:
        asked = models.ListAgentRuntimeVersionsRequest(page_number=1, page_size=100)
        return self.client.list_agent_runtime_versions(self.runtime, asked).body.data

    def row_009(self) -> Any:
        sent = models.CreateAgentRuntimeEndpointInput(
            agent_runtime_endpoint_name="production", description="prod", target_version="1"
        )
        asked = models.CreateAgentRuntimeEndpointRequest(body=sent)
        made = self.client.create_agent_runtime_endpoint(self.runtime, asked).body.data
        self.endpoint = made.agent_runtime_endpoint_id
        self.settled(self.row_013)
        return made

    def split(self, target: str, *weights: tuple[str, float] | None) -> Any:
        entries = [models.VersionWeight(version=one[0], weight=one[1]) for one in weights if one]
        routing = models.RoutingConfiguration(version_weights=entries)
        sent = models.UpdateAgentRuntimeEndpointInput(
            target_version=target, routing_configuration=None if None in weights else routing
        )
        asked = models.UpdateAgentRuntimeEndpointRequest(body=sent)
        self.client.update_agent_runtime_endpoint(self.runtime, self.endpoint, asked)
        return self.settled(self.row_013)

    def row_010(self) -> Any:
        return self.split("1", ("2", 0.1))

    def row_011(self) -> Any:
        return self.split("2")

    def row_012(self) -> Any:
        return self.split("2", None)

    def row_013(self) -> Any:
        return self.client.get_agent_runtime_endpoint(self.runtime, self.endpoint).body.data

    def row_014(self) -> Any:
        asked = models.ListAgentRuntimeEndpointsRequest(
            endpoint_name="production", search_mode="exact", page_number=1, page_size=100
        )
        return self.client.list_agent_runtime_endpoints(self.runtime, asked).body.data

    def row_015(self) -> Any:
        return self.client.delete_agent_runtime_endpoint(self.runtime, self.endpoint).body.data

    def row_016(self) -> Any:
        return self.client.delete_agent_runtime(self.runtime).body.data

    def row_017(self) -> Any:
        asked = models.ListWorkspacesRequest(page_number="1", page_size="100")
        return self.client.list_workspaces(asked).body.data

    def row_018(self) -> Any:
        """With a temporary key, as it was captured."""
        return self.session.get_agent_runtime(self.runtime, models.GetAgentRuntimeRequest())


def code(version: str) -> models.CodeConfiguration:
    return models.CodeConfiguration(
        language="python3.12",
        command=["python3", "echo.py"],
        zip_file=agent_code("echo.py", version),
    )


def check_005(found: Any) -> None:
    page(found, 1)
    runtime(found.items[0])


def check_006(found: Any) -> None:
    runtime(found)
    assert (found.status, found.cpu, found.memory) == ("UPDATING", 2, 4096)


def check_007(found: Any) -> None:
    whole(found)
    assert (found.agent_runtime_version, found.description) == ("2", "v1.0 git:abc")


def check_008(found: Any) -> None:
    page(found, 2)
    for version in found.items:
        whole(version)
    assert [version.agent_runtime_version for version in found.items] == ["2", "1"]


def check_014(found: Any) -> None:
    page(found, 1)
    endpoint(found.items[0], "2")
    assert found.items[0].scaling_status.current_instances == 1


def check_017(found: Any) -> None:
    assert (found.page_number, found.page_size) == (1, 100)
    (default,) = [workspace for workspace in found.workspaces if workspace.is_default]
    whole(default, "resource_group_id")


CHECKS: dict[str, Callable[[Any], None]] = {
    "001": runtime,
    "002": runtime,
    "003": runtime,
    "004": is_gone,
    "005": check_005,
    "006": check_006,
    "007": check_007,
    "008": check_008,
    "009": lambda found: endpoint(found, "1"),
    "010": lambda found: endpoint(found, "1", ("2", 0.1)),
    "011": lambda found: endpoint(found, "2"),
    "012": lambda found: endpoint(found, "2"),
    "013": lambda found: endpoint(found, "2"),
    "014": check_014,
    "015": lambda found: endpoint(found, "2"),
    "016": runtime,
    "017": check_017,
    "018": is_gone,
}


@pytest.fixture(scope="module")
def answers(server: Server) -> dict[str, Any]:
    stage = Stage(Client(config(server)), Client(config(server, assume(server).credentials)))
    stage.play()
    return stage.seen


def test_every_captured_request_is_here() -> None:
    assert [number for number, *_ in ROWS] == sorted(CHECKS)
    assert len(CHECKS) == 18


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[3]}")
def test_the_answer_holds_all_that_the_client_knows(row: list[str], answers: Any) -> None:
    CHECKS[row[0]](answers[row[0]])
