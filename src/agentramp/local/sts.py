"""The security token service: temporary access keys, and who a key belongs to."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from agentramp.local import oidc
from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.keys import Holder, new_secret
from agentramp.local.refusal import RefusalError
from agentramp.local.rpc import Data, Operation, Parameters
from agentramp.local.rpc_auth import caller
from agentramp.local.trust import ROLE_ARN, SESSION_MOST, Role

VERSION = "2015-04-01"
_SESSION_NAME = r"[A-Za-z0-9.@_-]{2,64}"
_SESSION_LEAST, _SESSION_DEFAULT = 900, 3600
_TOKEN_SHORTEST, _TOKEN_LONGEST = 4, 20_000
_POLICY_LONGEST = 2048
_ROLE_ID_DIGITS = 17


@dataclass(frozen=True)
class _Wish:
    """Whose session of which role, and for how long."""

    role: str
    session: str
    seconds: int


def _with_oidc(plane: Plane, _: Received, given: Parameters) -> Data:
    """Anonymous: the identity token is all that the caller has."""
    wish, role = _wish(plane, given)
    token = given.get("OIDCToken", "")
    if not _TOKEN_SHORTEST <= len(token) <= _TOKEN_LONGEST:
        raise _invalid("OIDCToken", f"must be {_TOKEN_SHORTEST} to {_TOKEN_LONGEST} characters")
    arn = given.get("OIDCProviderArn", "")
    provider = plane.trust.provider(arn)
    if provider is None:
        raise RefusalError(
            404,
            "EntityNotExist.OIDCProvider",
            f"the OIDC provider '{arn}' was not made known to this platform",
        )
    claims = oidc.verify(token, provider, plane.now())
    if role is None and not provider.keys:
        raise RefusalError(
            403,
            "AuthenticationFail.NoPermission",
            f"anybody can make a token for {provider.arn}, which has no keys: describe whom the"
            f" role {wish.role} trusts, or give the provider its jwks",
        )
    if role and not role.trusts({provider.arn}, claims.by_condition()):
        raise RefusalError(
            403,
            "AuthenticationFail.NoPermission",
            f"the trust policy of {role.arn} does not let this token in",
        )
    info: Data = {
        "Issuer": claims.issuer,
        "Subject": claims.subject,
        "ClientIds": ",".join(claims.audiences),
        "IssuanceTime": _shown(claims.issued_at),
        "ExpirationTime": _shown(claims.expires_at),
        "VerificationInfo": "Success" if provider.keys else "Success (the signature unchecked)",
    }
    return {**_assumed(plane, wish), "OIDCTokenInfo": info}


def _assume_role(plane: Plane, request: Received, given: Parameters) -> Data:
    holder = caller(plane, request, given)
    wish, role = _wish(plane, given)
    callers = {f"acs:ram::{plane.identity.account_id}:root", holder.role} - {""}
    if role and not role.trusts(callers, {}):
        raise RefusalError(403, "NoPermission", f"the trust policy of {role.arn} names others")
    return _assumed(plane, wish)


def _identity(plane: Plane, request: Received, given: Parameters) -> Data:
    holder = caller(plane, request, given)
    account = plane.identity.account_id
    told: Data = {"AccountId": account}
    if not holder.role:
        root = f"acs:ram::{account}:root"
        return {
            **told,
            "IdentityType": "Account",
            "PrincipalId": account,
            "UserId": account,
            "Arn": root,
        }
    return {
        **told,
        "IdentityType": "AssumedRoleUser",
        "RoleId": _role_id(holder.role),
        "PrincipalId": f"{_role_id(holder.role)}:{holder.session}",
        "Arn": _session_arn(holder.role, holder.session),
    }


def _wish(plane: Plane, given: Parameters) -> tuple[_Wish, Role | None]:
    """The role is None where the operator did not describe it."""
    arn, session = given.get("RoleArn", ""), given.get("RoleSessionName", "")
    if not re.fullmatch(ROLE_ARN, arn):
        raise _invalid("RoleArn", "must look like acs:ram::<account>:role/<name>")
    if not re.fullmatch(_SESSION_NAME, session):
        raise _invalid("RoleSessionName", f"must match {_SESSION_NAME}")
    if len(given.get("Policy", "")) > _POLICY_LONGEST:
        raise _invalid("Policy", f"is longer than {_POLICY_LONGEST} characters")
    seconds = given.get("DurationSeconds") or str(_SESSION_DEFAULT)
    if (
        not re.fullmatch("[0-9]{1,6}", seconds)
        or not _SESSION_LEAST <= int(seconds) <= SESSION_MOST
    ):
        raise _invalid("DurationSeconds", f"must be {_SESSION_LEAST} to {SESSION_MOST}")
    if arn.split(":")[3] != plane.identity.account_id:
        raise RefusalError(404, "EntityNotExist.Role", f"the role '{arn}' does not exist")
    role = plane.trust.role(arn)
    lasts = role.session_seconds if role else None
    return _Wish(arn, session, lasts or int(seconds)), role


def _assumed(plane: Plane, wish: _Wish) -> Data:
    now = plane.now()
    holder = Holder(new_secret(), wish.role, wish.session)
    made = plane.keys.issue(holder, float(int(now) + wish.seconds), now)
    return {
        "Credentials": {
            "AccessKeyId": made.access_key_id,
            "AccessKeySecret": made.secret,
            "SecurityToken": made.token,
            "Expiration": _shown(made.expires_at),
        },
        "AssumedRoleUser": {
            "Arn": _session_arn(wish.role, wish.session),
            "AssumedRoleId": f"{_role_id(wish.role)}:{wish.session}",
        },
    }


def _session_arn(role: str, session: str) -> str:
    return f"{role.replace(':role/', ':assumed-role/')}/{session}"


def _role_id(role: str) -> str:
    number = int(hashlib.sha256(role.encode()).hexdigest(), 16) % 10**_ROLE_ID_DIGITS
    return f"3{number:0{_ROLE_ID_DIGITS}d}"


def _shown(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _invalid(name: str, what: str) -> RefusalError:
    return RefusalError(400, f"InvalidParameter.{name}", f"{name} {what}")


OPERATIONS: Mapping[str, Operation] = {
    "AssumeRoleWithOIDC": _with_oidc,
    "AssumeRole": _assume_role,
    "GetCallerIdentity": _identity,
}
