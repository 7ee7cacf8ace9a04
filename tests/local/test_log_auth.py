"""Vectors that the vendor's clients of the log service made on 2026-01-02 at 03:04:05.

Version 4: aliyun-log-python-sdk 0.9.52. ``LOG`` with SHA-256: alibabacloud-gateway-sls 0.4.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import pytest

from agentramp.local.auth import Received
from agentramp.local.keys import Holder
from agentramp.local.log_auth import verify
from agentramp.local.refusal import RefusalError

NOW = 1_767_323_045.0
BODY = b'{"from":1,"to":2,"query":"*"}'
ALWAYS = {
    "host": "logs-here.localhost:1234",
    "accept-encoding": "gzip",
    "x-log-apiversion": "0.6.0",
}
QUERY = {"x-log-bodyrawsize": "29", "content-type": "application/json"}
PAGE = {"x-log-bodyrawsize": "0", "x-acs-security-token": "a token"}
SHA_256 = {"x-log-signaturemethod": "hmac-sha256", "date": "Fri, 02 Jan 2026 03:04:05 GMT"}
SCOPE = "testid/20260102/cn-hangzhou/sls/aliyun_v4_request"


@dataclass(frozen=True)
class Keys:
    def holder(self, access_key_id: str, token: str, now: float, thing: str = "") -> Holder:
        if (access_key_id, token or "a token", now, thing) != ("testid", "a token", NOW, ""):
            raise RefusalError(404, "InvalidAccessKeyId.NotFound", "there is no such key")
        return Holder("testsecret")


def query(headers: Mapping[str, str], path: str = "/logstores/agents/logs") -> Received:
    all_headers = {**ALWAYS, **QUERY, **headers}
    return Received("POST", path, "", all_headers, BODY, sha256(BODY).hexdigest())


def page(headers: Mapping[str, str], text: str) -> Received:
    all_headers = {**ALWAYS, **PAGE, **headers}
    return Received("GET", "/logstores/agents", text, all_headers, b"", sha256(b"").hexdigest())


def version_4(signature: str, body: bytes = b"") -> dict[str, str]:
    return {
        "x-log-date": "20260102T030405Z",
        "x-log-content-sha256": sha256(body).hexdigest(),
        "authorization": f"SLS4-HMAC-SHA256 Credential={SCOPE},Signature={signature}",
    }


QUERY_4 = version_4("24bdda053ddf1731a8714e1a2b5758e568b8c40404ca38e48dc5e3a257d20088", BODY)
PAGE_4 = version_4("02e2b9d59ba9ae8c12780f8ea3053a13e5280c3eb8ec4711d31a2875fef0d755")
QUERY_256 = {
    **SHA_256,
    "content-md5": "41A0915A77FA9FE8E0172F04285C7725",
    "authorization": "LOG testid:6glmZPApF8azMXBlJJjpugwLGC3PEMbW9NdGhXlNBGA=",
}
PAGE_256 = {
    **SHA_256,
    "authorization": "LOG testid:tFU91ZYiNqSfqh89Hc8rpAXlvhDu/4yaUqt+z7Jh1Oc=",
}


def test_the_vendors_version_4() -> None:
    verify(query(QUERY_4), Keys(), NOW)
    text = "type=log&from=1&to=2&query=a+b~c%2A%2F%C3%A9&line=&offset=0"
    verify(page(PAGE_4, text), Keys(), NOW)


def test_the_vendors_sha_256() -> None:
    verify(query(QUERY_256), Keys(), NOW)
    text = "type=log&from=1&to=2&query=a%20b~c%2A%2F%C3%A9&offset=0"
    verify(page(PAGE_256, text), Keys(), NOW)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"authorization": "SLS4-HMAC-SHA256 Credential=testid"}, 401, "Unauthorized"),
        (
            {"authorization": QUERY_4["authorization"].replace("testid", "nobody")},
            401,
            "Unauthorized",
        ),
        (
            {"authorization": QUERY_4["authorization"].replace("20260102/", "20260103/")},
            401,
            "Unauthorized",
        ),
        (
            {"authorization": QUERY_4["authorization"].replace("hangzhou", "beijing")},
            401,
            "SignatureNotMatch",
        ),
        ({"x-log-content-sha256": sha256(b"").hexdigest()}, 400, "InvalidContentSHA256"),
        ({"x-log-date": "Fri, 02 Jan 2026 03:04:05 GMT"}, 400, "InvalidDateFormat"),
        ({"x-log-date": "20260102T020405Z"}, 400, "RequestTimeExpired"),
        ({"x-log-date": "20260102T030406Z"}, 401, "SignatureNotMatch"),
        ({"x-log-extra": "unsigned"}, 401, "SignatureNotMatch"),
        ({"x-log-apiversion": "0.1"}, 400, "InvalidAPIVersion"),
    ],
)
def test_what_was_not_signed_so(change: dict[str, str], status: int, code: str) -> None:
    with pytest.raises(RefusalError) as caught:
        verify(query({**QUERY_4, **change}), Keys(), NOW)
    assert (caught.value.status, caught.value.code) == (status, code)


def test_what_was_signed_stands_for_itself_only() -> None:
    with pytest.raises(RefusalError, match="not the one of this request"):
        verify(query(QUERY_4, "/logstores/others/logs"), Keys(), NOW)
    with pytest.raises(RefusalError, match="not the one of this request"):
        verify(query({**QUERY_256, "x-log-signaturemethod": "hmac-sha1"}), Keys(), NOW)
