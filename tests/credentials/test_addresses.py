import pytest

from agentramp.platform.agentrun.services import Services

CASES: list[tuple[dict[str, str], str]] = [
    ({}, "https://sts.cn-hangzhou.aliyuncs.com"),
    ({"ALIBABA_CLOUD_STS_REGION": "cn-beijing"}, "https://sts.cn-beijing.aliyuncs.com"),
    ({"ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED": "true"}, "https://sts-vpc.cn-hangzhou.aliyuncs.com"),
    ({"ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED": "false"}, "https://sts.cn-hangzhou.aliyuncs.com"),
    (
        {
            "AGENTRUN_CONTROL_ENDPOINT": "http://127.0.0.1:8",
            "ALIBABA_CLOUD_STS_REGION": "cn-beijing",
        },
        "http://127.0.0.1:8",
    ),
    (
        {"AGENTRUN_CONTROL_ENDPOINT": "control.invalid"},
        "https://sts.cn-hangzhou.aliyuncs.com",
    ),
]


@pytest.mark.parametrize(("environ", "address"), CASES)
def test_where_the_token_service_is(environ: dict[str, str], address: str) -> None:
    services = Services.of("cn-hangzhou", lambda: "1", environ)
    assert services.tokens == address
    assert "://" in services.control
