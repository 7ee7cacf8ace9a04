"""AGENTRUN4-HMAC-SHA256, the signature of requests to an endpoint's own address.

Source: the vendor's ``agentrun-sdk``, whose output the test of this module holds it to. It differs
from the control plane's: the key is derived by day, region and product, the body is not signed, and
it stands in a header of its own, so that an agent's ``Authorization`` stays free.
"""

import hmac
from datetime import datetime, timezone
from functools import reduce
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from agentramp.platform.agentrun.signing import Credentials, canonical_query

ALGORITHM = "AGENTRUN4-HMAC-SHA256"
HEADER = "Agentrun-Authorization"
_PAYLOAD = "UNSIGNED-PAYLOAD"
_PRODUCT, _PREFIX, _SUFFIX = "agentrun", "aliyun_v4", "aliyun_v4_request"


def dataplane_headers(
    method: str,
    url: str,
    region: str,
    key: Credentials,
    now: float,
    *,
    content_type: str | None = None,
) -> dict[str, str]:
    """The headers that sign a request to ``url``; ``now`` is seconds since 1970-01-01 UTC.

    A ``content_type`` is signed and must be sent as it is.
    """
    moment = datetime.fromtimestamp(now, timezone.utc)
    headers = {
        "host": urlsplit(url).netloc,
        "x-acs-date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-content-sha256": _PAYLOAD,
    }
    if key.security_token:
        headers["x-acs-security-token"] = key.security_token
    if content_type is not None:
        headers["content-type"] = content_type
    scope = (moment.strftime("%Y%m%d"), region, _PRODUCT, _SUFFIX)
    digest = sha256(_canonical(method, url, headers).encode()).hexdigest()
    signature = _signed(_derived(key.access_key_secret, scope), f"{ALGORITHM}\n{digest}").hex()
    names = ";".join(sorted(headers))
    credential = "/".join((key.access_key_id, *scope))
    value = f"{ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}"
    return {**headers, HEADER: value}


def _canonical(method: str, url: str, headers: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = canonical_query(dict(parse_qsl(parts.query, keep_blank_values=True)))
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    return "\n".join([method, parts.path or "/", query, lines, ";".join(names), _PAYLOAD])


def _derived(secret: str, scope: tuple[str, ...]) -> bytes:
    return reduce(_signed, scope, (_PREFIX + secret).encode())


def _signed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()
