"""What an identity token (a JWT) says of its bearer; read for messages, verified by nobody here.

The codes are those of the vendor's pages on AssumeRoleWithOIDC and on its use from clusters. The
forms of ``sub`` are those of GitHub's "OpenID Connect reference".
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Final

_LONGEST: Final = 1000
"""Above GitHub's longest ``sub``: names of 39 and 100, two ids, an environment of 255 escaped."""


@dataclass(frozen=True)
class Claims:
    """None where the token does not say it."""

    issuer: str | None = None
    audience: str | None = None
    subject: str | None = None

    def __str__(self) -> str:
        said = (("iss", self.issuer), ("aud", self.audience), ("sub", self.subject))
        known = ", ".join(f"{name} {value}" for name, value in said if value)
        return f"a token of {known}" if known else "a token whose claims cannot be read"


def decoded(token: str) -> Claims:
    try:
        part = token.split(".")[1]
        payload = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return Claims()
    if not isinstance(payload, dict):
        return Claims()
    return Claims(*(_words(payload.get(name)) for name in ("iss", "aud", "sub")))


def _words(claim: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    named = claim if isinstance(claim, list) else [claim]
    words = " ".join(word for word in named if isinstance(word, str))[:_LONGEST]
    return "".join(letter if letter.isprintable() else "?" for letter in words) or None


def advice(code: str, message: str, told: Claims) -> str:
    """Which claim failed, as far as ``code`` or ``message`` says, and what to change; else ''."""
    text = f"{code} {message}"
    said = next((said.format(told=told) for mark, said in _FAILED.items() if mark in text), "")
    return said + _cause(told.subject or "") if said == _TRUST else said


def _cause(subject: str) -> str:
    """What is usually wrong where the policy and a ``sub`` like this one differ."""
    found = _OF_A_JOB.fullmatch(subject)
    if not found:
        return "oidc:sub, which must be the whole sub, letter for letter"
    owner, with_ids, name, rest = found["owner"], found["owner_id"], found["name"], found["rest"]
    if not rest.startswith("environment:"):
        repository = subject.removesuffix(rest)
        return (
            f"oidc:sub, as this job has no environment: its sub ends in {rest}. Give the job the"
            f" environment that the policy names; its sub is {repository}environment:NAME then"
        )
    cause = (
        "this repository has a sub with the ids of owner and repository, as have those created,"
        f" renamed or transferred since {_SINCE}, and the policy has the older"
        f" repo:{owner}/{name}:{rest}"
        if with_ids
        else f"this repository has a sub without ids, as have those older than {_SINCE} that did"
        " not ask for the new one, and those of GitHub Enterprise Server, and the policy has"
        f" repo:{owner}@ID/{name}@ID:{rest}"
    )
    return (
        f"oidc:sub, where {cause}; or it names another repository or environment. If this job is to"
        f" have the role, the policy's oidc:sub is exactly {subject}"
    )


_SINCE: Final = "2026-07-15"
_OF_A_JOB: Final = re.compile(
    r"repo:(?P<owner>[^@/:]+)(?P<owner_id>@\d+)?/(?P<name>[^@/:]+)(?:@\d+)?:(?P<rest>.+)"
)
_TRUST: Final = (
    "the role's trust policy does not let this token in: the conditions oidc:iss, oidc:aud and"
    " oidc:sub must equal what the message shows; usual cause: "
)
_FAILED: Final = {
    "No such OIDC Provider": "the provider is not there: compare ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
    " with the identity providers of RAM",
    "OIDCToken.AudienceNotMatch": "the claim aud failed: add {told.audience} to the client ids of"
    " the provider in RAM, or ask for a token with an audience that is there",
    "OIDCToken.IssuerNotMatch": "the claim iss failed: the provider in RAM must have the issuer"
    " {told.issuer}",
    "OIDCToken.IssuerConfigurationBroken": "the claim iss failed: RAM cannot fetch the keys of"
    " {told.issuer}; the issuer must be open to the internet",
    "PublicKeyFingerprintMismatch": "the claim iss failed: the certificate of {told.issuer} has"
    " changed; fetch its fingerprint anew for the provider in RAM",
    "OIDCToken.Expired": "the claim exp failed: the token has ended; fetch a new one, and check"
    " this machine's clock",
    "OIDCToken.": "the token itself is not accepted: check that it is one of the provider's issuer"
    " and not cut",
    "NoPermission": _TRUST,
    "EntityNotExist.Role": "no such role: compare ALIBABA_CLOUD_ROLE_ARN with the RAM console",
}
