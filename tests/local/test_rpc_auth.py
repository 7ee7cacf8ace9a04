"""The signature in the parameters, which the vendor's credential libraries take a session with."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection
from json import loads
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from agentramp.local.daemon import Server
from agentramp.local.rpc_auth import signature, string_to_sign

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_it_is_the_vendors() -> None:
    """Made by alibabacloud-credentials 1.0.12."""
    given = {
        "Action": "AssumeRole",
        "Version": "2015-04-01",
        "Format": "JSON",
        "AccessKeyId": "testid",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "n-1",
        "Timestamp": "2026-01-02T03:04:05Z",
        "RoleArn": "acs:ram::1:role/x~*",
        "RoleSessionName": "me",
        "SecurityToken": "a/b+c=",
        "DurationSeconds": "900",
        "Signature": "is not signed",
    }
    assert (
        signature(string_to_sign("GET", given), "testsecret", "sha1")
        == "lXIvqMFmimc56eWz7byNDP7FxSs="
    )


def parameters(server: Server, action: str = "GetCallerIdentity", **more: str) -> dict[str, str]:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Action": action,
        "Version": "2015-04-01",
        "Format": "JSON",
        "AccessKeyId": server.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": secrets.token_hex(8),
        "Timestamp": now,
        **more,
    }


def signed(given: dict[str, str], secret: str, method: str = "POST") -> dict[str, str]:
    digest = given["SignatureMethod"].rpartition("-")[2].lower()
    return {**given, "Signature": signature(string_to_sign(method, given), secret, digest)}


def send(server: Server, query: Mapping[str, str], form: Mapping[str, str]) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(server.control_url).netloc, timeout=30)
    try:
        connection.request("POST", f"/?{urlencode(query)}", urlencode(form), FORM)
        answer = connection.getresponse()
        return answer.status, loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_who_signed(server: Server, method: str) -> None:
    given = signed(parameters(server, SignatureMethod=method), server.access_key_secret)
    status, told = send(server, given, {})
    assert (status, told["AccountId"]) == (200, server.account_id)


def test_a_session_of_a_role_and_one_of_that(server: Server) -> None:
    """The action may stand in the query and the rest in a form, as the libraries have it."""
    role = {"RoleArn": f"acs:ram::{server.account_id}:role/r", "RoleSessionName": "first"}
    given = signed(parameters(server, "AssumeRole", **role), server.access_key_secret)
    in_form = {name: given.pop(name) for name in role}
    status, told = send(server, given, in_form)
    assert status == 200
    key = told["Credentials"]
    of_session = {"AccessKeyId": key["AccessKeyId"], "SecurityToken": key["SecurityToken"]}
    given = signed(parameters(server, **of_session), key["AccessKeySecret"])
    status, told = send(server, {}, given)
    assert (status, told["IdentityType"]) == (200, "AssumedRoleUser")
    given = signed(parameters(server, AccessKeyId=key["AccessKeyId"]), key["AccessKeySecret"])
    assert send(server, {}, given)[1]["Code"] == "MissingSecurityToken"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SignatureMethod": "MD5"}, "InvalidSignatureMethod"),
        ({"SignatureVersion": "2.0"}, "InvalidSignatureMethod"),
        ({"AccessKeyId": "nobody"}, "InvalidAccessKeyId.NotFound"),
        ({"Timestamp": "yesterday"}, "InvalidTimeStamp.Format"),
        ({"Timestamp": "2026-01-02T03:04:05Z"}, "InvalidTimeStamp.Expired"),
        ({"RoleArn": "added"}, "SignatureDoesNotMatch"),
        ({"Signature": "bm9uZQ=="}, "SignatureDoesNotMatch"),
    ],
)
def test_what_is_refused(server: Server, change: dict[str, str], code: str) -> None:
    given = signed(parameters(server), server.access_key_secret)
    status, told = send(server, {**given, **change}, {})
    assert (status // 100, told["Code"]) == (4, code)


def test_what_was_signed_here_is_told_as_the_older_clients_read_it(server: Server) -> None:
    """They compare it with their own, to tell a wrong secret from a wrong reading."""
    given = signed(parameters(server), "a guess")
    told = send(server, given, {})[1]
    assert told["Code"] == "SignatureDoesNotMatch"
    assert told["Message"].split(":")[1] == string_to_sign("POST", given)


def test_once_only_and_not_late(server: Server) -> None:
    given = signed(parameters(server), server.access_key_secret)
    assert send(server, given, {})[0] == 200
    assert send(server, given, {})[1]["Code"] == "SignatureNonceUsed"
    late = (datetime.now(timezone.utc) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = signed(parameters(server, Timestamp=late), server.access_key_secret)
    assert send(server, given, {})[1]["Code"] == "InvalidTimeStamp.Expired"
