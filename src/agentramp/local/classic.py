"""Function Compute 2.0: its signature, and the temporary bucket that code is uploaded to."""

import hmac
import re
import secrets
from datetime import timezone
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from aiohttp import web

from agentramp.local import assumptions
from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.keys import Holder, new_secret, token_of
from agentramp.local.refusal import RefusalError
from agentramp.platform.agentrun.classic_signing import signature

PREFIX = "/2016-08-15"
_AUTHORIZATION = re.compile(r"FC (?P<key>[^:\s]+):(?P<signature>\S+)")


def verify(plane: Plane, request: Received) -> Holder:
    """Who signed ``request``. Raises RefusalError.

    This scheme has no nonce: a call can be sent again as long as its date is near.
    """
    headers = request.headers
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise RefusalError(401, "MissingAuthorization", "the request carries no FC signature")
    _check_date(headers.get("date", ""), plane.now())
    holder = plane.keys.holder(found["key"], token_of(headers), plane.now())
    expected = signature(request.method, unquote(request.path), headers, holder.secret)
    if not hmac.compare_digest(expected.encode(), found["signature"].encode()):
        raise RefusalError(403, "SignatureNotMatch", "the signature is not the one of this request")
    account = plane.identity.account_id
    if headers.get("x-fc-account-id", account) != account:
        raise RefusalError(403, "AccessDenied", "x-fc-account-id is another account")
    return holder


def _check_date(text: str, now: float) -> None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError) as error:
        raise RefusalError(400, "InvalidArgument", "date must be as RFC 1123 says") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if abs(moment.timestamp() - now) > assumptions.CLOCK_SKEW_SECONDS:
        raise RefusalError(403, "RequestTimeTooSkewed", f"date {text} is too far from now")


def temporary_bucket(plane: Plane, request: Received) -> dict[str, object]:
    """A place for one object and a key that is good for nothing else. Raises RefusalError.

    The object's key is the account's id and ``objectName``, as the vendor's component makes it.
    """
    verify(plane, request)
    if (request.method, request.path) != ("GET", f"{PREFIX}/tempBucketToken"):
        raise RefusalError(404, "NotFound", f"{request.method} {request.path} is not offered here")
    name = secrets.token_hex(16)
    bucket, now = assumptions.UPLOAD_BUCKET, plane.now()
    scope = f"{bucket}/{plane.identity.account_id}/{name}"
    expires_at = now + assumptions.UPLOAD_KEY_SECONDS
    made = plane.keys.issue(Holder(new_secret(), scope=scope), expires_at, now)
    credentials = {
        "AccessKeyId": made.access_key_id,
        "AccessKeySecret": made.secret,
        "SecurityToken": made.token,
    }
    return {"credentials": credentials, "ossBucket": bucket, "objectName": name}


def refused(refusal: RefusalError) -> web.Response:
    told = {"ErrorCode": refusal.code, "ErrorMessage": refusal.message}
    return web.json_response(told, status=refusal.status, headers=request_id())


def request_id() -> dict[str, str]:
    return {"X-Fc-Request-Id": secrets.token_hex(16)}
