import json
import sys
from dataclasses import replace

import pytest

from agentramp.local import oidc
from agentramp.local.refusal import RefusalError
from agentramp.local.trust import Provider, read_provider, read_role
from tests.local.tokens import AUDIENCE, ISSUER, NOW, SUBJECT, encoded, jwks, token

ARN = "acs:ram::1234567890123456:oidc-provider/github"
ROLE = "acs:ram::1234567890123456:role/deployer"


def provider(**more: object) -> Provider:
    document = {"arn": ARN, "issuer": ISSUER, "audience": [AUDIENCE, "other"], **more}
    return read_provider(json.dumps(document).encode())


WITH_KEY = provider(jwks=jwks())
WITHOUT_KEY = provider()


def test_a_token_of_the_provider() -> None:
    claims = oidc.verify(token(), WITH_KEY, NOW)
    assert (claims.issuer, claims.subject, claims.audiences) == (ISSUER, SUBJECT, (AUDIENCE,))
    assert (claims.issued_at, claims.expires_at) == (NOW - 10, NOW + 300)


def test_one_of_several_audiences_is_enough() -> None:
    assert oidc.verify(token({"aud": ["x", "other"]}), WITH_KEY, NOW).audiences == ("x", "other")


@pytest.mark.parametrize("algorithm", ["RS256", "none"])
def test_without_a_key_no_signature_is_looked_at(algorithm: str) -> None:
    claims = oidc.verify(token(algorithm=algorithm, key="foreign"), WITHOUT_KEY, NOW)
    assert claims.subject == SUBJECT


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (token({"exp": NOW}), "Expired"),
        (token({"iss": "https://elsewhere.example"}), "IssuerNotMatch"),
        (token({"aud": "elsewhere"}), "AudienceNotMatch"),
        (token({"aud": 7}), "AudienceNotMatch"),
        (token({"exp": None}), "Invalid"),
        (token({"exp": "tomorrow"}), "Invalid"),
        (token({"exp": True}), "Invalid"),
        (token({"exp": float("nan")}), "Invalid"),
        (token({"exp": float("inf")}), "Invalid"),
        (token({"exp": 10**400}), "Invalid"),
        (token({"iat": -1}), "Invalid"),
        (token({"sub": None}), "Invalid"),
        (token({"iss": 1}), "Invalid"),
        (token(algorithm="none"), "Invalid"),
        (token(algorithm="HS256"), "Invalid"),
        (token(key="foreign"), "Invalid"),
        (token().rpartition(".")[0], "Invalid"),
        (token() + "AAAA", "Invalid"),
        ("a.b.c", "Invalid"),
        ("W10.W10.", "Invalid"),
        ("é.é.é", "Invalid"),
        ("", "Invalid"),
    ],
)
def test_what_is_refused(sent: str, code: str) -> None:
    with pytest.raises(RefusalError) as caught:
        oidc.verify(sent, WITH_KEY, NOW)
    assert caught.value.code == f"AuthenticationFail.OIDCToken.{code}"


def test_a_shared_secret_is_never_a_signature() -> None:
    with pytest.raises(RefusalError, match="RS256"):
        oidc.verify(token(algorithm="HS256"), WITHOUT_KEY, NOW)


def test_claims_that_were_changed() -> None:
    head, body, signature = token().split(".")
    other = encoded(json.dumps({"iss": ISSUER, "sub": "x", "aud": AUDIENCE, "exp": 2e9}).encode())
    assert other != body
    with pytest.raises(RefusalError, match="no key of the provider"):
        oidc.verify(f"{head}.{other}.{signature}", WITH_KEY, NOW)


def test_a_key_that_is_none_signed_nothing() -> None:
    broken = tuple(replace(key, modulus="A" * 201) for key in WITH_KEY.keys)
    with pytest.raises(RefusalError, match="no key of the provider"):
        oidc.verify(token(), replace(WITH_KEY, keys=broken), NOW)


def test_where_the_extra_is_missing_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(RefusalError, match=r"agentramp\[access\]") as caught:
        oidc.verify(token(), WITH_KEY, NOW)
    assert caught.value.status == 501


