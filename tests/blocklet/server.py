"""A Blocklet Server of our own on a loopback port, which answers as the real one was seen to.

``with blocklet_server() as server`` gives one with an application and an access key. Signatures are
checked, uploads parsed, pages served. ``server.faults`` makes it misbehave:

    server.faults += [Fault("installComponent", Kind.CUT_AFTER)]
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha3_256, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentramp.platform.blocklet.did import Role, address, host_label
from agentramp.platform.blocklet.signing import new_key
from tests.blocklet.state import Mounted, Refused, State

GQL = "/.well-known/server/admin/api/gql"
APP_DID = address(b"an application", Role.APPLICATION)
SERVER_DID = address(b"a server", Role.APPLICATION)
_SEED = sha256(b"an access key").digest()
_OPERATION = re.compile(
    r"\b(getBlocklet|installComponent|startBlocklet|deleteComponent|update\w+)\b"
)


class Kind(Enum):
    """``CUT``: the connection ends with no answer, before, after or while it is done.

    ``CUT_MIDWAY`` is for an upload over a component that runs. ``FORGOTTEN``: said and not done.
    """

    CUT_BEFORE = "cut before"
    CUT_AFTER = "cut after"
    CUT_MIDWAY = "cut midway"
    FORGOTTEN = "forgotten"
    UNAVAILABLE = "unavailable"
    WRONG_JSON = "wrong json"
    ERROR = "error"


@dataclass
class Fault:
    """What happens ``times`` that ``operation`` is asked, after ``after`` times that go well."""

    operation: str
    kind: Kind
    times: int = 1
    words: str = "something broke"
    after: int = 0


@dataclass
class BlockletServer:
    """``app_url`` answers as the application's own domain does: without the server's interface.

    ``app_host`` is the name the server's own address answers to as the application.
    """

    state: State
    url: str = ""
    app_url: str = ""
    app_did: str = APP_DID
    app_host: str = f"{host_label(APP_DID)}.did.abtnet.io"
    key_id: str = new_key(_SEED).key_id
    key_secret: str = field(default=new_key(_SEED).secret, repr=False)
    faults: list[Fault] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    """What was asked with a right signature, in order."""
    refused: list[str] = field(default_factory=list)
    """What was refused at the door."""
    admin_path: str = "/.well-known/server/admin/"
    admin_on_app: bool = False
    """Whether ``app_url`` has the server's interface too."""
    inner: bool = False
    """Whether ``url`` answers as the port behind the real server's router does."""
    down: bool = False
    """Whether every connection ends without an answer."""
    redirects: dict[str, str] = field(default_factory=dict)
    """Where a page leads, by its path."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def component(self, did: str) -> Mounted | None:
        return self.state.mounted.get(did)

    def count(self, operation: str) -> int:
        return self.operations.count(operation)

    def fault(self, operation: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation != operation or fault.times == 0:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            return fault
        return None

    def act(self, operation: str, variables: dict[str, Any], file: bytes) -> object:
        state = self.state
        if operation == "getBlocklet":
            return self._blocklet(variables["did"])
        if variables.get("rootDid", variables.get("did")) != self.app_did:
            raise Refused("Root blocklet does not exist")
        if operation == "installComponent":
            state.install(file, variables["mountPoint"], variables["dist"])
        elif operation == "startBlocklet":
            state.start(variables["components"])
        elif operation == "updateComponentMountPoint":
            state.move(variables["did"], variables["mountPoint"])
        else:
            state.remove(variables["did"])
        return {"code": "ok"}

    def _blocklet(self, did: str) -> dict[str, Any]:
        if did != self.app_did:
            return {"code": "ok", "blocklet": None}
        return {
            "blocklet": {
                "meta": {"did": did, "title": self.state.app_name, "version": "1.0.0"},
                "site": {"domainAliases": [{"value": self.app_host, "isProtected": True}]},
                "children": [_child(one) for one in self.state.read()],
            }
        }


def _child(one: Mounted) -> dict[str, Any]:
    return {
        "mountPoint": one.mount_point,
        "status": one.status,
        "greenStatus": one.green,
        "meta": {
            "did": one.did,
            "name": one.did,
            "title": one.title,
            "version": one.version,
            "dist": {"integrity": one.integrity},
        },
    }


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, blocklets: BlockletServer, *, is_app: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blocklets, self.is_app = blocklets, is_app

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Who was cut off has gone; a test sees what it got."""


