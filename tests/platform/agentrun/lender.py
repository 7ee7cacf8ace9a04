"""A temporary bucket on loopback: it lends a place, takes what is put there, and can go wrong.

What it is sent it reads in small parts and keeps only as sums, so that a package of any size fits.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from agentramp.crc64 import fastest
from agentramp.platform.agentrun.classic_signing import signature
from agentramp.platform.agentrun.oss_signing import oss_authorization
from agentramp.platform.agentrun.signing import Credentials
from tests.served import served

BUCKET, ACCOUNT, TOKEN_PATH = "fc-temp", "1234", "/2016-08-15/tempBucketToken"
BLOCK = 64 * 1024
DENIED = {"ErrorCode": "AccessDenied", "ErrorMessage": "not authorized: fc:GetTempBucketToken"}
SKEWED = {"ErrorCode": "RequestTimeTooSkewed", "ErrorMessage": "too far"}
ENDED = {"ErrorCode": "InvalidSecurityToken.Expired", "ErrorMessage": "expired"}


@dataclass
class Lender:
    """``lending`` and ``storing`` are what goes wrong, in turn; afterwards all goes well.

    A number is a status, "cut" closes the line once all was read, "early" before any of it was,
    "other sum" tells another checksum than that of what came, and "no sum" none.
    """

    lending: list[dict[str, str] | int | str] = field(default_factory=list)
    storing: list[int | str] = field(default_factory=list)
    secret: str = "secret"
    asked: list[str] = field(default_factory=list)
    sums: dict[str, int] = field(default_factory=dict)
    """What is stored: the CRC-64 of each key."""
    types: list[str] = field(default_factory=list)

    @property
    def loans(self) -> int:
        return self.asked.count("GET")

    def loan(self) -> dict[str, object]:
        key = {
            "AccessKeyId": f"STS.{self.loans}",
            "AccessKeySecret": "lent",
            "SecurityToken": "tok+/==",
        }
        return {"credentials": key, "ossBucket": BUCKET, "objectName": f"object-{self.loans}"}


class _Server(ThreadingHTTPServer):
    def __init__(self, state: Lender) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece: no half of it waits for a receipt

    @property
    def state(self) -> Lender:
        assert isinstance(self.server, _Server)
        return self.server.state

    def do_GET(self) -> None:
        self.state.asked.append("GET")
        headers = {name.lower(): value for name, value in self.headers.items()}
        expected = signature("GET", TOKEN_PATH, headers, self.state.secret)
        assert self.path == TOKEN_PATH
        assert headers["authorization"].rpartition(":")[2] == expected
        assert headers["x-fc-account-id"] == ACCOUNT
        match self.state.lending.pop(0) if self.state.lending else None:
            case "cut":
                self.close_connection = True
            case int(status):
                self.say(status, b"{}")
            case dict(refusal):
                self.say(403, json.dumps(refusal).encode())
            case _:
                self.say(200, json.dumps(self.state.loan()).encode())

    def do_PUT(self) -> None:
        self.state.asked.append("PUT")
        trouble = self.state.storing.pop(0) if self.state.storing else None
        if trouble == "early":
            self.close_connection = True
            return
        value, content_md5 = self.taken()
        name = unquote(self.path)
        self.check(name, content_md5)
        match trouble:
            case "cut":
                self.close_connection = True
            case int(status):
                self.refuse(status, "InternalError")
            case "InvalidDigest" | "SecurityTokenExpired" | "AccessDenied" as code:
                self.refuse(400 if code == "InvalidDigest" else 403, code)
            case _:
                self.state.sums[name.removeprefix(f"/{BUCKET}/")] = value
                shown = "7" if trouble == "other sum" else str(value)
                told = {} if trouble == "no sum" else {"x-oss-hash-crc64ecma": shown}
                self.say(200, b"", **told)

    def taken(self) -> tuple[int, str]:
        """The CRC-64 and the MD5 of the body."""
        value, digest, left = 0, md5(usedforsecurity=False), int(self.headers["content-length"])
        while left and (data := self.rfile.read(min(BLOCK, left))):
            left, value = left - len(data), fastest()(data, value)
            digest.update(data)
        return value, b64encode(digest.digest()).decode()

    def check(self, name: str, content_md5: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.state.types.append(headers["content-type"])
        key = Credentials(f"STS.{self.state.loans}", "lent", "tok+/==")
        assert headers["x-oss-security-token"] == "tok+/=="
        assert headers["content-md5"] == content_md5
        assert headers["authorization"] == oss_authorization("PUT", name, headers, key)

    def refuse(self, status: int, code: str) -> None:
        said = f"<Error><Code>{code}</Code><Message>it says no</Message></Error>"
        self.say(status, said.encode(), **{"x-oss-request-id": "R-1"})

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def lender(state: Lender) -> Iterator[str]:
    """The server's address."""
    with served(_Server(state)) as url:
        yield url
