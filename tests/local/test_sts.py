"""The vendor's own client gets temporary keys here, and works with them."""

import http.client
import json
import time
from calendar import timegm
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from alibabacloud_agentrun20250910 import models as agentrun
from alibabacloud_agentrun20250910.client import Client as AgentRun
from alibabacloud_sts20150401 import models
from alibabacloud_sts20150401.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from agentramp.local import daemon
from agentramp.local.daemon import Server
from agentramp.platform.agentrun.log_signing import signed_headers
from agentramp.platform.agentrun.signing import Credentials
from tests.local.client import Control
from tests.local.storage import Storage
from tests.local.tokens import AUDIENCE, ISSUER, SUBJECT, jwks, token

# Its signing code calls datetime.utcnow, deprecated from Python 3.12 on.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def config(server: Server, key: Any = None, **more: Any) -> Config:
    given = {
        "access_key_id": server.access_key_id,
        "access_key_secret": server.access_key_secret,
    }
    if key:
        given = {
            "access_key_id": key.access_key_id,
            "access_key_secret": key.access_key_secret,
            "security_token": key.security_token,
        }
    where = urlsplit(server.control_url).netloc
    return Config(protocol="http", endpoint=where, region_id=server.region, **{**given, **more})


def role_arn(server: Server, name: str = "deployer") -> str:
    return f"acs:ram::{server.account_id}:role/{name}"


def provider_arn(server: Server, name: str = "github") -> str:
    return f"acs:ram::{server.account_id}:oidc-provider/{name}"


def assume(server: Server, key: Any = None, role: str = "deployer", **more: Any) -> Any:
    request = models.AssumeRoleRequest(
        role_arn=role_arn(server, role), role_session_name="a-session", **more
    )
    return Client(config(server, key)).assume_role(request).body


def with_oidc(server: Server, sent: str, **more: Any) -> Any:
    asked = {
        "role_arn": role_arn(server),
        "oidcprovider_arn": provider_arn(server),
        "role_session_name": "github-action-session",
        **more,
    }
    request = models.AssumeRoleWithOIDCRequest(oidctoken=sent, **asked)
    anonymous = Config(
        protocol="http", endpoint=urlsplit(server.control_url).netloc, region_id=server.region
    )
    return Client(anonymous).assume_role_with_oidc(request).body


def workspaces(server: Server, key: Any) -> list[Any]:
    request = agentrun.ListWorkspacesRequest()
    return list(AgentRun(config(server, key)).list_workspaces(request).body.data.workspaces)


def fresh(**claims: object) -> str:
    return token({"iat": time.time() - 1, "exp": time.time() + 300, **claims})


def code_of(caught: pytest.ExceptionInfo[ClientException]) -> tuple[int, str]:
    return caught.value.status_code, caught.value.code


def moment(text: str) -> float:
    return timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


@pytest.fixture
def github(control: Control, server: Server) -> str:
    """The ARN of a provider whose tokens are verified."""
    arn = provider_arn(server)
    document = {"arn": arn, "issuer": ISSUER, "audience": AUDIENCE, "jwks": jwks()}
    control.call("PUT", "/agentramp/oidc-providers", document).data  # noqa: B018 asserts success
    return arn


# --- who am I ------------------------------------------------------------------------------------


def test_the_account_itself(server: Server) -> None:
    body = Client(config(server)).get_caller_identity().body
    account = server.account_id
    assert (body.identity_type, body.account_id) == ("Account", account)
    assert (body.arn, body.user_id) == (f"acs:ram::{account}:root", account)
    assert body.request_id


def test_a_session(server: Server) -> None:
    made = assume(server)
    body = Client(config(server, made.credentials)).get_caller_identity().body
    assert body.identity_type == "AssumedRoleUser"
    assert body.arn == f"acs:ram::{server.account_id}:assumed-role/deployer/a-session"
    assert body.arn == made.assumed_role_user.arn
    assert body.principal_id == made.assumed_role_user.assumed_role_id
    assert body.principal_id == f"{body.role_id}:a-session"


# --- temporary keys ------------------------------------------------------------------------------


