"""The vendor's client of Function Compute 3.0 drives the embedded platform."""

import secrets
from urllib.parse import urlsplit

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from agentramp.local.daemon import Server
from tests.local.client import Control, Endpoint

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


@pytest.fixture
def endpoint(control: Control) -> Endpoint:
    return control.serve("one", logConfiguration={"project": "logs-here", "logstore": "agents"})


def function(endpoint: Endpoint) -> str:
    return f"agentrun-{endpoint.runtime.rpartition('/')[2]}"


def test_a_function_and_where_its_lines_go(client: Client, endpoint: Endpoint) -> None:
    found = client.get_function(function(endpoint), models.GetFunctionRequest()).body
    assert (found.function_name, found.memory_size, found.cpu) == (function(endpoint), 512, 1.0)
    assert (found.log_config.project, found.log_config.logstore) == ("logs-here", "agents")
    assert found.log_config.enable_request_metrics


def test_instances_are_the_processes_that_run(client: Client, endpoint: Endpoint) -> None:
    def listed(**more: object) -> list[models.InstanceInfo]:
        request = models.ListInstancesRequest(**more)
        found: list[models.InstanceInfo] = client.list_instances(
            function(endpoint), request
        ).body.instances
        return found

    endpoint.shift("LATEST", v1=0.5)
    head, first = sorted(listed(), key=lambda one: str(one.qualifier), reverse=True)
    assert (head.qualifier, head.version_id) == ("LATEST", "0")
    assert (first.qualifier, first.version_id, first.status) == ("1", "1", "Running")
    assert first.created_time_ms > 1_700_000_000_000
    assert [one.instance_id for one in listed(qualifier="1")] == [first.instance_id]
    wanted = listed(instance_ids=[head.instance_id], instance_status=["Running"])
    assert [one.instance_id for one in wanted] == [head.instance_id]
    assert listed(instance_status=["Destroyed"]) == []
    assert listed(end_time_ms=1000) == []
    (one,) = listed(limit=1)
    (other,) = listed(limit=1, start_key=one.instance_id)
    assert {one.instance_id, other.instance_id} == {first.instance_id, head.instance_id}


def test_concurrency(client: Client, endpoint: Endpoint) -> None:
    name = function(endpoint)
    assert code(lambda: client.get_concurrency_config(name)) == (404, "ConcurrencyConfigNotFound")

    def put(number: int) -> models.ConcurrencyConfig:
        body = models.PutConcurrencyInput(reserved_concurrency=number)
        request = models.PutConcurrencyConfigRequest(body=body)
        return client.put_concurrency_config(name, request).body

    assert put(20).reserved_concurrency == 20
    assert put(7).function_arn.endswith(f":functions/{name}")
    assert client.get_concurrency_config(name).body.reserved_concurrency == 7
    assert code(lambda: put(-1)) == (400, "InvalidArgument")
    assert client.delete_concurrency_config(name).status_code == 204
    assert code(lambda: client.get_concurrency_config(name))[0] == 404


def test_custom_domains(client: Client, endpoint: Endpoint) -> None:
    prefix = f"a{secrets.token_hex(4)}"
    name = f"{prefix}.example.com"

    def routes(path: str, to: str) -> models.RouteConfig:
        route = models.PathConfig(path=path, function_name=to, qualifier="1", methods=["GET"])
        return models.RouteConfig(routes=[route])

    def create(to: str) -> models.CustomDomain:
        certificate = models.CertConfig(cert_name="c", certificate="text", private_key="secret")
        body = models.CreateCustomDomainInput(
            domain_name=name,
            protocol="HTTP,HTTPS",
            route_config=routes("/*", to),
            cert_config=certificate,
        )
        return client.create_custom_domain(models.CreateCustomDomainRequest(body=body)).body

    assert code(lambda: create("agentrun-nobody")) == (404, "FunctionNotFound")
    made = create(function(endpoint))
    assert made.route_config.routes[0].function_name == function(endpoint)
    assert (made.cert_config.certificate, made.cert_config.private_key) == ("text", None)
    assert code(lambda: create(function(endpoint)))[0] == 409
    body = models.UpdateCustomDomainInput(route_config=routes("/v2/*", function(endpoint)))
    client.update_custom_domain(name, models.UpdateCustomDomainRequest(body=body))
    found = client.get_custom_domain(name).body
    assert (found.protocol, found.route_config.routes[0].path) == ("HTTP,HTTPS", "/v2/*")
    asked = models.ListCustomDomainsRequest(prefix=prefix)
    listed = client.list_custom_domains(asked).body.custom_domains
    assert [one.domain_name for one in listed] == [name]
    client.delete_custom_domain(name)
    assert code(lambda: client.get_custom_domain(name)) == (404, "DomainNameNotFound")


def test_a_function_that_is_none(client: Client) -> None:
    request = models.GetFunctionRequest()
    assert code(lambda: client.get_function("agentrun-x", request)) == (404, "FunctionNotFound")


def code(call: object) -> tuple[int, str]:
    assert callable(call)
    with pytest.raises(ClientException) as caught:
        call()
    return int(caught.value.status_code), str(caught.value.code)