def test_a_key_without_a_name_is_tried() -> None:
    unnamed = replace(WITH_KEY, keys=tuple(replace(key, kid="") for key in WITH_KEY.keys))
    assert oidc.verify(token(), unnamed, NOW).subject == SUBJECT


# --- trust policies ------------------------------------------------------------------------------


def statement(**more: object) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": [ARN]},
        **more,
    }


def trusts(*statements: dict[str, object]) -> bool:
    document = {"arn": ROLE, "trustPolicy": {"Version": "1", "Statement": list(statements)}}
    role = read_role(json.dumps(document).encode())
    return role.trusts({ARN}, oidc.verify(token(), WITH_KEY, NOW).by_condition())


@pytest.mark.parametrize(
    ("condition", "is_trusted"),
    [
        ({}, True),
        ({"StringEquals": {"oidc:iss": ISSUER, "oidc:aud": [AUDIENCE, "x"]}}, True),
        ({"StringEquals": {"oidc:sub": SUBJECT}}, True),
        ({"StringEquals": {"oidc:sub": "repo:org/*"}}, False),
        ({"StringLike": {"oidc:sub": "repo:org/*"}}, True),
        ({"StringLike": {"oidc:sub": ["repo:other/*", "repo:???/repo:*"]}}, True),
        ({"StringLike": {"oidc:sub": "[r]epo:org/*"}}, False),
        ({"StringLike": {"oidc:sub": "repo:other/*"}}, False),
        ({"StringLike": {"oidc:sub": "*"}, "StringEquals": {"oidc:aud": "x"}}, False),
        ({"StringEquals": {"oidc:aud": AUDIENCE, "oidc:iss": "x"}}, False),
    ],
)
def test_conditions(condition: dict[str, object], is_trusted: object) -> None:
    assert trusts(statement(Condition=condition)) is is_trusted


def test_who_is_named_and_who_is_denied() -> None:
    assert not trusts()
    assert not trusts(statement(Principal={"RAM": "acs:ram::1:root"}))
    assert trusts(statement(Principal={"Federated": ARN}))
    assert not trusts(statement(), statement(Effect="Deny"))
    assert trusts(statement(), statement(Effect="Deny", Principal={"Federated": "other"}))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"arn": "role"}, "arn must match"),
        ({"arn": None}, "Arn is required"),
        ({"trustPolicy": []}, "trustPolicy must be an object"),
        ({"trustPolicy": {"Statement": [{}]}}, "Effect is required"),
        ({"trustPolicy": {"Statement": [statement(Action="*")]}}, "Action must be sts:AssumeRole"),
        ({"trustPolicy": {"Statement": [statement(Effect="Maybe")]}}, "Effect must match"),
        (
            {"trustPolicy": {"Statement": [statement(Condition={"IpAddress": {"a": "b"}})]}},
            "not IpAddress",
        ),
        (
            {"trustPolicy": {"Statement": [statement(Condition={"StringLike": {"acs:x": "b"}})]}},
            "not StringLike",
        ),
        ({"sessionSeconds": 0}, "sessionSeconds must be between"),
    ],
)
def test_a_role_that_is_not_understood(change: dict[str, object], fault: str) -> None:
    document = {"arn": ROLE, "trustPolicy": {"Statement": [statement()]}, **change}
    with pytest.raises(RefusalError, match=fault):
        read_role(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"audience": None}, "Audience is required"),
        ({"audience": 1}, "audience must be a list"),
        ({"jwks": {"keys": []}}, "jwks holds no key"),
        ({"jwks": {"keys": [{"kty": "EC", "n": "x" * 300, "e": "AQAB"}]}}, "kty must match RSA"),
        ({"jwks": {"keys": [{"kty": "RSA", "n": "short", "e": "AQAB"}]}}, "n must match"),
    ],
)
def test_a_provider_that_is_not_understood(more: dict[str, object], fault: str) -> None:
    with pytest.raises(RefusalError, match=fault):
        provider(**more)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_no_json_at_all(body: bytes) -> None:
    with pytest.raises(RefusalError):
        read_provider(body)
