"""From the temporary bucket's key to a version that runs the uploaded code, over HTTP."""

import base64
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from agentramp import crc64
from agentramp.local import assumptions, daemon, schema
from agentramp.local.objects import Objects
from agentramp.local.refusal import RefusalError
from agentramp.platform.agentrun.classic_signing import signature
from tests.local.client import RUNTIMES, Control, agent_code, runtime_input
from tests.local.storage import Place, Reply, Storage

CODE = base64.b64decode(agent_code("echo.py", "stored"))
CODE_SUM = str(crc64.fastest()(CODE, 0))


@pytest.fixture
def storage(server: daemon.Server) -> Storage:
    return Storage(server)


def code_of(reply: Reply) -> str:
    """The code in an answer of object storage."""
    assert "xml" in reply.headers["Content-Type"]
    root = ET.fromstring(reply.body)
    assert root.findtext("RequestId") == reply.headers["x-oss-request-id"]
    return root.findtext("Code") or ""


def stored_input(name: str, place: Place, **code: Any) -> dict[str, Any]:
    body = runtime_input(name)
    body["codeConfiguration"].pop("zipFile")
    body["codeConfiguration"] |= {
        "ossBucketName": place.bucket,
        "ossObjectName": place.name,
        **code,
    }
    return body


# --- the temporary bucket ------------------------------------------------------------------------


def test_the_vendors_signature_of_function_compute_2() -> None:
    """Made by the vendor's aliyun-fc2 2.5.2, which is the other way round here: we verify."""
    headers = {
        "date": "Fri, 02 Jan 2026 03:04:05 GMT",
        "content-type": "application/json",
        "x-fc-account-id": "1111111111111111",
        "x-fc-security-token": "test token",
    }
    made = signature("GET", "/2016-08-15/tempBucketToken", headers, "testsecret")
    assert made == "ilHurttfdqjSHVHBWkgJERudJvBLlWMuFFHKBcZ5bDY="


def test_each_place_is_another(storage: Storage) -> None:
    first, second = storage.place(), storage.place()
    assert first.key.access_key_id.startswith("STS.")
    assert first.bucket == assumptions.UPLOAD_BUCKET
    assert first.name != second.name
    assert first.key != second.key


def test_who_gets_no_place(storage: Storage) -> None:
    def told(reply: Reply) -> tuple[int, str]:
        assert reply.headers["X-Fc-Request-Id"]
        return reply.status, json.loads(reply.body)["ErrorCode"]

    guessed = replace(storage.owner, access_key_secret="guessed")
    unknown = replace(storage.owner, access_key_id="unknown")
    assert told(storage.ask_for_place(guessed)) == (403, "SignatureNotMatch")
    assert told(storage.ask_for_place(unknown)) == (404, "InvalidAccessKeyId.NotFound")
    assert told(storage.ask_for_place(account="1")) == (403, "AccessDenied")
    assert told(storage.ask_for_place(storage.place().key)) == (403, "NoPermission")
    assert told(storage.send("GET", "/2016-08-15/tempBucketToken", {})) == (
        401,
        "MissingAuthorization",
    )
    late = Storage(storage.server, time.time() - 2 * assumptions.CLOCK_SKEW_SECONDS)
    assert told(late.ask_for_place()) == (403, "RequestTimeTooSkewed")


# --- objects -------------------------------------------------------------------------------------


def test_put_head_and_get(storage: Storage) -> None:
    place = storage.place()
    md5 = hashlib.md5(CODE, usedforsecurity=False)
    sent = {"content-md5": base64.b64encode(md5.digest()).decode(), "content-type": "x/y"}
    put = storage.ask("PUT", place, CODE, sent)
    assert put.status == 200
    assert put.headers["ETag"] == f'"{md5.hexdigest().upper()}"'
    for method, body in (("HEAD", b""), ("GET", CODE)):
        got = storage.ask(method, place)
        assert (got.status, got.body) == (200, body)
        assert got.headers["x-oss-hash-crc64ecma"] == put.headers["x-oss-hash-crc64ecma"]
        assert got.headers["x-oss-hash-crc64ecma"] == CODE_SUM
        assert got.headers["Content-Length"] == str(len(CODE))
    assert storage.ask("PUT", place, b"again").status == 200
    assert storage.ask("GET", place).body == b"again"


def test_the_accounts_own_key_reaches_every_bucket(storage: Storage) -> None:
    place = Place(storage.owner, "some-bucket", "a folder/ä+%.zip")
    assert storage.ask("PUT", place, b"here").status == 200
    assert storage.ask("GET", place).body == b"here"
    assert code_of(storage.ask("GET", replace(place, bucket="other-bucket"))) == "NoSuchKey"


