"""The security token service (STS), API version 2015-04-01.

Source: the requests of the vendor's own client (alibabacloud-sts20150401), which tests/credentials
captures. The exchange of an identity token is not signed; here its parameters go into the body, so
that the token is in no address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agentramp.credentials import claims
from agentramp.credentials.answers import lent
from agentramp.credentials.port import CredentialsError, Identity, Lent
from agentramp.platform.agentrun.rpc import RpcError, RpcService
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.calls import Tell, untold

API_VERSION: Final = "2015-04-01"


class StsError(CredentialsError):
    """The token service refused; ``code`` is its own word for why."""

    def __init__(self, message: str, *, advice: str = "", code: str = "") -> None:
        super().__init__(message, advice=advice)
        self.code = code


@dataclass(frozen=True)
class Role:
    """A role to take on, the name of the session in the audit trail, and its length in seconds."""

    arn: str
    session: str
    duration: int = 3600


@dataclass(frozen=True)
class TokenService:
    """``now`` is seconds since 1970-01-01 UTC. Raises UsageError for an address that is not safe.

    Its calls change nothing there, so each is repeated where no answer came.
    """

    url: str
    now: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)
    nonce: Callable[[], str] = field(repr=False)
    tell: Tell = field(default=untold, repr=False)

    def __post_init__(self) -> None:
        self._service()

    def _service(self) -> RpcService:
        return RpcService(
            self.url,
            API_VERSION,
            "security token service",
            self.now,
            self.sleep,
            self.nonce,
            self.tell,
        )

    def assume_with_token(self, role: Role, provider: str, token: str) -> Lent:
        """AssumeRoleWithOIDC; raises StsError that names the claim where the service says it."""
        parameters = {**_role(role), "OIDCProviderArn": provider, "OIDCToken": token}
        action = "AssumeRoleWithOIDC"
        try:
            answer = _asked(lambda: self._service().ask_unsigned(action, parameters))
        except StsError as error:
            told = claims.decoded(token)
            message = error.message.replace(token, "***")
            message += f"; asked for role {role.arn} by provider {provider} with {told}"
            advice = claims.advice(error.code, message, told) or error.advice
            raise StsError(message, advice=advice, code=error.code) from None
        return lent(answer, action)

    def assume(self, role: Role, key: Credentials) -> Lent:
        """AssumeRole; raises StsError."""
        action = "AssumeRole"
        try:
            answer = _asked(lambda: self._service().ask(action, _role(role), key))
        except StsError as error:
            message = f"{error.message}; asked for role {role.arn}"
            raise StsError(message, advice=error.advice, code=error.code) from None
        return lent(answer, action)

    def caller(self, key: Credentials) -> Identity:
        """GetCallerIdentity; raises StsError."""
        action = "GetCallerIdentity"
        service = self._service()
        match _asked(lambda: service.ask(action, {}, key)):
            case {"AccountId": str(account), "Arn": str(arn), **more} if account:
                return Identity(account, arn, str(more.get("UserId") or ""))
            case _:
                raise CredentialsError(
                    f"{action}: the answer of {service.host} holds no account",
                    advice="something between may have answered: check the region and the proxy",
                )


def _asked(ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Says what a refusal means for credentials; no answer at all is no refusal of the service."""
    try:
        return ask()
    except RpcError as error:
        if not error.code:
            raise CredentialsError(error.message, advice=error.advice) from None
        advice = next((text for mark, text in _ADVICE.items() if mark in error.code), "")
        raise StsError(error.message, advice=advice, code=error.code) from None


def _role(role: Role) -> dict[str, str]:
    return {
        "RoleArn": role.arn,
        "RoleSessionName": role.session,
        "DurationSeconds": str(role.duration),
    }


_ADVICE: Final = {
    "InvalidAccessKeyId": "the access key is unknown or disabled: check its id and its account",
    "SignatureDoesNotMatch": "the access key's secret is wrong, or this machine's clock is off",
    "SignatureNonceUsed": "run it again",
    "InvalidTimeStamp": "this machine's clock is off: set it",
    "InvalidSecurityToken": "the temporary credentials have ended: fetch new ones",
    "EntityNotExist.Role": "no such role: compare ALIBABA_CLOUD_ROLE_ARN with the RAM console",
    "NoPermission": "the role's trust policy must name this identity, and the identity needs"
    " sts:AssumeRole",
    "InvalidParameter.DurationSeconds": "the role's longest session is shorter than an hour",
    "Throttling": "too many tokens were asked for: wait a minute and run again",
}
