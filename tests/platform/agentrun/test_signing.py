"""The vendor's own client is the oracle: its vectors, and every raw request it was seen to send."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from agentramp.platform.agentrun.signing import Credentials, Signable, authorization, signature

VECTORS = Path(__file__).parents[2] / "data" / "vectors"
CAPTURED = sorted((VECTORS / "agentrun-http").glob("*.http"))


@pytest.mark.parametrize("vector", json.loads((VECTORS / "acs3.json").read_text()))
def test_the_vendors_vectors(vector: dict[str, Any]) -> None:
    request = Signable(vector["method"], vector["path"], vector["query"], vector["headers"])
    credentials = Credentials(vector["access_key_id"], vector["access_key_secret"])
    assert authorization(request, credentials) == vector["authorization"]


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_requests_of_the_vendors_client(path: Path) -> None:
    head, _, body = path.read_bytes().partition(
        b"\r\n\r\n" if b"\r\n" in path.read_bytes() else b"\n\n"
    )
    start, *lines = head.decode().splitlines()
    method, target, _ = start.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    said = dict(
        part.split("=", 1)
        for part in headers["authorization"].removeprefix("ACS3-HMAC-SHA256 ").split(",")
    )
    url = urlsplit(target)
    request = Signable(method, url.path, dict(parse_qsl(url.query)), headers)

    assert signature(request, said["SignedHeaders"].split(";"), "testsecret") == said["Signature"]
    assert hashlib.sha256(body.rstrip(b"\n")).hexdigest() == headers["x-acs-content-sha256"]


def test_all_captured_requests_are_here() -> None:
    assert len(CAPTURED) == 18


def test_a_changed_request_has_another_signature() -> None:
    headers = {"host": "a", "x-acs-content-sha256": "0"}
    one = signature(Signable("GET", "/x", {}, headers), headers, "secret")
    assert one != signature(Signable("GET", "/y", {}, headers), headers, "secret")
    assert one != signature(Signable("GET", "/x", {}, headers), headers, "other")


def test_credentials_show_no_secret() -> None:
    shown = repr(Credentials("id", "the-secret", "the-token"))
    assert "the-secret" not in shown
    assert "the-token" not in shown