def test_a_key_is_good_for_its_object_only(storage: Storage) -> None:
    place = storage.place()
    elsewhere = replace(place, name=storage.place().name)
    assert code_of(storage.ask("PUT", elsewhere, b"x")) == "AccessDenied"
    token = replace(place.key, security_token="another")
    assert code_of(storage.ask("PUT", replace(place, key=token), b"x")) == "InvalidSecurityToken"
    bare = replace(place.key, security_token=None)
    assert code_of(storage.ask("PUT", replace(place, key=bare), b"x")) == "AccessDenied"
    guessed = replace(place.key, access_key_secret="guessed")
    assert code_of(storage.ask("PUT", replace(place, key=guessed), b"x")) == "SignatureDoesNotMatch"
    unknown = replace(place.key, access_key_id="unknown")
    assert code_of(storage.ask("PUT", replace(place, key=unknown), b"x")) == "InvalidAccessKeyId"
    assert storage.ask("HEAD", place).status == 404


def test_a_key_signs_nothing_of_the_control_plane(storage: Storage) -> None:
    place = storage.place()
    assert place.key.security_token
    control = Control(
        storage.server,
        key=place.key.access_key_id,
        secret=place.key.access_key_secret,
        token=place.key.security_token,
    )
    refused = control.call("GET", RUNTIMES)
    assert (refused.status, refused.body["code"]) == (403, "NoPermission")


def left_over(storage: Storage) -> set[str]:
    """Files that belong to no object."""
    folder = storage.server.home / "local" / "objects"
    with closing(sqlite3.connect(folder.parent / "platform.db")) as database:
        known = {file for (file,) in database.execute("SELECT file FROM objects")}
    return {one.name for one in folder.iterdir()} - known


def test_what_is_not_what_was_announced_is_not_kept(storage: Storage) -> None:
    place = storage.place()
    wrong = {"content-md5": base64.b64encode(bytes(16)).decode()}
    assert code_of(storage.ask("PUT", place, CODE, wrong)) == "InvalidDigest"
    assert storage.ask("HEAD", place).status == 404
    assert left_over(storage) == set()


def test_an_upload_that_breaks_off_leaves_nothing(storage: Storage) -> None:
    place = storage.place()
    path, headers = storage.signed("PUT", place)
    with closing(HTTPConnection(urlsplit(storage.server.control_url).netloc)) as connection:
        connection.putrequest("PUT", path)
        for name, value in {**headers, "content-length": "100"}.items():
            connection.putheader(name, value)
        connection.endheaders(b"the beginning")
        eventually(lambda: len(left_over(storage)) == 1)
    eventually(lambda: left_over(storage) == set())
    assert storage.ask("HEAD", place).status == 404


