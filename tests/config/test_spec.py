"""data/config/ok/full.yaml says everything; nothing of it may be lost on the way."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from agentramp.config import Config, EndpointConfig, read
from agentramp.config.schema import schema
from agentramp.model import (
    Certificate,
    CustomDomain,
    DomainRoute,
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
    Tracing,
    Workspace,
)

FULL = Path(__file__).parents[1] / "data" / "config" / "ok" / "full.yaml"
ENVIRON = {
    "MODEL": "m",
    "MODEL_KEY": "k",
    "HOST": "h",
    "ARMS_KEY": "arms",
    "REGISTRY_PASSWORD": "pass",
}


@pytest.fixture
def full(tmp_path: Path) -> Config:
    return read(FULL, ENVIRON, cwd=tmp_path)


def unsaid(value: object, path: str) -> Iterator[str]:
    """Name every field that is None or empty."""
    if value is None or value == ():
        yield path
    elif isinstance(value, tuple):
        for item in value:
            yield from unsaid(item, path)
    elif is_dataclass(value):
        for field in fields(value):
            yield from unsaid(getattr(value, field.name), f"{path}.{field.name}")


def test_nothing_the_file_says_is_lost(full: Config) -> None:
    from_code, from_image, from_storage = (runtime.spec for runtime in full.runtimes)
    assert list(unsaid(from_code, "")) == [".code.oss", ".container", ".workspace_id"]
    assert from_image.workspace_id == "ws-1"
    assert list(unsaid(from_image.container, "")) == []
    assert from_storage.code is not None
    assert from_storage.code.oss == OssObject("packages", "stored/1.zip")


def test_the_file_says_every_field_of_the_schema() -> None:
    text = FULL.read_text(encoding="utf-8")
    definitions: dict[str, Any] = schema()["$defs"]
    names = {name for definition in definitions.values() for name in property_names(definition)}
    left_out = {"access", "extend"}
    missing = {name for name in names - left_out if not re.search(rf"\b{name}:", text)}
    assert missing == set()


def property_names(definition: dict[str, Any]) -> Iterator[str]:
    for name, below in definition.get("properties", {}).items():
        yield name
        yield from property_names(below if isinstance(below, dict) else {})
    if isinstance(definition.get("items"), dict):
        yield from property_names(definition["items"])


def test_values_arrive_as_written(full: Config) -> None:
    spec = full.runtimes[0].spec
    assert (spec.name, spec.cpu, spec.memory, spec.disk_size) == ("demo-code", 0.5, 4096, 10240)
    assert (spec.port, spec.instance_concurrency, spec.session_idle_timeout) == (9000, 50, 600)
    assert (spec.session_isolation, spec.session_affinity) == (True, True)
    assert spec.network == Network(
        NetworkMode.PRIVATE, "vpc-abc123", ("vsw-one1", "vsw-two2"), "sg-abc123"
    )
    assert spec.nas is not None
    assert spec.nas.mounts == (NasMount("files.example.com:/share", "/mnt/share", tls=True),)
    assert spec.oss_mounts == (
        OssMount("models", "/mnt/models", "/v1", "https://oss.example.com", read_only=True),
    )
    assert spec.log_store == LogStore("logs", "agent")
    assert (spec.role, spec.protocol) == ("acs:ram::123456789:role/AgentRole", "HTTPS")
    assert spec.health_check is not None
    assert (spec.health_check.initial_delay, spec.health_check.timeout) == (0, 6)
    assert spec.tracing is not None
    assert (spec.tracing.enabled, spec.tracing.license_key) == (True, "arms")


def test_the_environment_is_sorted_and_resolved(full: Config) -> None:
    assert full.runtimes[0].spec.environment == (
        ("AT", "12:30:00"),
        ("EMPTY", ""),
        ("ENDPOINT", "https://h/demo"),
        ("LEVEL", "info"),
        ("MODEL", "m"),
        ("MODEL_KEY", "k"),
        ("ON", "yes"),
        ("REGION", "cn-shanghai"),
    )


def test_endpoints_have_whole_percents(full: Config) -> None:
    assert full.runtimes[0].endpoints == (
        EndpointConfig("production", 1, None, "The one users call."),
        EndpointConfig("canary", 2, 29),
        EndpointConfig("head", "LATEST"),
    )


def test_what_is_not_carried_out_is_named(full: Config) -> None:
    assert [runtime.unmanaged for runtime in full.runtimes] == [
        ("actions",),
        ("actions", "customDomain.domainName: auto"),
        ("actions",),
    ]


def test_workspace_domain_and_logs(full: Config) -> None:
    from_code, from_image, from_storage = full.runtimes
    assert from_code.workspace == Workspace("team", "", "Ours.", "rg-1")
    assert from_image.workspace == Workspace("", "ws-1")
    assert from_code.domain == CustomDomain(
        "agent.example.com",
        "HTTP,HTTPS",
        (DomainRoute("/v1/*", "2", ("GET", "POST")),),
        Certificate("agent", "chain", "k"),
        "TLSv1.2",
        "TLSv1.3",
        ("TLS_AES_128_GCM_SHA256",),
        "jwt",
        '{"jwks": {}}',
        firewall=False,
    )
    assert from_image.domain == CustomDomain("auto")
    assert from_storage.domain is None
    assert [runtime.automatic_logs for runtime in full.runtimes] == [False, True, False]
    assert full.access == "default"


def test_a_zero_stays_a_zero(tmp_path: Path) -> None:
    config = read(FULL.with_name("domain.yaml"), ENVIRON, cwd=tmp_path)
    own, automatic, zeros = config.runtimes
    assert zeros.spec.health_check == HealthCheck(initial_delay=0)
    assert zeros.spec.nas == Nas((NasMount("a", "/b", tls=False),), 0, 0)
    assert zeros.spec.tracing == Tracing(enabled=False)
    assert own.domain is not None
    assert [(route.path, route.qualifier, route.methods) for route in own.domain.routes] == [
        ("/v1/*", "1", ("GET", "POST")),
        ("/*", "LATEST", ()),
    ]
    assert automatic.domain == CustomDomain("auto", "HTTPS", (DomainRoute("/*"),))


def test_registry_and_position(full: Config) -> None:
    runtime = full.runtimes[1]
    assert runtime.spec.container is not None
    assert runtime.spec.container.registry == RegistryAccess(
        "robot",
        "pass",
        insecure=False,
        root_ca_base64="Zm9v",
        vpc_id="vpc-abc123",
        vswitch_id="vsw-one1",
        security_group_id="sg-abc123",
    )
    line = FULL.read_text(encoding="utf-8").splitlines()[runtime.position.line - 1]
    assert line.strip() == "from-image:"


@pytest.mark.parametrize(
    ("extra", "mode"),
    [
        ("", NetworkMode.PUBLIC),
        ("internetAccess: true", NetworkMode.PUBLIC),
        ("internetAccess: false", NetworkMode.PRIVATE),
        ("vpcConfig: {vpcId: vpc-1, vSwitchIds: vsw-1, securityGroupId: sg-1}", "both"),
    ],
)
def test_network_modes(extra: str, mode: NetworkMode | str, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "edition: 3.0.0\nresources: {a: {component: agentrun, props: {region: cn-hangzhou, agent: "
        f"{{name: a, customContainerConfig: {{image: x}}, {extra}}}}}}}}}\n"
    )
    wanted = NetworkMode.PUBLIC_AND_PRIVATE if mode == "both" else mode
    assert read(tmp_path, {}, cwd=tmp_path).runtimes[0].spec.network.mode is wanted


def test_defaults_are_the_models(tmp_path: Path) -> None:
    config = read(FULL.with_name("minimal.yaml"), {}, cwd=tmp_path)
    spec = config.runtimes[0].spec
    assert (spec.cpu, spec.memory, spec.port) == (1.0, 2048, 8000)
    assert spec == RuntimeSpec("quickstart", code=spec.code)
    assert config.runtimes[0].source == FULL.parent / "code"
