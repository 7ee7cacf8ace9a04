"""Requests are held to those of the vendor's own client, by what they say and how they sign."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from alibabacloud_sts20150401 import models
from alibabacloud_sts20150401.client import Client
from alibabacloud_tea_openapi.models import Config

from agentramp.credentials.port import CredentialsError, Identity
from agentramp.credentials.sts import Role, StsError
from agentramp.errors import UsageError
from agentramp.platform.agentrun.rpc import ATTEMPTS
from agentramp.platform.agentrun.signing import Credentials, Signable, signature
from agentramp.platform.calls import Call
from tests.credentials.sources import (
    ACCOUNT,
    ISSUER,
    KEY,
    NOW,
    PROVIDER,
    ROLE,
    SECRET,
    SUBJECT,
    SUBJECT_WITH_IDS,
    Clock,
    issued,
    jwt,
    lent,
    refused,
    service,
    told,
)
from tests.evidence.servers import Received, Said, serving

SESSION = Role(ROLE, "agentramp-1", 900)
TEMPORARY = Credentials("STS.id", SECRET, f"token-{SECRET}")
CALLER = {"AccountId": ACCOUNT, "Arn": f"acs:ram::{ACCOUNT}:user/x", "UserId": "u"}


def answer(_: Received) -> Said:
    return told({**CALLER, "Credentials": issued()})


def vendors(url: str, key: Credentials | None) -> Client:
    given: dict[str, Any] = {"protocol": "http", "endpoint": urlsplit(url).netloc}
    if key:
        given |= {
            "access_key_id": key.access_key_id,
            "access_key_secret": key.access_key_secret,
            "security_token": key.security_token,
        }
    return Client(Config(region_id="cn-hangzhou", **given))


def is_signed(request: Received, key: Credentials) -> bool:
    *_, part = request.headers["authorization"].split(" ")
    parts = dict(item.split("=", 1) for item in part.split(","))
    names = parts["SignedHeaders"].split(";")
    url = urlsplit(request.path)
    signable = Signable(request.method, url.path, dict(parse_qsl(url.query)), request.headers)
    return parts["Signature"] == signature(signable, names, key.access_key_secret)


def meant(request: Received) -> dict[str, str]:
    """All that a request says, but for what is another each time."""
    said = dict(parse_qsl(urlsplit(request.path).query) + parse_qsl(request.body.decode()))
    said["method"], said["path"] = request.method, urlsplit(request.path).path
    for name in ("x-acs-action", "x-acs-version", "x-acs-accesskey-id", "x-acs-security-token"):
        said[name] = request.headers.get(name, "")
    said["Format"] = said.get("Format", "").upper()
    return {k: v for k, v in said.items() if k not in {"Timestamp", "SignatureNonce"}}


def test_requests_say_what_those_of_the_vendors_client_say() -> None:
    with serving(answer) as site:
        ours = service(site.url)
        assert ours.caller(TEMPORARY) == Identity(ACCOUNT, CALLER["Arn"], "u")
        assert ours.assume(SESSION, KEY) == lent()
        assert ours.assume_with_token(SESSION, PROVIDER, jwt()) == lent()
        vendors(site.url, TEMPORARY).get_caller_identity()
        about = {"role_arn": ROLE, "role_session_name": "agentramp-1", "duration_seconds": 900}
        vendors(site.url, KEY).assume_role(models.AssumeRoleRequest(**about))
        vendors(site.url, None).assume_role_with_oidc(
            models.AssumeRoleWithOIDCRequest(**about, oidcprovider_arn=PROVIDER, oidctoken=jwt())
        )
        received = site.received
    assert [meant(request) for request in received[:3]] == [meant(other) for other in received[3:]]
    for request, key in zip(received, [TEMPORARY, KEY, None] * 2, strict=True):
        assert ("authorization" in request.headers) is (key is not None)
        assert key is None or is_signed(request, key)


def test_the_identity_token_is_in_no_address() -> None:
    with serving(answer) as site:
        service(site.url).assume_with_token(SESSION, PROVIDER, jwt())
        (request,) = site.received
    assert request.path == "/"
    assert SECRET not in str(request.headers)
    assert dict(parse_qsl(request.body.decode()))["OIDCToken"] == jwt()


REFUSALS = [
    ("AuthenticationFail.OIDCToken.AudienceNotMatch", "Invalid audience.", "claim aud"),
    ("AuthenticationFail.OIDCToken.IssuerNotMatch", "no", "claim iss"),
    ("AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch", "no", "claim iss"),
    ("AuthenticationFail.OIDCToken.Expired", "This JsonWebToken is expired.", "claim exp"),
    ("AuthenticationFail.OIDCToken.Invalid", f"bad {jwt()}", "not accepted"),
    ("AuthenticationFail.NoPermission", "There is no permission", "oidc:sub"),
    ("AuthenticationFail.NoPermission", "No such OIDC Provider registered.", "PROVIDER_ARN"),
    ("EntityNotExist.Role", "The role not exists", "ROLE_ARN"),
]


@pytest.mark.parametrize(("code", "message", "named"), REFUSALS)
def test_a_refusal_names_the_claim_that_failed(code: str, message: str, named: str) -> None:
    with serving(lambda _: refused(code, message)) as site, pytest.raises(StsError) as caught:
        service(site.url).assume_with_token(SESSION, PROVIDER, jwt())
    error = caught.value
    assert error.code == code
    assert named in error.advice
    for shown in (code, ROLE, PROVIDER, SUBJECT, ISSUER, "sts.aliyuncs.com"):
        assert shown in error.message
    assert SECRET not in f"{error!r}{error.message}{error.advice}"
    assert len(site.received) == 1


NO_ENVIRONMENT = "has no environment: its sub ends in"
EXACT = "the policy's oidc:sub is exactly "
CAUSES = [
    (SUBJECT, ["repo:acme@ID/agent@ID:environment:production", EXACT + SUBJECT]),
    (SUBJECT_WITH_IDS, [f"the older {SUBJECT};", EXACT + SUBJECT_WITH_IDS]),
    ("repo:a@1/b.c@2:environment:eu%3Aone", ["the older repo:a/b.c:environment:eu%3Aone;"]),
    ("repo:a/b:ref:refs/heads/main", [f"{NO_ENVIRONMENT} ref:refs/heads/main.", "repo:a/b:env"]),
    ("repo:a@1/b@2:pull_request", [NO_ENVIRONMENT, "is repo:a@1/b@2:environment:NAME then"]),
    ("system:serviceaccount:shop:agent", ["the whole sub, letter for letter"]),
    (f"repo:{'o' * 39}@{9**20}/{'r' * 100}@{9**20}:environment:{'%3A' * 255}", ["%3A" * 255]),
]


@pytest.mark.parametrize(("subject", "said"), CAUSES)
def test_a_trust_that_does_not_fit_is_told_by_the_form_of_the_subject(
    subject: str, said: list[str]
) -> None:
    code = "AuthenticationFail.NoPermission"
    with serving(lambda _: refused(code)) as site, pytest.raises(StsError) as caught:
        service(site.url).assume_with_token(SESSION, PROVIDER, jwt(sub=subject))
    assert [words for words in said if words not in caught.value.advice] == []
    assert "usual cause: oidc:sub" in caught.value.advice
    assert subject in caught.value.message


@pytest.mark.parametrize("token", ["abcd", "a.b.c", "a.W10.c", "a.e30.c", "a.IiI.c", "é.é.é"])
def test_a_token_that_cannot_be_read_is_no_trouble(token: str) -> None:
    with (
        serving(lambda _: refused("AuthenticationFail.OIDCToken.Invalid")) as site,
        pytest.raises(StsError, match="whose claims cannot be read"),
    ):
        service(site.url).assume_with_token(SESSION, PROVIDER, token)


PASSING = [refused("Throttling.User"), refused("x", status=429), Said(503), refused("y", "n", 500)]


@pytest.mark.parametrize("said", PASSING)
def test_what_passes_is_asked_again_with_a_fresh_signature(said: Said) -> None:
    turns = iter([said] * (ATTEMPTS - 1))
    with serving(lambda request: next(turns, None) or answer(request)) as site:
        assert service(site.url).assume(SESSION, KEY) == lent()
        nonces = {request.headers["x-acs-signature-nonce"] for request in site.received}
    assert len(nonces) == ATTEMPTS


@pytest.mark.parametrize("said", PASSING)
def test_it_gives_up_in_the_end(said: Said) -> None:
    clock = Clock()
    with serving(lambda _: said) as site, pytest.raises(StsError) as caught:
        service(site.url, clock).caller(KEY)
    assert len(site.received) == ATTEMPTS
    assert len(clock.slept) == ATTEMPTS - 1
    assert sum(clock.slept) < 10
    assert SECRET not in f"{caught.value!r}{caught.value.advice}"


SENSELESS = [
    Said(200, b"<html>"),
    told([]),
    told({}),
    told({"Credentials": {**issued(), "Expiration": "soon"}, "AccountId": 1}),
    told({"Credentials": {**issued(), "SecurityToken": None}}),
    Said(302, SECRET.encode(), {"Location": "http://127.0.0.1:9/"}),
    Said(403, SECRET.encode()),
    Said(200, b" " * 300_000),
]


@pytest.mark.parametrize("said", SENSELESS, ids=range(len(SENSELESS)))
def test_what_makes_no_sense_is_told_without_a_secret(said: Said) -> None:
    acts: list[Callable[[str], object]] = [
        lambda url: service(url).assume_with_token(SESSION, PROVIDER, jwt()),
        lambda url: service(url).assume(SESSION, KEY),
        lambda url: service(url).caller(KEY),
    ]
    for act in acts:
        with serving(lambda _: said) as site, pytest.raises(CredentialsError) as caught:
            act(site.url)
        assert SECRET not in f"{caught.value!r}{caught.value.advice}"


def test_nobody_there() -> None:
    with serving(answer) as site:
        gone = site.url
    with pytest.raises(CredentialsError, match="cannot be reached"):
        service(gone).caller(KEY)


def test_plain_http_to_elsewhere_is_refused() -> None:
    with pytest.raises(UsageError):
        service("http://sts.invalid")


def test_the_end_is_the_one_that_was_told() -> None:
    with serving(answer) as site:
        assert service(site.url).assume(SESSION, KEY).expires_at == NOW + 3600


def test_each_call_is_told() -> None:
    told_of: list[Call] = []
    turns = iter([Said(503)])
    with serving(lambda request: next(turns, None) or answer(request)) as site:
        replace(service(site.url), tell=told_of.append).caller(KEY)
    assert [(call.action, call.status) for call in told_of] == [
        ("GetCallerIdentity", 503),
        ("GetCallerIdentity", 200),
    ]
