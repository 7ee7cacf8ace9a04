"""Who signed a call of the log service: ``LOG`` with either digest, or ``SLS4-HMAC-SHA256``.

Source: the vendor's own clients (PyPI ``aliyun-log-python-sdk`` 0.9.52 and
``alibabacloud-gateway-sls`` 0.4.2), which made the vectors that ``tests/local/test_log_auth.py``
holds this module to.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote

from agentramp.local import assumptions
from agentramp.local.auth import Received
from agentramp.local.keys import Holder, Lookup, token_of
from agentramp.local.refusal import RefusalError
from agentramp.platform.agentrun.log_signing import API_VERSION, LogRequest, digest_of, signature

_METHODS = {"hmac-sha1": "sha1", "hmac-sha256": "sha256"}
_V1 = re.compile(r"LOG (?P<key>[^:\s]+):(?P<signature>\S+)")
_V4 = "SLS4-HMAC-SHA256"
_TERMINATOR = "aliyun_v4_request"
_CREDENTIAL = re.compile(
    re.escape(_V4)
    + r" Credential=(?P<key>[^/\s]+)/(?P<day>\d{8})/(?P<region>[^/\s]+)/sls/"
    + _TERMINATOR
    + r",\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def verify(request: Received, keys: Lookup, now: float) -> None:
    """Raises RefusalError. There is no nonce: a call is good as long as its date is near."""
    if request.headers.get("x-log-apiversion") != API_VERSION:
        raise RefusalError(400, "InvalidAPIVersion", f"x-log-apiversion must be {API_VERSION}")
    if request.headers.get("authorization", "").startswith(f"{_V4} "):
        _verify_4(request, keys, now)
    else:
        _verify_1(request, keys, now)


def _verify_1(request: Received, keys: Lookup, now: float) -> None:
    given = request.headers
    found = _V1.fullmatch(given.get("authorization", ""))
    digest = _METHODS.get(given.get("x-log-signaturemethod", ""))
    if found is None or digest is None:
        raise _unauthorized(
            f"the request is signed neither with LOG {' or '.join(_METHODS)} nor with {_V4}"
        )
    holder = _holder(keys, found["key"], given, now)
    _check_date(_moment_1(given.get("date", "")), now)
    if given.get("content-md5", "") != (digest_of(request.body) if request.body else ""):
        raise RefusalError(400, "InvalidContentMD5", "content-md5 is not the body's digest")
    signed = LogRequest(request.method, request.path, given, _query(request))
    _compare(signature(signed, holder.secret, digest), found["signature"])


def _verify_4(request: Received, keys: Lookup, now: float) -> None:
    given = request.headers
    found = _CREDENTIAL.fullmatch(given["authorization"])
    if found is None:
        raise _unauthorized(f"the Authorization header is no {_V4} signature")
    holder = _holder(keys, found["key"], given, now)
    date = given.get("x-log-date", "")
    _check_date(_moment_4(date), now)
    if not date.startswith(found["day"]):
        raise _unauthorized("x-log-date is not the day of the Credential")
    if given.get("x-log-content-sha256") != request.digest:
        raise RefusalError(
            400, "InvalidContentSHA256", "x-log-content-sha256 is not the body's digest"
        )
    scope = f"{found['day']}/{found['region']}/sls/{_TERMINATOR}"
    digest = hashlib.sha256(_canonical(request).encode()).hexdigest()
    text = f"{_V4}\n{date}\n{scope}\n{digest}"
    key = f"aliyun_v4{holder.secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    _compare(key.hex(), found["signature"])


def _canonical(request: Received) -> str:
    """The names that are signed stand nowhere: every header of these kinds that came is one."""
    names = sorted(name for name in request.headers if _is_signed(name))
    query = [
        f"{name}={quote(value, safe='~')}" if value else name
        for name, value in sorted(_query(request).items())
    ]
    return "\n".join(
        [
            request.method,
            request.path,
            "&".join(query),
            "".join(f"{name}:{request.headers[name].strip()}\n" for name in names),
            ";".join(names),
            request.digest,
        ]
    )


def _is_signed(name: str) -> bool:
    return name in {"host", "content-type"} or name.startswith(("x-log-", "x-acs-"))


def _holder(keys: Lookup, key: str, headers: Mapping[str, str], now: float) -> Holder:
    try:
        return keys.holder(key, token_of(headers), now)
    except RefusalError as refusal:
        raise _unauthorized(refusal.message) from refusal


def _query(request: Received) -> dict[str, str]:
    return dict(parse_qsl(request.query, keep_blank_values=True))


def _moment_1(text: str) -> datetime:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError) as error:
        raise RefusalError(400, "InvalidDateFormat", "date must be as RFC 1123 says") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _moment_4(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise RefusalError(
            400, "InvalidDateFormat", "x-log-date must look like 20260102T030405Z"
        ) from error


def _check_date(moment: datetime, now: float) -> None:
    if abs(moment.timestamp() - now) > assumptions.CLOCK_SKEW_SECONDS:
        here = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="seconds")
        raise RefusalError(400, "RequestTimeExpired", f"{moment} is too far from {here}")


def _compare(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise RefusalError(401, "SignatureNotMatch", "the signature is not the one of this request")


def _unauthorized(message: str) -> RefusalError:
    return RefusalError(401, "Unauthorized", message)