def eventually(ask: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not ask():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_not_offered(storage: Storage) -> None:
    place = Place(storage.owner, "bucket", "key")
    assert code_of(storage.ask("DELETE", place)) == "NoSuchKey"
    assert storage.ask("PUT", place, b"x").status == 200
    assert code_of(storage.ask("DELETE", place)) == "MethodNotAllowed"
    assert code_of(storage.ask("PUT", replace(place, bucket="No_Bucket"), b"x")) == (
        "InvalidObjectName"
    )
    signed = {"authorization": "OSS a:b", "date": "yesterday"}
    assert code_of(storage.send("GET", "/bucket/key", signed)) == "AccessDenied"
    late = Storage(storage.server, time.time() + 2 * assumptions.CLOCK_SKEW_SECONDS)
    assert code_of(late.ask("GET", place)) == "RequestTimeTooSkewed"


# --- code from an object -------------------------------------------------------------------------


def test_a_deploy_by_object(storage: Storage, control: Control) -> None:
    place = storage.place()
    assert storage.ask("PUT", place, CODE).status == 200
    body = stored_input("from-object", place, checksum=CODE_SUM)
    made = control.call("POST", RUNTIMES, body).data
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    assert made["codeConfiguration"]["ossObjectName"] == place.name
    assert control.settled(runtime)["status"] == "READY"
    control.publish(runtime)
    endpoint = control.make_endpoint(runtime, targetVersion="1")
    assert endpoint.ask().json["version"] == "stored"
    # Configuration alone: the object is not looked for again.
    assert storage.ask("PUT", place, b"something else").status == 200
    body = {"description": "new", "agentRuntimeName": "from-object"}
    control.call("PUT", runtime, body).data  # noqa: B018 asserts success
    assert control.settled(runtime)["status"] == "READY"
    # New code, by another object.
    other = storage.place()
    newer = base64.b64decode(agent_code("echo.py", "newer"))
    assert storage.ask("PUT", other, newer).status == 200
    code = stored_input("x", other)["codeConfiguration"]
    control.call("PUT", runtime, {"codeConfiguration": code}).data  # noqa: B018 asserts success
    assert control.settled(runtime)["status"] == "READY"
    control.publish(runtime)
    endpoint.shift("2")
    assert endpoint.ask().json["version"] == "newer"


def test_code_that_cannot_be_taken(storage: Storage, control: Control) -> None:
    place = storage.place()

    def fault(**code: Any) -> str:
        refused = control.call("POST", RUNTIMES, stored_input("never", place, **code))
        assert (refused.status, refused.body["code"]) == (400, "ERR_VALIDATION_FAILED")
        return str(refused.body["message"])

    assert f"no object '{place.name}' in bucket '{place.bucket}'" in fault()
    assert storage.ask("PUT", place, CODE).status == 200
    assert "checksum is not the CRC-64" in fault(checksum="1")
    assert "both given" in fault(zipFile="UEs=")
    assert storage.ask("PUT", place, b"no zip").status == 200
    assert "no zip archive" in fault()
    found = control.call("GET", RUNTIMES, query={"agentRuntimeName": "never"}).data
    assert found["items"] == []


# --- the room for objects ------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    (tmp_path / "objects").mkdir()
    with closing(schema.open_database(tmp_path / "db")) as connection:
        yield connection


@pytest.fixture
def objects(tmp_path: Path, database: sqlite3.Connection) -> Objects:
    return Objects(tmp_path / "objects", database, each=9, most=10)


def put(objects: Objects, name: str, content: bytes, now: float) -> None:
    draft = objects.draft()
    try:
        draft.write(content)
        draft.close()
        objects.add(draft.done(name, "", now))
    finally:
        objects.give_up(draft)


def names(objects: Objects, *wanted: str) -> list[str]:
    return [name for name in wanted if objects.find(name)]


def test_objects_go_with_time_and_earlier_when_used(objects: Objects, tmp_path: Path) -> None:
    put(objects, "b/used", b"1", now=0)
    put(objects, "b/waits", b"2", now=0)
    objects.used("b/used", now=10)
    objects.prune(now=10 + assumptions.USED_OBJECT_SECONDS)
    assert names(objects, "b/used", "b/waits") == ["b/used", "b/waits"]
    objects.prune(now=11 + assumptions.USED_OBJECT_SECONDS)
    assert names(objects, "b/used", "b/waits") == ["b/waits"]
    objects.prune(now=assumptions.OBJECT_SECONDS + 1)
    assert names(objects, "b/used", "b/waits") == []
    assert list((tmp_path / "objects").iterdir()) == []


def test_a_bound_on_all_of_them(objects: Objects) -> None:
    put(objects, "b/first", b"12345", now=0)
    put(objects, "b/second", b"12345", now=1)
    with pytest.raises(RefusalError, match="would exceed"):
        put(objects, "b/third", b"1", now=2)
    objects.used("b/second", now=3)
    put(objects, "b/third", b"1", now=4)
    assert names(objects, "b/first", "b/second", "b/third") == ["b/first", "b/third"]
    put(objects, "b/first", b"123456789", now=5)
    assert names(objects, "b/first", "b/third") == ["b/first", "b/third"]


def test_an_object_that_is_too_large(objects: Objects, tmp_path: Path) -> None:
    draft = objects.draft()
    with pytest.raises(RefusalError, match="larger than 9 bytes"):
        draft.write(b"1234567890")
    objects.give_up(draft)
    assert list((tmp_path / "objects").iterdir()) == []


# --- as the vendor's other clients ask -----------------------------------------------------------


@pytest.mark.parametrize("where", ["localhost:80", "127.0.0.1", "oss-cn-hangzhou.aliyuncs.com"])
def test_the_bucket_may_stand_before_the_name(storage: Storage, where: str) -> None:
    place = storage.place()
    _, headers = storage.signed("PUT", place)
    headers["host"] = f"{place.bucket}.{where}"
    assert storage.send("PUT", f"/{place.name}", headers, b"code").status == 200
    assert storage.ask("GET", place).body == b"code"


def test_the_older_header_of_a_token(storage: Storage) -> None:
    """Of the vendor's second client, where it signs as its first: it is not among the signed."""
    place = storage.place()
    bare = replace(place, key=replace(place.key, security_token=None))
    path, headers = storage.signed("PUT", bare)
    token = place.key.security_token or ""
    assert code_of(storage.send("PUT", path, headers, b"code")) == "AccessDenied"
    assert storage.send("PUT", path, {**headers, "security-token": token}, b"code").status == 200


def test_why_a_head_failed_is_in_a_header(storage: Storage) -> None:
    told = storage.ask("HEAD", storage.place())
    assert (told.status, told.body) == (404, b"")
    assert (
        ET.fromstring(base64.b64decode(told.headers["x-oss-err"])).findtext("Code") == "NoSuchKey"
    )
