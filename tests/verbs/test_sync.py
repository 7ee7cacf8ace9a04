"""sync: a runtime → the s.yaml that asks for the very same."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp import config
from agentramp.config.written import s_yaml
from agentramp.errors import UsageError
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
    Tracing,
)
from agentramp.planning.difference import differences
from agentramp.verbs import sync
from tests.verbs.scene import arguments, context

REGION = "cn-hangzhou"
CODE = RuntimeSpec("agent", Code("python3.12", ("python3", "app.py")))
VPC = Network(
    NetworkMode.PUBLIC_AND_PRIVATE, "vpc-bp1", ("vsw-bp1", "vsw-bp2"), security_group_id="sg-bp1"
)
FULL_OF_IT = replace(
    CODE,
    description='Says: "yes" # to all\tit\'s asked',
    cpu=0.5,
    memory=512,
    disk_size=10240,
    port=9000,
    instance_concurrency=20,
    session_idle_timeout=600,
    session_isolation=True,
    session_affinity=False,
    network=VPC,
    environment=(("EMPTY", ""), ("FLAG", "true"), ("NUMBER", "0o7"), ("TEXT", "a: b\nc - #d")),
    role="acs:ram::1234567890:role/agent",
    credential_name="model",
    log_store=LogStore("project", "store"),
    protocol="HTTP",
    health_check=HealthCheck("/health", 0, 5, 3, 3, 1),
    nas=Nas((NasMount("a.cn-hangzhou.nas.aliyuncs.com:/", "/mnt/nas", tls=True),), 0, 100),
    oss_mounts=(
        OssMount("bucket", "/mnt/oss", "/path", "oss-cn-hangzhou.aliyuncs.com", read_only=True),
    ),
)
IMAGE = RuntimeSpec(
    "agent",
    container=Container(
        "registry.example.com/team/agent:1",
        ("python3", "app.py"),
        9000,
        "CUSTOM",
        registry=RegistryAccess(
            "robot",
            "hunter2-and-more",
            insecure=False,
            root_ca_base64="aGVsbG8=",
            vpc_id="vpc-bp1",
            vswitch_id="vsw-bp1",
            security_group_id="sg-bp1",
        ),
    ),
    tracing=Tracing(enabled=True, license_key="f00b4r-license", workspace="space"),
)


def back(folder: Path, spec: RuntimeSpec, **environ: str) -> RuntimeSpec:
    """What is read from the file that was written."""
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "app.py").touch()
    (folder / "s.yaml").write_text(s_yaml(spec, REGION).text, encoding="utf-8")
    (runtime,) = config.read(folder, environ, folder).runtimes
    assert runtime.region == REGION
    return runtime.spec


@pytest.mark.parametrize(
    "spec",
    [
        CODE,
        FULL_OF_IT,
        replace(CODE, network=Network(NetworkMode.PRIVATE)),
        replace(CODE, network=replace(VPC, mode=NetworkMode.PRIVATE)),
        replace(CODE, code=Code("python3.12", oss=OssObject("bucket", "agent.zip"))),
    ],
    ids=["least", "all", "private", "vpc alone", "object storage"],
)
def test_the_file_asks_for_what_is_there(tmp_path: Path, spec: RuntimeSpec) -> None:
    assert differences(back(tmp_path, spec), spec) == ()


def test_secrets_stand_in_no_file(tmp_path: Path) -> None:
    spec = replace(
        IMAGE, environment=(("API_KEY", "s3cr3t-of-mine"), ("NOTE", "sk-abcdefgh12345678"))
    )
    written = s_yaml(spec, REGION)
    assert written.variables == ("PASSWORD", "API_KEY", "NOTE", "ARMS_LICENSE_KEY")
    for secret in ("hunter2", "f00b4r", "s3cr3t", "sk-abc"):
        assert secret not in written.text
    values = {
        "PASSWORD": "hunter2-and-more",
        "API_KEY": "s3cr3t-of-mine",
        "NOTE": "sk-abcdefgh12345678",
        "ARMS_LICENSE_KEY": "f00b4r-license",
    }
    assert differences(back(tmp_path, spec, **values), spec) == ()


def test_what_looks_like_an_expression_is_kept_out_too(tmp_path: Path) -> None:
    command = ("sh", "-c", "exec serve ${PORT}")
    spec = replace(CODE, code=Code("python3.12", command), environment=(("PROMPT", "${name}"),))
    values = {"COMMAND": command[2], "PROMPT": "${name}"}
    assert s_yaml(spec, REGION).variables == ("COMMAND", "PROMPT")
    assert differences(back(tmp_path, spec, **values), spec) == ()


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@given(TEXTS)
def test_any_text_is_read_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    spec = replace(CODE, environment=(("TEXT", text),))
    written = s_yaml(spec, REGION)
    folder = tmp_path_factory.mktemp("any")
    assert back(folder, spec, **dict.fromkeys(written.variables, text)).environment == (
        ("TEXT", text),
    )


def test_an_endpoint_amid_a_trial_is_left_out_and_told() -> None:
    endpoints = (
        Endpoint("e", "production", Split(1, ((2, 10),))),
        Endpoint("f", "early", Split(2), description="for friends"),
        Endpoint("g", "head", Split("LATEST")),
    )
    text = s_yaml(CODE, REGION, endpoints).text
    assert "# Endpoint production is left out, as it is split: v1 90 %, v2 10 %." in text
    assert "name: production" not in text
    assert "- name: early\n            version: 2\n" in text
    assert "- name: head\n            version: LATEST\n" in text


def test_a_runtime_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs the runtime's name"):
        sync.run(arguments("sync"), context(tmp_path))


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "s.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"has s\.yaml already: nothing was written"):
        sync.run(arguments("sync", "--runtime", "agent", "--platform", "local"), context(tmp_path))
    assert (tmp_path / "agent" / "s.yaml").read_text() == "mine"
