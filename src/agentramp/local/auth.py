"""Checks the ACS3 signature of a control-plane call, as the vendor's gateway would."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import parse_qsl

from agentramp.local import assumptions
from agentramp.local.keys import Holder, Lookup, token_of
from agentramp.local.refusal import RefusalError, invalid
from agentramp.platform.agentrun.signing import ALGORITHM, Signable, signature

_AUTHORIZATION = re.compile(
    re.escape(ALGORITHM)
    + r"\s+Credential=(?P<key>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+)"
    + r",\s*Signature=(?P<signature>[0-9a-fA-F]{64})"
)
_MUST_BE_SIGNED = frozenset(
    {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce"}
)


@dataclass(frozen=True)
class Received:
    """A request as it came: ``path`` still percent-encoded, header names in lower case.

    ``digest`` is the hex SHA-256 of ``body``.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    digest: str


UseNonce = Callable[[str, float, float], bool]
"""Nonce, now and how long to remember it; False where it was used before."""


def verify(request: Received, keys: Lookup, now: float, use_nonce: UseNonce) -> Holder:
    """Who signed ``request``, with a key of ours, just now and only once.

    Raises RefusalError.
    """
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if found is None:
        raise RefusalError(
            401, "MissingAuthorization", f"the Authorization header is no {ALGORITHM} signature"
        )
    holder = keys.holder(found["key"], token_of(request.headers), now)
    signed = found["headers"].lower().split(";")
    _check_headers(request, signed)
    check_date(request.headers["x-acs-date"], "x-acs-date", now)
    _check_body(request)
    expected = signature(_signable(request), signed, holder.secret)
    if not hmac.compare_digest(expected, found["signature"].lower()):
        raise RefusalError(
            400, "SignatureDoesNotMatch", "the signature is not the one of this request"
        )
    nonce = request.headers["x-acs-signature-nonce"]
    if not use_nonce(nonce, now, 2 * assumptions.CLOCK_SKEW_SECONDS):
        raise RefusalError(400, "SignatureNonceUsed", "the signature nonce was used before")
    return holder


def _check_headers(request: Received, signed: list[str]) -> None:
    unsigned = sorted(_MUST_BE_SIGNED.difference(signed))
    if unsigned:
        raise RefusalError(
            400, "IncompleteSignature", f"headers that must be signed: {', '.join(unsigned)}"
        )
    absent = [name for name in signed if name not in request.headers]
    if absent:
        raise RefusalError(
            400, "IncompleteSignature", f"signed headers that did not come: {', '.join(absent)}"
        )


def check_date(text: str, name: str, now: float) -> None:
    """Raises RefusalError, which says where the date stood by ``name``."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise RefusalError(
            400, "InvalidTimeStamp.Format", f"{name} must look like 2026-01-02T03:04:05Z"
        ) from error
    if abs(moment.timestamp() - now) > assumptions.CLOCK_SKEW_SECONDS:
        raise RefusalError(
            400,
            "InvalidTimeStamp.Expired",
            f"{name} {text} is more than {assumptions.CLOCK_SKEW_SECONDS // 60} minutes from"
            " the server's time",
        )


def _check_body(request: Received) -> None:
    if request.headers["x-acs-content-sha256"].lower() != request.digest:
        raise RefusalError(
            400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not the digest of the body"
        )


def _signable(request: Received) -> Signable:
    return Signable(request.method, request.path, query_of(request.query), request.headers)


def query_of(text: str) -> dict[str, str]:
    """The parameters of a query string; one that is named twice would be ambiguous to sign."""
    pairs = parse_qsl(text, keep_blank_values=True)
    query = dict(pairs)
    if len(query) < len(pairs):
        raise invalid("a query parameter is given twice")
    return query
