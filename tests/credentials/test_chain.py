import json
from pathlib import Path

import pytest

from agentramp.credentials.chain import Found
from agentramp.credentials.environment import Held
from agentramp.credentials.named import Named
from agentramp.credentials.roles import KeyRole, TokenRole
from agentramp.credentials.tokens import GitHubToken, TokenFile
from agentramp.credentials.uri import CredentialsUri
from agentramp.errors import UsageError
from agentramp.platform.agentrun.signing import Credentials
from tests.credentials.sources import ACCOUNT, PROVIDER, ROLE, SECRET, chain

DATA = Path(__file__).parents[1] / "data" / "credentials"
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.invalid/?a=1",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET,
}
KEYLESS = {"ALIBABA_CLOUD_ROLE_ARN": ROLE, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER}
AGENTRUN = {"AGENTRUN_ACCESS_KEY_ID": "A", "AGENTRUN_ACCESS_KEY_SECRET": SECRET}
CLOUD = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "C", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET}
URI = {"ALIBABA_CLOUD_CREDENTIALS_URI": "http://127.0.0.1:9/k"}
TRIPLE = {"AccountID": "77", "AccessKeyID": "S", "AccessKeySecret": SECRET}
ALIAS = {"ci_serverless_devs_key": json.dumps({"AccessKeyID": "N", "AccessKeySecret": SECRET})}
DEFAULT = {"default_serverless_devs_key": json.dumps({"AccessKeyID": "D", "AccessKeySecret": "x"})}
ORDER = [GITHUB | KEYLESS, AGENTRUN, CLOUD, URI, TRIPLE, ALIAS, DEFAULT]


def which(found: Found) -> str:
    source = found.source
    if isinstance(source, Held):
        return source.credentials.access_key_id
    return type(source).__name__


def test_the_first_that_is_set_is_used(tmp_path: Path) -> None:
    expected = ["TokenRole", "A", "C", "CredentialsUri", "S", "N", "D"]
    for number, name in enumerate(expected):
        environ = {k: v for part in ORDER[number:] for k, v in part.items()}
        configured = "ci" if "ci_serverless_devs_key" in environ else None
        assert which(chain(tmp_path, environ, configured=configured).find()) == name


def test_an_explicit_word_wins_over_everything(tmp_path: Path) -> None:
    """Row 6 of the vendor's traps: there the environment's triple overrides -a in silence."""
    environ = {k: v for part in ORDER for k, v in part.items()}
    assert which(chain(tmp_path, environ, asked="ci").find()) == "N"


def test_a_security_token_is_kept(tmp_path: Path) -> None:
    """Row 6 of the vendor's traps: there the triple drops it."""
    found = chain(tmp_path, TRIPLE | {"SecurityToken": "t"}).find()
    assert found.source.lend().credentials == Credentials("S", SECRET, "t")
    assert not found.is_static
    assert found.account == "77"


@pytest.mark.parametrize("keys", [AGENTRUN, CLOUD, URI, TRIPLE])
def test_a_role_goes_on_top_of_what_the_environment_has(
    tmp_path: Path, keys: dict[str, str]
) -> None:
    found = chain(tmp_path, keys | {"ALIBABA_CLOUD_ROLE_ARN": ROLE}).find()
    assert isinstance(found.source, KeyRole)
    assert found.account == ACCOUNT
    assert found.is_static is (keys is not URI)
    assert ROLE in found.source.name


