"""The signature of an upload to OSS, version 1: the one the vendor's own tool uses for this bucket.

Source: the vendor's documentation of the ``Authorization`` header of OSS; its client ``oss2`` gave
the vectors of ``tests/platform/agentrun/test_oss_signing.py``.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1

from agentramp.platform.agentrun.signing import Credentials


def oss_authorization(
    method: str, resource: str, headers: Mapping[str, str], credentials: Credentials
) -> str:
    """``resource`` is /bucket/key, not percent-encoded; ``headers`` have lower-case names."""
    ours = sorted(name for name in headers if name.startswith("x-oss-"))
    text = "\n".join(
        [
            method,
            headers.get("content-md5", ""),
            headers.get("content-type", ""),
            headers["date"],
            *(f"{name}:{headers[name].strip()}" for name in ours),
            resource,
        ]
    )
    digest = hmac.new(credentials.access_key_secret.encode(), text.encode(), sha1).digest()
    return f"OSS {credentials.access_key_id}:{b64encode(digest).decode()}"
