"""Vectors: what the vendor's older client (npm @alicloud/fc2 2.6.6) signs."""

import pytest

from agentramp.platform.agentrun.classic_signing import signature, signed_headers
from agentramp.platform.agentrun.signing import Credentials

URL = "https://1234.cn-hangzhou.fc.aliyuncs.com"
DATE, MOMENT = "Fri, 02 Jan 2026 03:04:05 GMT", 1_767_323_045.9
FROM_VENDOR = {
    "date": DATE,
    "accept": "application/json",
    "host": "1234.cn-hangzhou.fc.aliyuncs.com",
    "user-agent": "x",
    "x-fc-account-id": "1234",
}
BUCKET = "/2016-08-15/tempBucketToken"
EXEC = "/2023-03-30/functions/agentrun-rt-1/instances/c-1/exec"
BUCKET_SIGNED = "lxaee1Y/UrZxCBbp/YDg99HjekFaR3wbS95AW6dU50I="
EXEC_SIGNED = "dbppspNqaUwIUbuaQ8Bpe/km/yJpg6TR5VLq3aVweJo="


@pytest.mark.parametrize(
    ("method", "path", "more", "expected"),
    [
        ("GET", BUCKET, {}, BUCKET_SIGNED),
        ("GET", EXEC, {"x-fc-security-token": "tok+/=="}, EXEC_SIGNED),
        (
            "PUT",
            "/2016-08-15/services/s",
            {"content-type": "application/json", "content-md5": "ZTEw"},
            "1XoB+n/2yKUN6d+r4KgXWFnnurJ5a/e4L+3lX+BcKoc=",
        ),
    ],
)
def test_signatures_are_those_of_the_vendors_client(
    method: str, path: str, more: dict[str, str], expected: str
) -> None:
    assert signature(method, path, FROM_VENDOR | more, "testsecret") == expected


def test_the_headers_of_a_request() -> None:
    key = Credentials("testid", "testsecret")
    assert signed_headers("GET", URL, BUCKET, "1234", key, MOMENT) == {
        "accept": "application/json",
        "date": DATE,
        "host": "1234.cn-hangzhou.fc.aliyuncs.com",
        "x-fc-account-id": "1234",
        "authorization": f"FC testid:{BUCKET_SIGNED}",
    }


def test_temporary_credentials_send_their_token_and_sign_it() -> None:
    key = Credentials("STS.testid", "testsecret", "tok+/==")
    headers = signed_headers("GET", URL, EXEC, "1234", key, MOMENT)
    assert headers["x-fc-security-token"] == "tok+/=="
    assert headers["authorization"] == f"FC STS.testid:{EXEC_SIGNED}"
