"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's OpenAPI gateway.

Source: the vendor's signature documentation ("ACS3 request syntax and signature") and its
official client, whose output ``tests/platform/agentrun/test_signing.py`` holds this module to. The
embedded platform verifies with the same functions that the adapter signs with.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY_BODY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Credentials:
    """An access key; ``security_token`` only for temporary ones. Its repr shows no secret."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Signable:
    """The parts of a request that are signed.

    ``path`` is percent-encoded already; ``query`` is not. ``headers`` carry lower-case names and
    hold ``x-acs-content-sha256``, the hex digest of the body.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


def signature(request: Signable, signed: Iterable[str], secret: str) -> str:
    """The hex signature of ``request`` over the header names in ``signed``."""
    digest = hashlib.sha256(_canonical(request, sorted(signed)).encode()).hexdigest()
    return hmac.new(secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()


def authorization(request: Signable, credentials: Credentials) -> str:
    """The value of the ``Authorization`` header, over every header of ``request``."""
    names = sorted(request.headers)
    value = signature(request, names, credentials.access_key_secret)
    who = credentials.access_key_id
    return f"{ALGORITHM} Credential={who},SignedHeaders={';'.join(names)},Signature={value}"


def canonical_query(query: Mapping[str, str]) -> str:
    """Sorted and encoded as RFC 3986 says: signed and sent alike, so that nobody reads it twice."""
    return "&".join(f"{_encode(key)}={_encode(value)}" for key, value in sorted(query.items()))


def _canonical(request: Signable, signed: list[str]) -> str:
    query = canonical_query(request.query)
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
    payload = request.headers["x-acs-content-sha256"]
    return "\n".join([request.method, request.path, query, headers, ";".join(signed), payload])


def _encode(text: str) -> str:
    return quote(text, safe="~")
