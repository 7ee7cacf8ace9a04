"""A small signed client of the control plane, so that tests need no other room of the house."""

import base64
import hashlib
import io
import json
import secrets
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from agentramp.local.daemon import Server
from agentramp.platform.agentrun.signing import Credentials, Signable, authorization

AGENTS = Path(__file__).parent / "agents"
PREFIX = "/2025-09-10"
RUNTIMES = "/agents/runtimes"


def zipped(files: Mapping[str, str]) -> str:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return base64.b64encode(sink.getvalue()).decode()


def agent_code(name: str, version: str = "one") -> str:
    return zipped({name: (AGENTS / name).read_text(), "version.txt": version})


def runtime_input(
    name: str, *, agent: str = "echo.py", version: str = "one", **more: Any
) -> dict[str, Any]:
    program = "node" if agent.endswith(".js") else "python3"
    return {
        "agentRuntimeName": name,
        "artifactType": "Code",
        "cpu": 1.0,
        "memory": 512,
        "port": 9000,
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "codeConfiguration": {
            "language": "python3.12",
            "command": [program, agent],
            "zipFile": agent_code(agent, version),
        },
        **more,
    }


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        assert self.status == 200, self.body
        assert self.body["code"] == "SUCCESS"
        assert self.body["requestId"] == self.headers["x-acs-request-id"]
        return self.body["data"]


@dataclass
class Control:
    """Signs and sends; ``clock`` and ``nonce`` may be set to send what should be refused."""

    server: Server
    nonce: str | None = None
    clock: datetime | None = None
    secret: str | None = None
    key: str | None = None
    token: str | None = None
    sent: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        target = f"{PREFIX}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = self.headers(method, path, content, query or {})
        self.sent.append((method, target, content, headers))
        return self.send(method, target, content, headers)

    def headers(
        self, method: str, path: str, content: bytes, query: Mapping[str, str]
    ) -> dict[str, str]:
        moment = self.clock or datetime.now(timezone.utc)
        headers = {
            "host": urlsplit(self.server.control_url).netloc,
            "x-acs-action": "Test",
            "x-acs-content-sha256": hashlib.sha256(content).hexdigest(),
            "x-acs-date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self.nonce or secrets.token_hex(16),
            "x-acs-version": "2025-09-10",
            **({"x-acs-security-token": self.token} if self.token else {}),
        }
        key = Credentials(
            self.key or self.server.access_key_id, self.secret or self.server.access_key_secret
        )
        signable = Signable(method, PREFIX + path, query, headers)
        return {**headers, "authorization": authorization(signable, key)}

    def send(self, method: str, target: str, content: bytes, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection(headers["host"], timeout=30)
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        return Answer(response.status, json.loads(text), dict(response.headers))

    # what most tests begin with

    def settled(self, path: str, seconds: float = 30) -> Any:
        """The object at ``path`` once nothing is at work on it any more."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.call("GET", path).data
            if found["status"] not in {"CREATING", "UPDATING"}:
                return found
            assert time.monotonic() < deadline, f"{path} is still {found['status']}"
            time.sleep(0.02)

    def make_runtime(self, **more: Any) -> str:
        """The path of a new READY runtime."""
        name = f"agent-{secrets.token_hex(4)}"
        made = self.call("POST", RUNTIMES, runtime_input(name, **more)).data
        path = f"{RUNTIMES}/{made['agentRuntimeId']}"
        found = self.settled(path)
        assert found["status"] == "READY", found["statusReason"]
        return path

    def update(self, runtime: str, **more: Any) -> Any:
        body = runtime_input("x", **more)
        del body["agentRuntimeName"]
        self.call("PUT", runtime, body).data  # noqa: B018 asserts success
        return self.settled(runtime)

    def publish(self, runtime: str) -> str:
        return str(self.call("POST", f"{runtime}/versions", {}).data["agentRuntimeVersion"])

    def make_endpoint(self, runtime: str, name: str = "production", **more: Any) -> "Endpoint":
        made = self.call(
            "POST", f"{runtime}/endpoints", {"agentRuntimeEndpointName": name, **more}
        ).data
        path = f"{runtime}/endpoints/{made['agentRuntimeEndpointId']}"
        found = self.settled(path)
        assert found["status"] == "READY", found["statusReason"]
        return Endpoint(self, path, found["endpointPublicUrl"])

    def serve(self, *versions: str, agent: str = "echo.py", **more: Any) -> "Endpoint":
        """An endpoint of a runtime with these versions published; all traffic to the first."""
        runtime = self.make_runtime(agent=agent, version=versions[0], **more)
        self.publish(runtime)
        for version in versions[1:]:
            assert self.update(runtime, agent=agent, version=version, **more)["status"] == "READY"
            self.publish(runtime)
        return self.make_endpoint(runtime, targetVersion="1")


@dataclass
class Endpoint:
    control: Control
    path: str
    url: str

    @property
    def runtime(self) -> str:
        return self.path.rpartition("/endpoints/")[0]

    def shift(self, target: str, **weights: float) -> Any:
        """``shift("1", v2=0.3)``: 0.3 to version 2 and the rest to version 1."""
        entries = [{"version": name[1:], "weight": share} for name, share in weights.items()]
        body = {"targetVersion": target, "routingConfiguration": {"versionWeights": entries}}
        self.control.call("PUT", self.path, body).data  # noqa: B018 asserts success
        return self.control.settled(self.path)

    def connect(self) -> HTTPConnection:
        return HTTPConnection(urlsplit(self.url).netloc, timeout=30)

    def open(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[HTTPConnection, HTTPResponse]:
        connection = self.connect()
        place = urlsplit(self.url).path + path
        connection.request(method, place, body, headers or {}, encode_chunked=True)
        return connection, connection.getresponse()

    def ask(self, path: str = "/", **more: Any) -> "Reply":
        connection, response = self.open(path, **more)
        try:
            content = response.read()
        finally:
            connection.close()
        return Reply(response.status, content, response)


@dataclass(frozen=True)
class Reply:
    status: int
    content: bytes
    response: HTTPResponse

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def version(self) -> str | None:
        return self.response.getheader("x-agentramp-version")
