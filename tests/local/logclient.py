"""A small signed client of the log service's part of the platform."""

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from agentramp.local.daemon import Server
from agentramp.platform.agentrun.log_signing import LogRequest, signature, signed_headers
from agentramp.platform.agentrun.signing import Credentials


@dataclass(frozen=True)
class Told:
    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class LogService:
    server: Server

    def post(self, path: str, body: Mapping[str, object]) -> Told:
        content = json.dumps(body).encode()
        key = Credentials(self.server.access_key_id, self.server.access_key_secret)
        return self._send("POST", path, content, signed_headers(path, content, key, time.time()))

    def get(self, path: str, query: Mapping[str, str] | None = None, project: str = "") -> Told:
        headers = {
            "date": formatdate(usegmt=True),
            "x-log-apiversion": "0.6.0",
            "x-log-bodyrawsize": "0",
            "x-log-signaturemethod": "hmac-sha1",
        }
        signed = signature(
            LogRequest("GET", path, headers, query or {}), self.server.access_key_secret
        )
        headers["authorization"] = f"LOG {self.server.access_key_id}:{signed}"
        if project:
            headers["host"] = f"{project}.{urlsplit(self.server.control_url).netloc}"
        target = path + (f"?{urlencode(query)}" if query else "")
        return self._send("GET", target, b"", headers)

    def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Told:
        connection = HTTPConnection(urlsplit(self.server.control_url).netloc, timeout=30)
        try:
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        given = {name.lower(): value for name, value in answer.headers.items()}
        if given.get("x-log-compresstype") == "gzip":
            content = zlib.decompress(content)
        return Told(answer.status, json.loads(content) if content else None, given)

    def page(self, query: str, **more: object) -> Told:
        now = int(time.time())
        asked = {"from": now - 3600, "to": now + 60, "query": query, **more}
        return self.post("/logstores/any/logs", asked)

    def lines(self, query: str, **more: object) -> Iterator[dict[str, str]]:
        """All, by growing offsets of one fixed span."""
        now, offset = int(time.time()), 0
        while True:
            span = {"from": now - 3600, "to": now + 60}
            rows = self.page(query, **span, offset=offset, **more).body["data"]
            yield from rows
            offset += len(rows)
            if len(rows) < 100:
                return

    def until(self, query: str, count: int, seconds: float = 30) -> list[dict[str, str]]:
        """The first page, once it has ``count`` lines: what an agent writes is read by and by."""
        deadline = time.monotonic() + seconds
        while True:
            rows: list[dict[str, str]] = self.page(query).body["data"]
            if len(rows) >= count:
                return rows
            assert time.monotonic() < deadline, f"{len(rows)} of {count} lines: {query}"
            time.sleep(0.05)
