"""Roles: taken on with an identity token, with no key anywhere, or on top of a key."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from agentramp.credentials.masked import unmasked
from agentramp.credentials.port import Lent, Source
from agentramp.credentials.sts import Role, TokenService
from agentramp.errors import UsageError

_ARN = re.compile(r"acs:ram::(?P<account>\d+):(?P<kind>role|oidc-provider)/\S+")


@dataclass(frozen=True)
class TokenRole:
    """A role taken on with an identity token; ``token`` fetches a fresh one each time."""

    name: str
    service: TokenService
    role: Role
    provider: str
    token: Callable[[], str] = field(repr=False)
    mask: Callable[[str], None] = field(default=unmasked, repr=False)

    def lend(self) -> Lent:
        token = self.token()
        self.mask(token)
        return self.service.assume_with_token(self.role, self.provider, token)


@dataclass(frozen=True)
class KeyRole:
    """A role taken on with the key of another source."""

    below: Source
    service: TokenService
    role: Role

    @property
    def name(self) -> str:
        return f"role {self.role.arn} on top of {self.below.name}"

    def lend(self) -> Lent:
        return self.service.assume(self.role, self.below.lend().credentials)


def account_of(arn: str, kind: str, variable: str) -> str:
    """The account in an ARN; raises UsageError where it is no ARN of a role or a provider."""
    found = _ARN.fullmatch(arn)
    if found and found["kind"] == kind:
        return found["account"]
    raise UsageError(
        f"{variable} is no ARN of a RAM {kind.replace('-', ' ')}: {arn[:200]!r}",
        advice=f"it looks like acs:ram::1234567890123456:{kind}/NAME",
    )


def session_name(given: str, run: str) -> str:
    """``given``, or one that names the run of the workflow; raises UsageError."""
    name = given or (f"agentramp-{run}" if run else "agentramp")
    if re.fullmatch(r"[A-Za-z0-9.@_-]{2,64}", name):
        return name
    raise UsageError(
        "ALIBABA_CLOUD_ROLE_SESSION_NAME is no session name",
        advice="2 to 64 letters, digits and . @ _ - are",
    )