def test_a_session_works_with_the_control_plane(server: Server) -> None:
    key = assume(server).credentials
    assert key.access_key_id.startswith("STS.")
    assert [one for one in workspaces(server, key) if one.is_default]


def test_how_long_it_lasts(server: Server) -> None:
    def lasts(**more: Any) -> float:
        text = assume(server, **more).credentials.expiration
        return moment(text)

    for asked, wanted in ((None, 3600), (900, 900), (43_200, 43_200)):
        before = time.time()
        until = lasts() if asked is None else lasts(duration_seconds=asked)
        assert before - 1 + wanted <= until <= time.time() + wanted


def test_a_key_without_its_token_or_with_anothers(server: Server) -> None:
    key, other = assume(server).credentials, assume(server).credentials
    bare = Control(server, key=key.access_key_id, secret=key.access_key_secret)
    answer = bare.call("GET", "/workspaces")
    assert (answer.status, answer.body["code"]) == (400, "MissingSecurityToken")
    bare.token = other.security_token
    answer = bare.call("GET", "/workspaces")
    assert answer.body["code"] == "InvalidSecurityToken.MismatchWithAccessKey"
    bare.token = key.security_token
    assert bare.call("GET", "/workspaces").status == 200


def test_a_replayed_call_of_a_session(server: Server) -> None:
    key = assume(server).credentials
    control = Control(
        server, key=key.access_key_id, secret=key.access_key_secret, token=key.security_token
    )
    assert control.call("GET", "/workspaces").status == 200
    again = control.send(*control.sent[-1])
    assert (again.status, again.body["code"]) == (400, "SignatureNonceUsed")


def test_a_session_that_was_ended_has_expired(own_home: Path) -> None:
    server = daemon.start(own_home)
    key = assume(server).credentials
    assert workspaces(server, key)
    assert Control(server).call("DELETE", "/agentramp/sessions").data == {"ended": 1}
    with pytest.raises(ClientException) as caught:
        workspaces(server, key)
    assert code_of(caught) == (400, "InvalidSecurityToken.Expired")
    assert workspaces(server, assume(server).credentials)


def test_the_other_services_know_a_sessions_key_and_its_end(own_home: Path) -> None:
    server = daemon.start(own_home)
    storage = Storage(server)
    given = assume(server).credentials
    key = Credentials(given.access_key_id, given.access_key_secret, given.security_token)
    place = storage.place()
    anywhere = replace(place, key=key)

    def query_log() -> int:
        path = "/logstores/default-logs/logs"
        query = "* | SELECT count(*) AS n FROM log"
        body = json.dumps({"from": 1, "to": 2, "query": query}).encode()
        return storage.send("POST", path, signed_headers(path, body, key, time.time()), body).status

    assert storage.ask_for_place(key).status == 200
    assert storage.ask("PUT", anywhere, b"x").status == 200
    assert query_log() == 200
    # The account's session, and the keys to two places.
    assert Control(server).call("DELETE", "/agentramp/sessions").data == {"ended": 3}
    refused = storage.ask_for_place(key)
    assert (refused.status, json.loads(refused.body)["ErrorCode"]) == (
        400,
        "InvalidSecurityToken.Expired",
    )
    for ended in (anywhere, place):
        reply = storage.ask("GET", ended)
        assert (reply.status, b"<Code>SecurityTokenExpired</Code>" in reply.body) == (403, True)
    assert query_log() == 401


def test_a_server_that_was_started_again_knows_them(own_home: Path) -> None:
    server = daemon.start(own_home)
    key = assume(server).credentials
    daemon.stop(own_home)
    assert workspaces(daemon.start(own_home), key)


