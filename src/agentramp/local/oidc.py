"""Reads an identity token (a JSON Web Token) and holds it to the provider it should come from."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

from agentramp.local.fields import is_number, is_object
from agentramp.local.refusal import RefusalError
from agentramp.local.trust import Provider, RsaKey

_PARTS = 3
_LAST_MOMENT = 253_402_300_799  # the end of the year 9999
_SIGNED = "RS256"
_UNCHECKED = {_SIGNED, "none"}


@dataclass(frozen=True)
class Claims:
    """Times in seconds since 1970-01-01 UTC; ``issued_at`` is 0 where the token does not say."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    expires_at: float
    issued_at: float = 0.0

    def by_condition(self) -> dict[str, tuple[str, ...]]:
        """Under the names that a role's conditions use."""
        return {
            "oidc:iss": (self.issuer,),
            "oidc:aud": self.audiences,
            "oidc:sub": (self.subject,),
        }


def verify(token: str, provider: Provider, now: float) -> Claims:
    """Raises RefusalError unless ``provider`` issued ``token`` for one of its audiences."""
    parts = _parts(token)
    _check_signature(parts, provider)
    claims = _claims(parts.claims)
    if claims.issuer != provider.issuer:
        raise _failed("IssuerNotMatch", "the token's iss is not the provider's issuer")
    if not set(claims.audiences) & set(provider.audiences):
        raise _failed("AudienceNotMatch", "the token's aud is none of the provider's")
    if claims.expires_at <= now:
        raise _failed("Expired", "the token has expired")
    return claims


@dataclass(frozen=True)
class _Parts:
    signed: bytes = field(repr=False)
    header: Mapping[str, object]
    claims: Mapping[str, object]
    signature: bytes = field(repr=False)


def _parts(token: str) -> _Parts:
    texts = token.split(".")
    if len(texts) != _PARTS:
        raise _failed("Invalid", "the token is not three parts with points between them")
    try:
        head, body, signature = (_decoded(text) for text in texts)
        header, claims = json.loads(head), json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _failed("Invalid", "the token's parts are no JSON in base64") from error
    if not is_object(header) or not is_object(claims):
        raise _failed("Invalid", "the token's parts are no JSON objects")
    return _Parts(".".join(texts[:2]).encode(), header, claims, signature)


def _claims(given: Mapping[str, object]) -> Claims:
    match given:
        case {"iss": str(issuer), "sub": str(subject), "aud": audience, "exp": expires_at} if (
            is_number(expires_at)
        ):
            issued = given.get("iat")
            issued_at = _seconds(issued) if is_number(issued) else 0.0
            until = _seconds(expires_at)
            return Claims(issuer, subject, _audiences(audience), until, issued_at)
        case _:
            raise _failed("Invalid", "the token must have iss, sub, aud and exp")


def _seconds(value: float) -> float:
    """JSON as Python reads it knows NaN, infinity and numbers beyond any calendar."""
    if not 0 <= value <= _LAST_MOMENT:
        raise _failed("Invalid", "the token's times are no times")
    return float(value)


def _audiences(value: object) -> tuple[str, ...]:
    many = value if isinstance(value, list) else [value]
    return tuple(one for one in many if isinstance(one, str))


def _check_signature(parts: _Parts, provider: Provider) -> None:
    algorithm = parts.header.get("alg")
    if not provider.keys:
        if algorithm not in _UNCHECKED:
            raise _failed("Invalid", f"the token's alg must be {_SIGNED}")
        return
    if algorithm != _SIGNED:
        raise _failed("Invalid", f"the token's alg must be {_SIGNED}, as the provider has keys")
    kid = parts.header.get("kid", "")
    fitting = [key for key in provider.keys if not kid or key.kid in {"", kid}]
    if not any(_is_signed(parts, key) for key in fitting):
        raise _failed("Invalid", "the token was signed with no key of the provider")


def _is_signed(parts: _Parts, key: RsaKey) -> bool:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3)."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 an extra
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 an extra
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 an extra
    except ImportError as error:
        raise RefusalError(
            501,
            "NotImplemented",
            'this platform cannot check RS256: install it with pip install "agentramp[access]"',
        ) from error
    try:
        public = rsa.RSAPublicNumbers(_number(key.exponent), _number(key.modulus)).public_key()
        public.verify(parts.signature, parts.signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _failed(code: str, message: str) -> RefusalError:
    return RefusalError(400, f"AuthenticationFail.OIDCToken.{code}", message)
