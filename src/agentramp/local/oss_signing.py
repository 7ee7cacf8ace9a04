"""Reads the two signatures of object storage in a header: ``OSS`` (version 1) and version 4.

Source: the vendor's own client (PyPI ``oss2`` 2.19), which made the vectors that
``tests/local/test_oss_signing.py`` holds this module to.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from agentramp.local.refusal import RefusalError
from agentramp.platform.agentrun.oss_signing import oss_signature

_V4 = "OSS4-HMAC-SHA256"
_TERMINATOR = "aliyun_v4_request"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_AUTHORIZATION_1 = re.compile(r"OSS (?P<key>[^:\s]+):(?P<signature>\S+)")
_AUTHORIZATION_4 = re.compile(
    re.escape(_V4)
    + r" Credential=(?P<key>[^/\s]+)/(?P<day>\d{8})/(?P<region>[^/\s]+)/oss/"
    + _TERMINATOR
    + r",\s*(?:AdditionalHeaders=(?P<before>[^,\s]+),\s*)?Signature=(?P<signature>[0-9a-f]{64})"
    + r"(?:,\s*AdditionalHeaders=(?P<after>[^,\s]+))?"
)


@dataclass(frozen=True)
class Signed:
    """What is signed: ``name`` is ``bucket/key`` decoded; header names are in lower case.

    There is no query: both versions would sign it, and nothing that is offered here has one.
    """

    method: str
    name: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Claim:
    """What the Authorization header says; ``region`` is empty in version 1."""

    key: str
    signature: str
    region: str = ""
    day: str = ""
    additional: tuple[str, ...] = ()


def claim_of(authorization: str) -> Claim:
    """Raises RefusalError."""
    if found := _AUTHORIZATION_1.fullmatch(authorization):
        return Claim(found["key"], found["signature"])
    if found := _AUTHORIZATION_4.fullmatch(authorization):
        names = (found["before"] or found["after"] or "").lower()
        additional = tuple(name for name in names.split(";") if name)
        return Claim(found["key"], found["signature"], found["region"], found["day"], additional)
    raise RefusalError(403, "AccessDenied", "the Authorization header is no OSS signature")


def moment_of(claim: Claim, headers: Mapping[str, str]) -> float:
    """When the request was signed. Raises RefusalError."""
    text = headers.get("x-oss-date") or headers.get("date", "")
    try:
        if claim.region:
            moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        else:
            moment = parsedate_to_datetime(text)
    except (TypeError, ValueError) as error:
        raise RefusalError(403, "AccessDenied", "the request's date is missing or none") from error
    if claim.region and not text.startswith(claim.day):
        raise RefusalError(403, "AccessDenied", "x-oss-date is not the day of the Credential")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def is_right(request: Signed, claim: Claim, secret: str) -> bool:
    if claim.region:
        expected = _version_4(request, claim, secret)
    else:
        expected = oss_signature(request.method, f"/{request.name}", request.headers, secret)
    return hmac.compare_digest(expected.encode(), claim.signature.encode())


def _version_4(request: Signed, claim: Claim, secret: str) -> str:
    headers = request.headers
    names = sorted(name for name in headers if _is_signed(name, claim.additional))
    canonical = "\n".join(
        [
            request.method,
            quote(f"/{request.name}", safe="/~"),
            "",
            "".join(f"{name}:{headers[name]}\n" for name in names),
            ";".join(sorted(claim.additional)),
            headers.get("x-oss-content-sha256", _UNSIGNED),
        ]
    )
    scope = f"{claim.day}/{claim.region}/oss/{_TERMINATOR}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([_V4, headers.get("x-oss-date", ""), scope, digest])
    key = f"aliyun_v4{secret}".encode()
    for part in (claim.day, claim.region, "oss", _TERMINATOR):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _is_signed(name: str, additional: tuple[str, ...]) -> bool:
    return name.startswith("x-oss-") or name in {"content-type", "content-md5", *additional}
