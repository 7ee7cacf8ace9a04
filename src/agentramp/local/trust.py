"""Which issuers and roles there are: what the operator of this platform has told it.

On the real service this is the access management's (RAM). Here it is two operations of ours.
"""

import fnmatch
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentramp.local.fields import Fields, is_object
from agentramp.local.refusal import invalid

ROLE_ARN = r"acs:ram::[0-9]{1,20}:role/[A-Za-z0-9._/-]{1,128}"
PROVIDER_ARN = r"acs:ram::[0-9]{1,20}:oidc-provider/[A-Za-z0-9._-]{1,128}"
SESSION_MOST = 43_200
_CLAIMS = {"oidc:iss", "oidc:aud", "oidc:sub"}
_OPERATORS = {"StringEquals", "StringLike"}


@dataclass(frozen=True)
class RsaKey:
    """A public key as JSON Web Keys write it: both numbers in base64 for URLs."""

    kid: str
    modulus: str
    exponent: str


@dataclass(frozen=True)
class Provider:
    """Without ``keys`` nothing can be verified, and the signature of a token is not looked at."""

    arn: str
    issuer: str
    audiences: tuple[str, ...]
    keys: tuple[RsaKey, ...] = ()


@dataclass(frozen=True)
class Condition:
    """The claim ``name`` is one of ``values``, which are patterns where ``like`` is true."""

    name: str
    values: tuple[str, ...]
    like: bool

    def holds(self, claims: Mapping[str, tuple[str, ...]]) -> bool:
        return any(self._is(given) for given in claims.get(self.name, ()))

    def _is(self, given: str) -> bool:
        if not self.like:
            return given in self.values
        # Only * and ? mean something; a bracket is itself.
        patterns = [value.replace("[", "[[]") for value in self.values]
        return any(fnmatch.fnmatchcase(given, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Statement:
    allows: bool
    principals: frozenset[str]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Role:
    """``session_seconds`` is how long each of its sessions lasts, whatever was asked for."""

    arn: str
    statements: tuple[Statement, ...]
    session_seconds: int | None = None

    def trusts(self, principals: set[str], claims: Mapping[str, tuple[str, ...]]) -> bool:
        meant = [
            statement.allows
            for statement in self.statements
            if statement.principals & principals
            and all(condition.holds(claims) for condition in statement.conditions)
        ]
        return bool(meant) and all(meant)


class Trust:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add_provider(self, body: bytes) -> Provider:
        """Replaces one of the same ARN. Raises RefusalError."""
        found = read_provider(body)
        self._db.execute(
            "INSERT OR REPLACE INTO oidc_providers VALUES(?,?)", (found.arn, body.decode())
        )
        return found

    def provider(self, arn: str) -> Provider | None:
        row = self._db.execute("SELECT document FROM oidc_providers WHERE arn=?", (arn,)).fetchone()
        return None if row is None else read_provider(row[0].encode())

    def add_role(self, body: bytes) -> Role:
        """Replaces one of the same ARN. Raises RefusalError."""
        found = read_role(body)
        self._db.execute("INSERT OR REPLACE INTO roles VALUES(?,?)", (found.arn, body.decode()))
        return found

    def role(self, arn: str) -> Role | None:
        row = self._db.execute("SELECT document FROM roles WHERE arn=?", (arn,)).fetchone()
        return None if row is None else read_role(row[0].encode())

    def policy(self, arn: str) -> str | None:
        """The trust policy as the operator wrote it; None for a role that nobody described."""
        row = self._db.execute("SELECT document FROM roles WHERE arn=?", (arn,)).fetchone()
        return None if row is None else json.dumps(json.loads(row[0])["trustPolicy"])


def read_provider(body: bytes) -> Provider:
    """Raises RefusalError."""
    fields = _fields(body)
    fields.require("arn", "issuer", "audience")
    arn, issuer = fields.text("arn", pattern=PROVIDER_ARN), fields.text("issuer", longest=1024)
    audiences = _texts(fields, "audience")
    jwks = fields.child("jwks")
    keys = () if jwks is None else tuple(_key(one) for one in jwks.children("keys"))
    if jwks is not None and not keys:
        fields.faults.append("jwks holds no key")
    _raise(fields)
    return Provider(arn or "", issuer or "", audiences, keys)


def _key(fields: Fields) -> RsaKey:
    fields.require("kty", "n", "e")
    fields.text("kty", pattern="RSA")
    modulus = fields.text("n", pattern="[A-Za-z0-9_-]{200,2000}")
    exponent = fields.text("e", pattern="[A-Za-z0-9_-]{1,16}")
    return RsaKey(fields.text("kid") or "", modulus or "", exponent or "")


def read_role(body: bytes) -> Role:
    """Raises RefusalError."""
    fields = _fields(body)
    fields.require("arn", "trustPolicy")
    arn = fields.text("arn", pattern=ROLE_ARN)
    seconds = fields.whole("sessionSeconds", 1, SESSION_MOST)
    policy = fields.child("trustPolicy")
    statements = () if policy is None else tuple(map(_statement, policy.children("Statement")))
    _raise(fields)
    return Role(arn or "", statements, seconds)


def _statement(fields: Fields) -> Statement:
    fields.require("Effect", "Action", "Principal")
    effect = fields.text("Effect", pattern="Allow|Deny")
    if _texts(fields, "Action") != ("sts:AssumeRole",):
        fields.faults.append(f"{fields.where}.Action must be sts:AssumeRole")
    principal = fields.child("Principal")
    named = frozenset(_named(principal)) if principal else frozenset[str]()
    return Statement(effect == "Allow", named, _conditions(fields.child("Condition")))


def _named(principal: Fields) -> Iterator[str]:
    for kind in ("RAM", "Federated", "Service"):
        yield from _texts(principal, kind)


def _conditions(fields: Fields | None) -> tuple[Condition, ...]:
    """A condition that is not understood is refused: passing over it would trust too many."""
    found = []
    for operator in fields.values if fields else ():
        claims = fields.child(operator) if fields else None
        if operator not in _OPERATORS or claims is None or not claims.values.keys() <= _CLAIMS:
            known = f"{', '.join(sorted(_OPERATORS))} of {', '.join(sorted(_CLAIMS))}"
            raise invalid(f"trustPolicy: conditions are {known}, not {operator}")
        found += [
            Condition(name, _texts(claims, name), operator == "StringLike")
            for name in claims.values
        ]
    return tuple(found)


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    """A text, or a list of them."""
    one = fields.values.get(name)
    return (one,) if isinstance(one, str) else fields.texts(name)


def _fields(body: bytes) -> Fields:
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise invalid(f"the body is not JSON: {error}") from error
    if not is_object(value):
        raise invalid("the body must be a JSON object")
    return Fields(value)


def _raise(fields: Fields) -> None:
    if fields.faults:
        raise invalid("; ".join(dict.fromkeys(fields.faults)))
