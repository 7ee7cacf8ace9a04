"""The signature of a request to OSS, version 1: the one the vendor's own tool uses for uploads.

Source: the vendor's documentation of the ``Authorization`` header of OSS; its client ``oss2`` gave
the vectors of ``tests/platform/agentrun/test_oss_signing.py``.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1

from agentramp.platform.agentrun.signing import Credentials


def oss_signature(method: str, resource: str, headers: Mapping[str, str], secret: str) -> str:
    """``resource`` is /bucket/key, not percent-encoded; ``headers`` have lower-case names."""
    ours = sorted(name for name in headers if name.startswith("x-oss-"))
    text = "\n".join(
        [
            method,
            headers.get("content-md5", ""),
            headers.get("content-type", ""),
            headers.get("x-oss-date") or headers.get("date", ""),
            *(f"{name}:{headers[name].strip()}" for name in ours),
            resource,
        ]
    )
    return b64encode(hmac.new(secret.encode(), text.encode(), sha1).digest()).decode()


def oss_authorization(
    method: str, resource: str, headers: Mapping[str, str], credentials: Credentials
) -> str:
    """The header ``Authorization``; the rest as ``oss_signature`` has it."""
    signed = oss_signature(method, resource, headers, credentials.access_key_secret)
    return f"OSS {credentials.access_key_id}:{signed}"
