"""The captured requests themselves, byte for byte but for names of things, signed anew."""

import base64
import secrets
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from agentramp.local.daemon import Server
from agentramp.platform.agentrun.signing import ALGORITHM, Credentials, Signable, signature
from tests.local.client import RUNTIMES, Answer, Control, zipped
from tests.local.storage import Storage
from tests.local.test_sts import assume

CAPTURED = Path(__file__).parents[1] / "data" / "vectors" / "agentrun-http"
RUNTIME, ENDPOINT = "11111111-2222-3333-4444-555555555555", "ep-1"
APP = (
    "import http.server, os\n"
    "here = ('127.0.0.1', int(os.environ['PORT']))\n"
    "http.server.HTTPServer(here, http.server.BaseHTTPRequestHandler).serve_forever()\n"
)


def replay(
    control: Control, number: str, names: dict[str, str], key: Credentials | None = None
) -> Answer:
    """``names`` are put in place of those that were captured; the same headers are signed."""
    (path,) = CAPTURED.glob(f"{number}-*.http")
    text = path.read_bytes().decode().replace("\r\n", "\n")
    for old, new in names.items():
        text = text.replace(old, new)
    head, _, content = text.partition("\n\n")
    start, *lines = head.splitlines()
    method, target, _ = start.split(" ")
    body = content.rstrip("\n").encode()
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    headers["host"] = urlsplit(control.server.control_url).netloc
    headers["x-acs-date"] = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers["x-acs-signature-nonce"] = secrets.token_hex(16)
    headers["x-acs-content-sha256"] = sha256(body).hexdigest()
    headers["content-length"] = str(len(body))
    server = control.server
    key = key or Credentials(server.access_key_id, server.access_key_secret)
    if key.security_token:
        headers["x-acs-security-token"] = key.security_token
        headers["x-acs-accesskey-id"] = key.access_key_id
    names_signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    url = urlsplit(target)
    signable = Signable(method, url.path, dict(parse_qsl(url.query)), headers)
    signed = signature(signable, names_signed.split(";"), key.access_key_secret)
    headers["authorization"] = (
        f"{ALGORITHM} Credential={key.access_key_id},"
        f"SignedHeaders={names_signed},Signature={signed}"
    )
    return control.send(method, target, body, headers)


@pytest.fixture
def code(server: Server) -> dict[str, str]:
    """The names of an uploaded package, as the captured update names one."""
    storage = Storage(server)
    place = storage.place()
    assert storage.ask("PUT", place, base64.b64decode(zipped({"app.py": APP}))).status == 200
    return {
        '"ossBucketName":"b"': f'"ossBucketName":"{place.bucket}"',
        '"ossObjectName":"o"': f'"ossObjectName":"{place.name}"',
    }


def test_every_captured_request_is_answered(control: Control, code: dict[str, str]) -> None:
    made = replay(control, "001", {'"demo"': '"replayed"'}).data
    names = {RUNTIME: made["agentRuntimeId"], "=demo": "=replayed", "ws-1": made["workspaceId"]}
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    assert made["description"] == "中文 desc"
    # The captured package is empty: nothing of it can run.
    assert control.settled(runtime)["status"] == "CREATE_FAILED"
    assert replay(control, "002", names).data["environmentVariables"] == {"A": "1"}
    assert replay(control, "006", {**names, **code}).data["status"] == "UPDATING"
    head = control.settled(runtime)
    assert head["status"] == "READY", head["statusReason"]
    assert (head["cpu"], head["memory"], head["port"]) == (2.0, 4096, 9000)
    assert replay(control, "007", names).data["agentRuntimeVersion"] == "1"
    assert replay(control, "003", names).data["agentRuntimeVersion"] == "1"
    assert replay(control, "007", names).data["agentRuntimeVersion"] == "2"
    assert replay(control, "004", names).status == 404
    assert replay(control, "005", names).data["total"] == 1
    assert replay(control, "008", names).data["total"] == 2
    names[ENDPOINT] = replay(control, "009", names).data["agentRuntimeEndpointId"]
    shares = []
    for number in ("010", "011", "012"):
        assert replay(control, number, names).data["status"] == "UPDATING"
        control.settled(f"{runtime}/endpoints/{names[ENDPOINT]}")
        found = replay(control, "013", names).data
        shares.append((found["targetVersion"], found["routingConfiguration"]["versionWeights"]))
    assert shares == [("1", [{"version": "2", "weight": 0.1}]), ("2", []), ("2", [])]
    assert replay(control, "014", names).data["total"] == 1
    for number in ("015", "016", "017"):
        assert replay(control, number, names).status == 200
    session = assume(control.server).credentials
    temporary = Credentials(
        session.access_key_id, session.access_key_secret, session.security_token
    )
    assert replay(control, "018", names, temporary).status == 404
