"""Vectors that the vendor's oss2 2.19 made on 2026-01-02 at 03:04:05, with a key of no account."""

from datetime import datetime, timezone

import pytest

from agentramp.local.oss_signing import Signed, claim_of, is_right, moment_of
from agentramp.local.refusal import RefusalError

SECRET = "testsecret"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc).timestamp()
UPLOAD = "agentramp-upload/1234567890123456/a b~é+.zip"
TOKEN = {"x-oss-security-token": "test token"}
BODY = {
    "content-type": "application/zip",
    "content-md5": "CY9rzUYh03PK3k6DJie09g==",
    "x-oss-meta-who": "me",
    **TOKEN,
}
DATE = {"date": "Fri, 02 Jan 2026 03:04:05 GMT"}
DATE_4 = {"x-oss-date": "20260102T030405Z", "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
SCOPE_4 = "OSS4-HMAC-SHA256 Credential=STS.testid/20260102/cn-hangzhou/oss/aliyun_v4_request, "
PUT_4 = f"{SCOPE_4}Signature=d1ab569d789a6fa85df983558d234db3284b1365fd805f22f1f5adf6e42b7d05"
GET_4 = f"{SCOPE_4}Signature=93aa7d33ef7b63015eff5a959a410024250fa8657d7a766511371f1f8ecd5119"
VECTORS = [
    pytest.param(
        Signed("PUT", UPLOAD, {**BODY, **DATE}),
        "OSS STS.testid:67MqMCLqYq9pTTB28cvrpYVUl9A=",
        id="put-1",
    ),
    pytest.param(
        Signed("HEAD", "bkt/k", {**TOKEN, **DATE}),
        "OSS STS.testid:4WYOIMxjasjfQy3L3day6+doVug=",
        id="head-1",
    ),
    pytest.param(Signed("PUT", UPLOAD, {**BODY, **DATE_4}), PUT_4, id="put-4"),
    pytest.param(Signed("GET", "bkt/k", {**TOKEN, **DATE_4}), GET_4, id="get-4"),
]


@pytest.mark.parametrize(("request_", "authorization"), VECTORS)
def test_the_vendors_signature(request_: Signed, authorization: str) -> None:
    claim = claim_of(authorization)
    assert claim.key == "STS.testid"
    assert is_right(request_, claim, SECRET)
    assert moment_of(claim, request_.headers) == MOMENT
    assert not is_right(request_, claim, "another")
    other = {**request_.headers, "x-oss-security-token": "another"}
    assert not is_right(Signed(request_.method, request_.name, other), claim, SECRET)
    assert not is_right(Signed(request_.method, "bkt/other", request_.headers), claim, SECRET)
    assert not is_right(Signed("DELETE", request_.name, request_.headers), claim, SECRET)


def test_a_signature_for_one_region_is_none_for_another() -> None:
    request = Signed("GET", "bkt/k", {**TOKEN, **DATE_4})
    assert not is_right(request, claim_of(GET_4.replace("cn-hangzhou", "cn-beijing")), SECRET)


@pytest.mark.parametrize(
    "headers",
    [{}, {"date": "yesterday"}, {"x-oss-date": "2026-01-02T03:04:05Z"}],
)
@pytest.mark.parametrize("authorization", ["OSS a:b", GET_4])
def test_a_date_that_is_none(headers: dict[str, str], authorization: str) -> None:
    with pytest.raises(RefusalError, match="date"):
        moment_of(claim_of(authorization), headers)


def test_a_day_that_is_not_the_dates() -> None:
    with pytest.raises(RefusalError, match="day"):
        moment_of(claim_of(GET_4), {"x-oss-date": "20260103T030405Z"})


@pytest.mark.parametrize(
    "authorization",
    ["", "OSS", "OSS a", "OSS4-HMAC-SHA256 Credential=a, Signature=b", "LOG a:b", GET_4[:-1]],
)
def test_what_is_no_signature(authorization: str) -> None:
    with pytest.raises(RefusalError) as caught:
        claim_of(authorization)
    assert caught.value.code == "AccessDenied"
