"""Who signed a call of a service with one path: ACS3 in headers, or version 1.0 in the parameters.

Source of the second: the vendor's clients that have no other, among them those that take a role's
session (PyPI ``alibabacloud-credentials`` 1.0.12, Go ``credentials-go`` 1.4.14).
"""

import hmac
from base64 import b64encode
from urllib.parse import quote

from agentramp.local import assumptions, auth
from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.keys import Holder
from agentramp.local.refusal import RefusalError
from agentramp.local.rpc import Parameters

_DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}


def caller(plane: Plane, request: Received, given: Parameters) -> Holder:
    """Raises RefusalError."""
    now = plane.now()
    if "Signature" not in given or "authorization" in request.headers:
        return auth.verify(request, plane.keys, now, plane.store.use_nonce)
    digest = _DIGESTS.get(given.get("SignatureMethod", ""))
    if digest is None or given.get("SignatureVersion") != "1.0":
        raise RefusalError(
            400, "InvalidSignatureMethod", f"SignatureMethod must be {' or '.join(_DIGESTS)}"
        )
    holder = plane.keys.holder(given.get("AccessKeyId", ""), given.get("SecurityToken", ""), now)
    auth.check_date(given.get("Timestamp", ""), "Timestamp", now)
    text = string_to_sign(request.method, given)
    expected = signature(text, holder.secret, digest)
    if not hmac.compare_digest(expected.encode(), given["Signature"].encode()):
        # The vendor's older clients read what was signed here from behind the one colon.
        raise RefusalError(
            400,
            "SignatureDoesNotMatch",
            f"the signature is not the one of this request; string to sign is:{text}",
        )
    nonce = given.get("SignatureNonce", "")
    if not nonce or not plane.store.use_nonce(nonce, now, 2 * assumptions.CLOCK_SKEW_SECONDS):
        raise RefusalError(400, "SignatureNonceUsed", "the signature nonce was used before")
    return holder


def string_to_sign(method: str, given: Parameters) -> str:
    """Every parameter but the signature, be it of the query or of a form."""
    pairs = sorted((name, value) for name, value in given.items() if name != "Signature")
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
    return f"{method}&%2F&{_encoded(query)}"


def signature(text: str, secret: str, digest: str) -> str:
    """In base64."""
    return b64encode(hmac.new(f"{secret}&".encode(), text.encode(), digest).digest()).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")