def test_a_role_whose_sessions_are_short(server: Server, control: Control) -> None:
    root = f"acs:ram::{server.account_id}:root"
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [root]}}
    document = {
        "arn": role_arn(server, "short"),
        "trustPolicy": {"Statement": [trusted]},
        "sessionSeconds": 1,
    }
    assert control.call("PUT", "/agentramp/roles", document).data["sessionSeconds"] == 1
    key = assume(server, role="short", duration_seconds=900).credentials
    time.sleep(max(0.0, moment(key.expiration) - time.time()))
    with pytest.raises(ClientException) as caught:
        workspaces(server, key)
    assert code_of(caught) == (400, "InvalidSecurityToken.Expired")


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"duration_seconds": 899}, 400, "InvalidParameter.DurationSeconds"),
        ({"duration_seconds": 43_201}, 400, "InvalidParameter.DurationSeconds"),
        ({"duration_seconds": 10**999}, 400, "InvalidParameter.DurationSeconds"),
        ({"policy": "x" * 2049}, 400, "InvalidParameter.Policy"),
        ({"role": "a b"}, 400, "InvalidParameter.RoleArn"),
    ],
)
def test_a_session_that_cannot_be(
    server: Server, more: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(ClientException) as caught:
        assume(server, **more)
    assert code_of(caught) == (status, code)


def test_a_role_of_another_account(server: Server) -> None:
    request = models.AssumeRoleRequest(
        role_arn="acs:ram::1:role/theirs", role_session_name="a-session"
    )
    with pytest.raises(ClientException) as caught:
        Client(config(server)).assume_role(request)
    assert code_of(caught) == (404, "EntityNotExist.Role")


def test_a_role_that_trusts_others(server: Server, control: Control) -> None:
    trusted = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": "acs:ram::1:root"},
    }
    document = {"arn": role_arn(server, "theirs"), "trustPolicy": {"Statement": [trusted]}}
    control.call("PUT", "/agentramp/roles", document).data  # noqa: B018 asserts success
    with pytest.raises(ClientException) as caught:
        assume(server, role="theirs")
    assert code_of(caught) == (403, "NoPermission")


def test_who_may_not_ask(server: Server) -> None:
    for more, code in (
        ({"access_key_secret": "guessed"}, (400, "SignatureDoesNotMatch")),
        ({"access_key_id": "guessed"}, (404, "InvalidAccessKeyId.NotFound")),
    ):
        with pytest.raises(ClientException) as caught:
            Client(config(server, **more)).get_caller_identity()
        assert code_of(caught) == code


# --- with an identity token ----------------------------------------------------------------------


def test_no_key_at_all(server: Server, github: str) -> None:
    body = with_oidc(server, fresh(), oidcprovider_arn=github, duration_seconds=1800)
    info = body.oidctoken_info
    assert (info.issuer, info.subject, info.client_ids) == (ISSUER, SUBJECT, AUDIENCE)
    assert body.assumed_role_user.arn.endswith(":assumed-role/deployer/github-action-session")
    assert workspaces(server, body.credentials)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": 1}, "Expired"),
        ({"aud": "other"}, "AudienceNotMatch"),
        ({"iss": "other"}, "IssuerNotMatch"),
        ({"exp": None}, "Invalid"),
        ({"iat": 1e300}, "Invalid"),
    ],
)
def test_a_token_that_fails(
    server: Server, github: str, claims: dict[str, object], code: str
) -> None:
    with pytest.raises(ClientException) as caught:
        with_oidc(server, fresh(**claims), oidcprovider_arn=github)
    assert code_of(caught) == (400, f"AuthenticationFail.OIDCToken.{code}")


def test_a_provider_that_nobody_knows(server: Server) -> None:
    with pytest.raises(ClientException) as caught:
        with_oidc(server, fresh(), oidcprovider_arn=provider_arn(server, "unknown"))
    assert code_of(caught) == (404, "EntityNotExist.OIDCProvider")


def test_a_role_with_conditions(server: Server, control: Control, github: str) -> None:
    condition = {
        "StringEquals": {"oidc:iss": ISSUER, "oidc:aud": AUDIENCE},
        "StringLike": {"oidc:sub": "repo:org/repo:*"},
    }
    trusted = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": [github]},
        "Condition": condition,
    }
    arn = role_arn(server, "from-github")
    document = {"arn": arn, "trustPolicy": {"Statement": [trusted]}}
    control.call("PUT", "/agentramp/roles", document).data  # noqa: B018 asserts success
    assert with_oidc(server, fresh(), role_arn=arn).credentials
    with pytest.raises(ClientException) as caught:
        with_oidc(server, fresh(sub="repo:org/fork:ref:x"), role_arn=arn)
    assert code_of(caught) == (403, "AuthenticationFail.NoPermission")