def test_a_token_file_comes_before_github(tmp_path: Path) -> None:
    environ = GITHUB | KEYLESS
    source = chain(tmp_path, environ).find().source
    assert isinstance(source, TokenRole)
    assert isinstance(source.token, GitHubToken)
    source = chain(tmp_path, environ | {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/t"}).find().source
    assert isinstance(source, TokenRole)
    assert isinstance(source.token, TokenFile)


HALVES: list[tuple[dict[str, str], str]] = [
    ({"AGENTRUN_ACCESS_KEY_ID": "A"} | CLOUD, "AGENTRUN_ACCESS_KEY_SECRET"),
    ({"AGENTRUN_ACCESS_KEY_SECRET": SECRET} | CLOUD, "AGENTRUN_ACCESS_KEY_ID"),
    ({"AGENTRUN_SECURITY_TOKEN": SECRET} | CLOUD, "AGENTRUN_ACCESS_KEY_ID"),
    ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "C"} | TRIPLE, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    (CLOUD | {"ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.c"}, "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ({"AccountID": "77", "AccessKeyID": "S"} | DEFAULT, "AccessKeySecret"),
    ({"AccountID": "77", "AccessKeySecret": SECRET} | DEFAULT, "AccessKeyID"),
    (GITHUB | {"ALIBABA_CLOUD_ROLE_ARN": ROLE} | DEFAULT, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
    (GITHUB | {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER} | CLOUD, "ALIBABA_CLOUD_ROLE_ARN"),
    ({"GITHUB_ACTIONS": "true"} | KEYLESS | CLOUD, "ACTIONS_ID_TOKEN_REQUEST_URL"),
    (KEYLESS | CLOUD, "ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
    ({"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/t"} | CLOUD, "ALIBABA_CLOUD_ROLE_ARN"),
    ({"ALIBABA_CLOUD_ROLE_ARN": ROLE} | DEFAULT, "nothing that may take the role on"),
    ({"ALIBABA_CLOUD_ROLE_ARN": "deployer"} | CLOUD, "ALIBABA_CLOUD_ROLE_ARN"),
    (GITHUB | KEYLESS | {"ALIBABA_CLOUD_ROLE_SESSION_NAME": "a b"}, "SESSION_NAME"),
    (CLOUD | {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": f"{SECRET}\n"}, "line end"),
    ({"ALIBABA_CLOUD_CREDENTIALS_URI": "http://10.0.0.1/k"} | DEFAULT, "CREDENTIALS_URI"),
    ({"default_serverless_devs_key": f'"{SECRET}"'}, "default_serverless_devs_key"),
    ({"default_serverless_devs_key": f"{SECRET}"}, "default_serverless_devs_key"),
    (
        {"default_serverless_devs_key": json.dumps({"AccessKeySecret": SECRET})},
        "AccessKeyID of the variable",
    ),
    ({}, "no credentials"),
]


@pytest.mark.parametrize(("environ", "named"), HALVES)
def test_a_half_is_told_and_never_passed_over(
    tmp_path: Path, environ: dict[str, str], named: str
) -> None:
    with pytest.raises(UsageError) as caught:
        chain(tmp_path, environ).find()
    assert named in caught.value.message
    assert caught.value.advice
    assert SECRET not in f"{caught.value.message}{caught.value.advice}{caught.value!r}"


@pytest.mark.parametrize(("asked", "configured"), [("nobody", None), (None, "nobody")])
def test_a_name_that_is_not_there(
    tmp_path: Path, asked: str | None, configured: str | None
) -> None:
    with pytest.raises(UsageError, match="nobody"):
        chain(tmp_path, {}, asked=asked, configured=configured).find()


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://sidecar.invalid/k", True),
        ("http://127.0.0.1:8080/k", True),
        ("http://localhost/k", True),
        ("http://[::1]/k", True),
        ("http://169.254.1.2/k", True),
        ("http://100.100.100.200/latest/meta-data/ram/security-credentials/x", True),
        ("http://sidecar.invalid/k", False),
        ("http://127.0.0.1.invalid/k", False),
        ("http://2130706433/k", False),
        ("ftp://127.0.0.1/k", False),
        ("127.0.0.1/k", False),
    ],
)
def test_plain_http_leaves_no_link(url: str, allowed: bool) -> None:  # noqa: FBT001 - a column
    if allowed:
        assert SECRET not in CredentialsUri(f"{url}?{SECRET}").name
        return
    with pytest.raises(UsageError):
        CredentialsUri(url)


def test_ours_come_before_those_of_s_and_after_a_variable(tmp_path: Path) -> None:
    environ = {"serverless_devs_config_home": str(DATA)}
    assert which(chain(tmp_path, environ, asked="demo").find()) == "LTAItestid"
    ours = chain(tmp_path, environ, asked="demo")
    ours.drawer.put("demo", Named(Held("demo", Credentials("mine", SECRET))), in_ring=False)
    assert which(ours.find()) == "mine"
    variable = {"demo_serverless_devs_key": ALIAS["ci_serverless_devs_key"]}
    assert which(chain(tmp_path, environ | variable, asked="demo").find()) == "N"


def test_the_default_of_s_is_used_last(tmp_path: Path) -> None:
    found = chain(tmp_path, {"HOME": str(DATA)}).find()
    assert (which(found), found.account, found.is_static) == ("LTAItestid", ACCOUNT, True)


def test_no_repr_holds_a_secret(tmp_path: Path) -> None:
    for environ in ORDER:
        known = chain(tmp_path, environ | ALIAS, configured="ci")
        assert SECRET not in repr(known)
        assert SECRET not in repr(known.find())
