"""Object storage, as far as an upload of code needs it: one object put, read or looked at.

``/<bucket>/<key>``, or ``/<key>`` where the bucket stands before the name in the Host.
"""

import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import unquote
from xml.sax.saxutils import escape

from aiohttp import web

from agentramp.local import assumptions
from agentramp.local.control import Plane
from agentramp.local.keys import token_of
from agentramp.local.objects import Object, Objects
from agentramp.local.oss_signing import Signed, claim_of, is_right, moment_of
from agentramp.local.refusal import RefusalError
from agentramp.local.visitors import put_before
from agentramp.local.wire import BUCKET_NAME, OBJECT_KEY

_CHUNK = 1024 * 1024
_SCHEMES = ("OSS ", "OSS4-HMAC-SHA256 ")
_NAME = re.compile(f"{BUCKET_NAME}/{OBJECT_KEY}")
_CODES = {
    "InvalidAccessKeyId.NotFound": (403, "InvalidAccessKeyId"),
    "InvalidSecurityToken.Expired": (403, "SecurityTokenExpired"),
    "InvalidSecurityToken.MismatchWithAccessKey": (403, "InvalidSecurityToken"),
    "MissingSecurityToken": (403, "AccessDenied"),
    "NoPermission": (403, "AccessDenied"),
}
"""How this service says what a key lacks."""


@dataclass(frozen=True)
class _Asked:
    """A request that was signed by a holder of a key; ``headers`` in lower case."""

    method: str
    name: str
    content_md5: str


def is_meant(request: web.BaseRequest) -> bool:
    """Whether the request carries a signature of this service."""
    return request.headers.get("authorization", "").startswith(_SCHEMES)


async def answer(plane: Plane, request: web.BaseRequest) -> web.StreamResponse:
    """Raises RefusalError."""
    asked = _verified(plane, request)
    if asked.method == "PUT":
        return await _put(plane.objects, request, asked, plane.now())
    found = plane.objects.find(asked.name)
    if found is None:
        raise RefusalError(404, "NoSuchKey", "the specified key does not exist")
    match asked.method:
        case "GET":
            return await _get(plane.objects, request, found)
        case "HEAD":
            return web.Response(headers={**_headers(found), "Content-Length": str(found.size)})
        case _:
            raise RefusalError(405, "MethodNotAllowed", f"{asked.method} is not for an object here")


def refused(refusal: RefusalError, path: str) -> web.Response:
    status, code = _CODES.get(refusal.code, (refusal.status, refusal.code))
    request_id = secrets.token_hex(12).upper()
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
        f"<Code>{escape(code)}</Code><Message>{escape(refusal.message)}</Message>"
        f"<RequestId>{request_id}</RequestId><Resource>{escape(path)}</Resource></Error>"
    )
    return web.Response(
        text=body,
        status=status,
        content_type="application/xml",
        # Once more in a header: the answer to a HEAD has no body.
        headers={
            "x-oss-request-id": request_id,
            "x-oss-err": b64encode(body.encode()).decode(),
        },
    )


def _verified(plane: Plane, request: web.BaseRequest) -> _Asked:
    raw, _, query = request.raw_path.partition("?")
    bucket = put_before(request.headers.get("Host", ""))
    name = unquote(f"/{bucket}{raw}" if bucket else raw).removeprefix("/")
    if not _NAME.fullmatch(name):
        raise RefusalError(400, "InvalidObjectName", "there is no bucket and key in the URL")
    headers = {key.lower(): value for key, value in request.headers.items()}
    claim = claim_of(headers.get("authorization", ""))
    now = plane.now()
    if abs(moment_of(claim, headers) - now) > assumptions.CLOCK_SKEW_SECONDS:
        raise RefusalError(
            403, "RequestTimeTooSkewed", "the request's date is too far from the server's time"
        )
    holder = plane.keys.holder(claim.key, token_of(headers), now, name)
    if query:
        raise RefusalError(501, "NotImplemented", "a query is not for an object here")
    if not is_right(Signed(request.method, name, headers), claim, holder.secret):
        raise RefusalError(
            403, "SignatureDoesNotMatch", "the signature is not the one of this request"
        )
    return _Asked(request.method, name, headers.get("content-md5", ""))


async def _put(
    objects: Objects, request: web.BaseRequest, asked: _Asked, now: float
) -> web.Response:
    if request.headers.get("expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    draft = objects.draft()
    try:
        async for data in request.content.iter_any():
            draft.write(data)
        draft.close()
        made = draft.done(asked.name, asked.content_md5, now)
        objects.add(made)
    finally:
        objects.give_up(draft)
    return web.Response(headers=_headers(made))


async def _get(objects: Objects, request: web.BaseRequest, found: Object) -> web.StreamResponse:
    response = web.StreamResponse(headers=_headers(found))
    response.content_length = found.size
    response.content_type = "application/octet-stream"
    with objects.open(found) as source:
        await response.prepare(request)
        while data := source.read(_CHUNK):
            await response.write(data)
    await response.write_eof()
    return response


def _headers(found: Object) -> dict[str, str]:
    return {
        "ETag": f'"{found.md5.upper()}"',
        "Last-Modified": formatdate(found.at, usegmt=True),
        "x-oss-hash-crc64ecma": found.crc64,
        "x-oss-object-type": "Normal",
        "x-oss-request-id": secrets.token_hex(12).upper(),
    }
