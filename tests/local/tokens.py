"""Identity tokens as an issuer of OpenID Connect makes them, with a key of the test's own."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER = "https://token.issuer.example"
AUDIENCE = "sts.aliyuncs.com"
SUBJECT = "repo:org/repo:environment:production"
NOW = 1_800_000_000.0
CLAIMS: dict[str, object] = {
    "iss": ISSUER,
    "sub": SUBJECT,
    "aud": AUDIENCE,
    "iat": NOW - 10,
    "exp": NOW + 300,
}


@cache
def private_key(_name: str = "ours") -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def jwks(name: str = "ours") -> dict[str, object]:
    numbers = private_key(name).public_key().public_numbers()
    modulus = numbers.n.to_bytes(256, "big")
    exponent = numbers.e.to_bytes(3, "big")
    return {
        "keys": [{"kty": "RSA", "kid": name, "n": encoded(modulus), "e": encoded(exponent)}],
    }


def token(
    claims: Mapping[str, object] | None = None, *, algorithm: str = "RS256", key: str = "ours"
) -> str:
    """CLAIMS, with ``claims`` over them; a claim of None is left out."""
    whole = {
        name: value for name, value in {**CLAIMS, **(claims or {})}.items() if value is not None
    }
    header = {"alg": algorithm, "typ": "JWT", "kid": key}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, whole))
    if algorithm == "none":
        return f"{signed}."
    made = private_key(key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{encoded(made)}"
