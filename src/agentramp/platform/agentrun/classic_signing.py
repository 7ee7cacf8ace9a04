"""The signature of Function Compute 2.0: for the temporary bucket and the socket of ``exec``.

Source: the vendor's older client (npm @alicloud/fc2), whose output the test of this module holds
it to. Of a query nothing is signed.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from email.utils import formatdate
from hashlib import sha256
from urllib.parse import urlsplit

from agentramp.platform.agentrun.signing import Credentials


def signature(method: str, path: str, headers: Mapping[str, str], secret: str) -> str:
    """In base64; ``path`` is not percent-encoded and ``headers`` have lower-case names."""
    ours = sorted(name for name in headers if name.startswith("x-fc-"))
    lines = [
        method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        headers["date"],
        *(f"{name}:{headers[name]}" for name in ours),
        path,
    ]
    digest = hmac.new(secret.encode(), "\n".join(lines).encode(), sha256).digest()
    return b64encode(digest).decode()


def signed_headers(
    method: str, url: str, path: str, account: str, key: Credentials, now: float
) -> dict[str, str]:
    """All headers of a request to ``url``; ``now`` is seconds since 1970-01-01 UTC."""
    headers = {
        "accept": "application/json",
        "date": formatdate(int(now), usegmt=True),
        "host": urlsplit(url).netloc,
        "x-fc-account-id": account,
    }
    if key.security_token:
        headers["x-fc-security-token"] = key.security_token
    signed = signature(method, path, headers, key.access_key_secret)
    return {**headers, "authorization": f"FC {key.access_key_id}:{signed}"}
