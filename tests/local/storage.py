"""A small client of object storage and of the temporary bucket, signed as the vendor's are."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

from agentramp.local.daemon import Server
from agentramp.platform.agentrun.classic_signing import signed_headers
from agentramp.platform.agentrun.signing import Credentials

BUCKET_TOKEN = "/2016-08-15/tempBucketToken"


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Where one object may be put, and the only key that may put it there."""

    key: Credentials
    bucket: str
    name: str


@dataclass
class Storage:
    """``now`` may be set to send what should be refused."""

    server: Server
    now: float = field(default_factory=time.time)

    @property
    def owner(self) -> Credentials:
        return Credentials(self.server.access_key_id, self.server.access_key_secret)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        connection = HTTPConnection(urlsplit(self.server.control_url).netloc, timeout=30)
        try:
            connection.request(method, path, body or None, dict(headers))
            response = connection.getresponse()
            return Reply(response.status, response.read(), dict(response.headers))
        finally:
            connection.close()

    def ask_for_place(self, key: Credentials | None = None, account: str = "") -> Reply:
        account = account or self.server.account_id
        url = self.server.control_url
        headers = signed_headers("GET", url, BUCKET_TOKEN, account, key or self.owner, self.now)
        return self.send("GET", BUCKET_TOKEN, headers)

    def place(self) -> Place:
        reply = self.ask_for_place()
        assert reply.status == 200, reply.body
        told: Any = json.loads(reply.body)
        given = told["credentials"]
        key = Credentials(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])
        return Place(key, told["ossBucket"], f"{self.server.account_id}/{told['objectName']}")

    def ask(
        self, method: str, place: Place, body: bytes = b"", more: Mapping[str, str] | None = None
    ) -> Reply:
        path, headers = self.signed(method, place, more)
        return self.send(method, path, headers, body)

    def signed(
        self, method: str, place: Place, more: Mapping[str, str] | None = None
    ) -> tuple[str, dict[str, str]]:
        """Path and headers."""
        headers = {"date": formatdate(self.now, usegmt=True), **(more or {})}
        if place.key.security_token:
            headers["x-oss-security-token"] = place.key.security_token
        names = sorted(name for name in headers if name.startswith("x-oss-"))
        lines = [
            method,
            headers.get("content-md5", ""),
            headers.get("content-type", ""),
            headers["date"],
            *(f"{name}:{headers[name]}" for name in names),
            f"/{place.bucket}/{place.name}",
        ]
        secret = place.key.access_key_secret.encode()
        digest = hmac.new(secret, "\n".join(lines).encode(), hashlib.sha1).digest()
        signed = base64.b64encode(digest).decode()
        headers["authorization"] = f"OSS {place.key.access_key_id}:{signed}"
        return quote(f"/{place.bucket}/{place.name}"), headers
