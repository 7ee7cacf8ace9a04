import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from agentramp.platform.agentrun.log_signing import LogRequest, digest_of, signature, signed_headers
from agentramp.platform.agentrun.signing import Credentials

VECTORS = json.loads((Path(__file__).parents[2] / "data/vectors/sls-log.json").read_text())
SECRET = VECTORS["access_key_secret"]
MOMENT = 1_794_204_676.25  # Mon, 09 Nov 2026 06:11:16 GMT


@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda vector: str(vector["name"]))
def test_it_signs_as_the_vendors_client(vector: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    headers |= {"date": vector["date"], "x-log-signaturemethod": "hmac-sha1"}
    if vector["body"]:
        headers["content-md5"] = digest_of(vector["body"].encode())
    if vector["security_token"]:
        headers["x-acs-security-token"] = vector["security_token"]
    request = LogRequest(vector["method"], vector["path"], headers, vector["query"])
    expected = f"LOG {VECTORS['access_key_id']}:{signature(request, SECRET)}"
    assert expected == vector["authorization"]


@pytest.mark.parametrize("number", [0, 1])
def test_the_headers_of_a_query_are_the_vendors(number: int) -> None:
    vector = VECTORS["cases"][number]
    key = Credentials(VECTORS["access_key_id"], SECRET, vector["security_token"] or None)
    body = vector["body"].encode()
    headers = signed_headers(vector["path"], body, key, MOMENT)
    assert headers["date"] == vector["date"]
    assert headers["authorization"] == vector["authorization"]
    assert ("x-acs-security-token" in headers) == bool(vector["security_token"])
    assert SECRET not in str(headers)
    assert b64encode(SECRET.encode()).decode() not in str(headers)
