"""``LOG`` with HMAC-SHA1, the signature of the log service (SLS) for API version 0.6.0.

Source: the vendor's page "Request signatures" of Simple Log Service. The vendor's own client made
the vectors that ``tests/platform/agentrun/test_log_signing.py`` holds this module to. The embedded
platform verifies with the function that the adapter signs with.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime

from agentramp.platform.agentrun.signing import Credentials

API_VERSION = "0.6.0"
METHOD = "hmac-sha1"
SCHEME = "LOG"


@dataclass(frozen=True)
class LogRequest:
    """What is signed: ``path`` is percent-encoded already, header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)


def signature(request: LogRequest, secret: str, digest: str = "sha1") -> str:
    """The signature in base64, over the headers that the scheme signs and no others."""
    made = hmac.new(secret.encode(), _signed(request).encode(), digest).digest()
    return b64encode(made).decode()


def digest_of(body: bytes) -> str:
    """``Content-MD5`` as this service wants it: hex in capitals."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest().upper()


def signed_headers(path: str, body: bytes, credentials: Credentials, now: float) -> dict[str, str]:
    """All headers of a POST of JSON to ``path``; ``now`` is seconds since 1970-01-01 UTC."""
    headers = {
        "content-type": "application/json",
        "content-md5": digest_of(body),
        "date": format_datetime(datetime.fromtimestamp(now, timezone.utc), usegmt=True),
        "x-log-apiversion": API_VERSION,
        "x-log-bodyrawsize": str(len(body)),
        "x-log-signaturemethod": METHOD,
    }
    if credentials.security_token:
        headers["x-acs-security-token"] = credentials.security_token
    signed = signature(LogRequest("POST", path, headers), credentials.access_key_secret)
    headers["authorization"] = f"{SCHEME} {credentials.access_key_id}:{signed}"
    return headers


def _signed(request: LogRequest) -> str:
    names = sorted(name for name in request.headers if _is_signed(name))
    query = "&".join(f"{name}={value}" for name, value in sorted(request.query.items()))
    return "\n".join(
        [
            request.method,
            *(request.headers.get(name, "") for name in ("content-md5", "content-type", "date")),
            *(f"{name}:{request.headers[name]}" for name in names),
            request.path + (f"?{query}" if query else ""),
        ]
    )


def _is_signed(name: str) -> bool:
    # The vendor's client adds x-log-date, for proxies that take Date away, after it has signed.
    unsigned = name == "x-log-date" or name.startswith("x-log-meta-")
    return name.startswith(("x-log-", "x-acs-")) and not unsigned
