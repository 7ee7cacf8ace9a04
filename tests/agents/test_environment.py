"""Which variables an agent is given: none that speaks for the user elsewhere, unless asked for."""

import pytest

from agentramp.agents.environment import given

SECRET = (
    *("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN"),
    *("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY", "AGENTRUN_ACCESS_KEY_SECRET"),
    *("AGENTRAMP_INPUT_COMMENT", "BLOCKLET_ACCESS_KEY_SECRET", "DOC_SMITH_PUBLISH_ACCESS_TOKEN"),
    *("NPM_TOKEN", "NODE_AUTH_TOKEN", "GITHUB_OUTPUT", "AccessKeySecret"),
)
OWN = (
    "DATABASE_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "STRIPE_KEY",
    "npm_config__auth",
    "NODE_OPTIONS",
)
NEEDED = (
    *("PATH", "HOME", "LC_ALL", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "npm_config_registry"),
    *("MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "AIGNE_HUB_API_KEY", "AIGNE_HUB_API_URL"),
    *("ANTHROPIC_API_KEY", "MODEL_NAME", "PIP_INDEX_URL", "CI"),
)
ALL = dict.fromkeys((*SECRET, *OWN, *NEEDED), "value")


@pytest.mark.parametrize(("foreign", "goes"), [(False, {*OWN, *NEEDED}), (True, set(NEEDED))])
def test_what_an_agent_is_given(foreign: bool, goes: set[str]) -> None:  # noqa: FBT001 - a row of a table
    assert given(ALL, foreign=foreign).keys() == goes
    asked = {"GITHUB_TOKEN", "STRIPE_KEY", "NOT_SET"}
    assert given(ALL, foreign=foreign, asked=asked).keys() == goes | {"GITHUB_TOKEN", "STRIPE_KEY"}
