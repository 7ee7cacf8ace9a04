"""Who may call: the platform's own access key, and temporary ones with their tokens."""

import hmac
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agentramp.local.records import Identity
from agentramp.local.refusal import RefusalError

TOKEN_HEADERS = (
    *("x-acs-security-token", "x-fc-security-token", "x-oss-security-token"),
    "security-token",  # of the vendor's second storage client, with its first signature
)
_KEPT_SECONDS = 24 * 3600
"""How long an expired key is still told from one that never was."""


@dataclass(frozen=True)
class Holder:
    """A caller: ``role`` and ``session`` are empty for the account itself.

    ``scope`` is the one object, as ``bucket/name``, that the key is for; empty where it is for
    everything.
    """

    secret: str = field(repr=False)
    role: str = ""
    session: str = ""
    scope: str = ""

    @property
    def is_temporary(self) -> bool:
        return bool(self.role or self.scope)


@dataclass(frozen=True)
class Temporary:
    """An issued access key; ``expires_at`` is in seconds since 1970-01-01 UTC."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: float


class Lookup(Protocol):
    """Finds the holder of an access key that came with ``token`` (empty: it came without)."""

    def holder(self, access_key_id: str, token: str, now: float, thing: str = "") -> Holder:
        """``thing`` is the object that is asked for, if one is. Raises RefusalError."""
        ...


class Keys:
    """Temporary keys are records, so that a server that was started again knows them."""

    def __init__(self, identity: Identity, connection: sqlite3.Connection) -> None:
        self._identity = identity
        self._db = connection

    def holder(self, access_key_id: str, token: str, now: float, thing: str = "") -> Holder:
        if access_key_id == self._identity.access_key_id:
            _check_token(token, "")  # a key that does not end has none
            return Holder(self._identity.access_key_secret)
        row = self._db.execute(
            "SELECT secret,token,expires_at,role,session,scope FROM keys WHERE id=?",
            (access_key_id,),
        ).fetchone()
        if row is None:
            raise RefusalError(
                404, "InvalidAccessKeyId.NotFound", "the specified access key does not exist"
            )
        secret, known, expires_at, role, session, scope = row
        _check_token(token, known)
        if expires_at <= now:
            raise RefusalError(
                400, "InvalidSecurityToken.Expired", "the specified security token has expired"
            )
        if scope not in {"", thing}:
            raise RefusalError(403, "NoPermission", f"the access key is only for {scope}")
        return Holder(secret, role, session, scope)

    def issue(self, holder: Holder, expires_at: float, now: float) -> Temporary:
        """A new key for ``holder``, whose secret this makes."""
        made = Temporary(
            access_key_id=f"STS.{secrets.token_hex(12)}",
            secret=holder.secret,
            token=secrets.token_urlsafe(96),
            expires_at=expires_at,
        )
        self._db.execute("DELETE FROM keys WHERE expires_at<?", (now - _KEPT_SECONDS,))
        self._db.execute(
            "INSERT INTO keys VALUES(?,?,?,?,?,?,?)",
            (
                made.access_key_id,
                made.secret,
                made.token,
                made.expires_at,
                holder.role,
                holder.session,
                holder.scope,
            ),
        )
        return made

    def expire_all(self, now: float) -> int:
        """End every session that still lasts; how many there were."""
        done = self._db.execute("UPDATE keys SET expires_at=? WHERE expires_at>?", (now, now))
        return done.rowcount


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def token_of(headers: Mapping[str, str]) -> str:
    """The security token of a request; each service has a header of its own for it."""
    return next((headers[name] for name in TOKEN_HEADERS if name in headers), "")


def _check_token(token: str, known: str) -> None:
    if hmac.compare_digest(token.encode(), known.encode()):
        return
    if not token:
        raise RefusalError(
            400, "MissingSecurityToken", "a temporary access key needs its security token"
        )
    raise RefusalError(
        400,
        "InvalidSecurityToken.MismatchWithAccessKey",
        "the specified security token is not the one of the access key",
    )