class _Handler(BaseHTTPRequestHandler):
    @property
    def _blocklets(self) -> BlockletServer:
        return cast("_Http", self.server).blocklets

    @property
    def _is_app(self) -> bool:
        named = self.headers.get("Host", "") == self._blocklets.app_host
        return named or cast("_Http", self.server).is_app

    def do_GET(self) -> None:
        server = self._blocklets
        path = self.path.partition("?")[0]
        with server.lock:
            if server.down:
                return
            if path == "/__blocklet__.js":
                self._about()
            elif path == "/.well-known/did.json":
                self._send(200, {"services": [self._service()]})
            elif self._is_app:
                self._page(path)
            else:
                self._send(404, "404 - Page not found")

    def do_POST(self) -> None:
        server = self._blocklets
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with server.lock:
            hidden = self._is_app and not server.admin_on_app
            if server.down:
                return
            if self.path != GQL or hidden:
                self._send(404, "404 - Page not found")
            elif refusal := self._refusal():
                server.refused.append(refusal[1]["error"])
                self._send(*refusal)
            else:
                self._graphql(body)

    def _about(self) -> None:
        server = self._blocklets
        if self._is_app:
            self._send(200, {"appPid": server.app_did, "serverDid": SERVER_DID})
        elif server.inner:
            self._send(200, {"$signature": "0x00"})
        else:
            self._send(404, "404 - Page not found")

    def _service(self) -> dict[str, str]:
        if self._is_app and not self._blocklets.admin_on_app:
            return {"type": "blocklet", "path": "/.well-known/service/admin"}
        return {"type": "server", "path": self._blocklets.admin_path}

    def _page(self, path: str) -> None:
        if path in self._blocklets.redirects:
            self._send(302, "", location=self._blocklets.redirects[path])
            return
        mounts = [one.mount_point for one in self._blocklets.state.mounted.values()]
        if path in mounts and path != "/":
            self._send(307, "", location=path + "/")
        else:
            self._send(*self._blocklets.state.page(path))

    def _refusal(self) -> tuple[int, dict[str, str]] | None:
        key_id, stamp = self.headers.get("x-access-key-id"), self.headers.get("x-access-stamp")
        if not key_id:
            return 401, {"code": "forbidden", "error": "not allowed"}
        if key_id != self._blocklets.key_id:
            return 400, {"error": f"Access Key {key_id} does not exist"}
        signature = self.headers.get("x-access-signature", "")
        public = Ed25519PrivateKey.from_private_bytes(_SEED).public_key()
        try:
            digest = sha3_256(f"{stamp}-{key_id}".encode()).digest()
            public.verify(bytes.fromhex(signature.removeprefix("0x")), digest)
        except (InvalidSignature, ValueError):
            words = f"verify failed. keyId: {key_id}, stamp: {stamp}, signature: {signature}"
            return 400, {"error": words}
        app = self.headers.get("x-access-blocklet")
        return (
            None
            if app == self._blocklets.app_did
            else (400, {"error": f"blocklet is not valid: {app}"})
        )

    def _graphql(self, body: bytes) -> None:
        asked, file = _asked(self.headers.get("Content-Type", ""), body)
        found = _OPERATION.search(asked["query"])
        assert found, asked["query"]
        operation = found[0]
        self._blocklets.operations.append(operation)
        fault = self._blocklets.fault(operation)
        if fault and fault.kind is Kind.CUT_MIDWAY:
            variables = asked["variables"]
            self._blocklets.state.begin(file, variables["mountPoint"], variables["dist"])
            return
        if fault and fault.kind is not Kind.CUT_AFTER:
            self._misbehave(fault)
            return
        try:
            answer = {"data": {operation: self._blocklets.act(operation, asked["variables"], file)}}
        except Refused as error:
            answer = _errors(str(error))
        if not fault:
            self._send(200, answer)

    def _misbehave(self, fault: Fault) -> None:
        if fault.kind is Kind.UNAVAILABLE:
            self._send(503, "<html>no server</html>")
        elif fault.kind is Kind.WRONG_JSON:
            self._send(200, '{"data": 12')
        elif fault.kind is Kind.FORGOTTEN:
            self._send(200, {"data": {fault.operation: {"code": "ok"}}})
        elif fault.kind is Kind.ERROR:
            self._send(200, _errors(fault.words))

    def _send(self, status: int, content: object, location: str = "") -> None:
        data = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        kind = "text/html" if isinstance(content, str) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data.encode())))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data.encode())

    def log_message(self, *args: object) -> None:
        """A test says what it saw."""


def _errors(words: str) -> dict[str, Any]:
    return {"errors": [{"message": words, "stack": [f"Error: {words}", "    at b"]}], "data": None}


def _asked(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """The operation and, of a multipart request, the file."""
    _, _, boundary = content_type.partition("boundary=")
    if not boundary:
        return json.loads(body), b""
    parts: dict[str, bytes] = {}
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name, head
        parts[name[1].decode()] = content.removesuffix(b"\r\n")
    assert json.loads(parts["map"]) == {"file0": ["variables.file"]}
    return json.loads(parts["operations"]), parts["file0"]


@contextmanager
def blocklet_server(readings: int = 1) -> Iterator[BlockletServer]:
    """``readings``: how often a component that was installed is seen starting."""
    blocklets = BlockletServer(State(APP_DID, readings=readings))
    with _Http(blocklets, is_app=False) as http, _Http(blocklets, is_app=True) as app:
        blocklets.url, blocklets.app_url = http.url, app.url
        for one in (http, app):
            threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield blocklets
        finally:
            http.shutdown()
            app.shutdown()
