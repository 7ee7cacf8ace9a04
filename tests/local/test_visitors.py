"""No page of a browser gets in: neither by a name that leads here, nor by its own requests."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from agentramp.local.daemon import Server
from agentramp.local.refusal import RefusalError
from agentramp.local.visitors import check_visitor, put_before

OURS = ["127.0.0.1", "localhost", "[::1]", "127.0.0.2", "LocalHost", "p.localhost", "p.127.0.0.1"]
OTHERS = [
    *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "notlocalhost"),
    *("10.0.0.1", "[fe80::1]", "127.0.0.1@evil.example", "evil.example:127.0.0.1", "0.0.0.0"),
]
PATHS = [
    *("/-/status", "/metrics", "/", "/2025-09-10/workspaces", "/2023-03-30/functions"),
    *("/2016-08-15/tempBucketToken", "/logstores", "/bucket/object", "/none"),
]


@pytest.mark.parametrize("port", ["", ":80"])
@pytest.mark.parametrize("name", OURS)
def test_names_of_this_machine(name: str, port: str) -> None:
    check_visitor({"Host": name + port})
    check_visitor({})


@pytest.mark.parametrize("port", ["", ":80"])
@pytest.mark.parametrize("name", OTHERS)
def test_names_of_others(name: str, port: str) -> None:
    with pytest.raises(RefusalError) as caught:
        check_visitor({"Host": name + port})
    assert caught.value.status == 421


STORAGE = "bucket.oss-cn-hangzhou.aliyuncs.com"


@pytest.mark.parametrize("authorization", ["OSS id:text", "OSS4-HMAC-SHA256 Credential=id"])
def test_the_name_of_the_storage_for_its_own_requests(authorization: str) -> None:
    """The vendor's client of Node.js tells it to whatever has an IP as its address."""
    check_visitor({"Host": STORAGE, "Authorization": authorization})
    for name in (f"{STORAGE}.evil.example", "oss-cn-hangzhou.aliyuncs.com", "evil.example"):
        with pytest.raises(RefusalError):
            check_visitor({"Host": name, "Authorization": authorization})
    with pytest.raises(RefusalError):
        check_visitor({"Host": STORAGE})


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("p.localhost:80", "p"),
        ("P-1.127.0.0.1", "p-1"),
        (STORAGE, "bucket"),
        ("localhost:80", ""),
        ("127.0.0.1:80", ""),
        ("[::1]", ""),
        ("", ""),
    ],
)
def test_what_stands_before_a_name(host: str, name: str) -> None:
    assert put_before(host) == name


def status(server: Server, path: str, headers: dict[str, str]) -> int:
    where = urlsplit(server.control_url).netloc
    connection = HTTPConnection(where, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": where, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("path", PATHS)
def test_everywhere_but_at_an_agent(server: Server, path: str) -> None:
    assert status(server, path, {"Host": "evil.example"}) == 421
    assert status(server, path, {"Origin": "https://evil.example"}) == 403
    assert status(server, path, {}) not in {421, 403}