def test_tokens_that_nobody_checks_open_no_role_that_nobody_described(
    server: Server, control: Control
) -> None:
    provider = provider_arn(server, "unchecked")
    about = {"arn": provider, "issuer": ISSUER, "audience": AUDIENCE}
    control.call("PUT", "/agentramp/oidc-providers", about).data  # noqa: B018 asserts success
    with pytest.raises(ClientException) as caught:
        with_oidc(server, fresh(), oidcprovider_arn=provider, role_arn=role_arn(server, "nobodys"))
    assert code_of(caught) == (403, "AuthenticationFail.NoPermission")
    assert "jwks" in str(caught.value)
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": [provider]},
    }
    role = {"arn": role_arn(server, "told"), "trustPolicy": {"Statement": [statement]}}
    control.call("PUT", "/agentramp/roles", role).data  # noqa: B018 asserts success
    assert with_oidc(server, fresh(), oidcprovider_arn=provider, role_arn=role["arn"]).credentials


def test_a_session_is_no_operator(server: Server) -> None:
    """Else whoever takes on one role could make another that lasts."""
    made = assume(server).credentials
    session = Control(
        server, key=made.access_key_id, secret=made.access_key_secret, token=made.security_token
    )
    assert session.call("GET", "/workspaces").status == 200
    for method, path in (
        ("PUT", "/agentramp/oidc-providers"),
        ("PUT", "/agentramp/roles"),
        ("PUT", "/agentramp/networks"),
        ("DELETE", "/agentramp/sessions"),
    ):
        refused = session.call(method, path, {})
        assert (refused.status, refused.body["code"]) == (403, "NoPermission"), path


def test_only_the_operator_says_who_is_trusted(control: Control) -> None:
    control.secret = "guessed"
    for path in ("/agentramp/oidc-providers", "/agentramp/roles"):
        assert control.call("PUT", path, {}).body["code"] == "SignatureDoesNotMatch"
    assert control.call("DELETE", "/agentramp/sessions").body["code"] == "SignatureDoesNotMatch"


# --- other ways to ask ---------------------------------------------------------------------------


def ask(server: Server, method: str, query: str = "", form: str = "") -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(server.control_url).netloc, timeout=30)
    headers = {"content-type": "application/x-www-form-urlencoded"} if form else {}
    try:
        connection.request(method, f"/?{query}" if query else "/", form or None, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_in_the_query_and_in_a_form(server: Server, github: str) -> None:
    action = {"Action": "AssumeRoleWithOIDC", "Version": "2015-04-01", "Format": "JSON"}
    given = {
        "RoleArn": role_arn(server),
        "OIDCProviderArn": github,
        "OIDCToken": fresh(),
        "RoleSessionName": "me",
    }
    for sent in (
        ask(server, "POST", form=urlencode({**action, **given})),
        ask(server, "POST", urlencode(action), urlencode(given)),
        ask(server, "GET", urlencode({**action, **given})),
    ):
        assert sent[0] == 200, sent[1]
        assert sent[1]["Credentials"]["SecurityToken"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "InvalidVersion"),
        ("Version=2015-04-01", 404, "InvalidAction.NotFound"),
        ("Version=2015-04-01&Action=Other", 404, "InvalidAction.NotFound"),
        ("Version=2015-04-01&Action=GetCallerIdentity", 401, "MissingAuthorization"),
        ("Version=2015-04-01&Action=AssumeRole", 401, "MissingAuthorization"),
        ("Version=2015-04-01&Format=XML", 400, "UnsupportedFormat"),
        ("Version=2015-04-01&Version=2015-04-01", 400, "InvalidParameter"),
        ("Version=2015-04-01&Action=AssumeRoleWithOIDC", 400, "InvalidParameter.RoleArn"),
    ],
)
def test_what_is_refused(server: Server, query: str, status: int, code: str) -> None:
    told = ask(server, "GET", query)
    assert (told[0], told[1]["Code"]) == (status, code)
    assert set(told[1]) == {"RequestId", "HostId", "Code", "Message"}
