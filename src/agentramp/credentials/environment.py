"""Access keys in the environment, whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from agentramp.credentials.port import Lent
from agentramp.errors import UsageError
from agentramp.platform.agentrun.signing import Credentials

TEMPORARY: Final = "STS."
"""What the id of a temporary access key begins with."""


@dataclass(frozen=True)
class Form:
    """The names that one family of variables has for the parts of an access key."""

    key_id: str
    secret: str
    token: str

    @property
    def parts(self) -> tuple[str, str, str]:
        return (self.key_id, self.secret, self.token)


AGENTRUN: Final = Form(
    "AGENTRUN_ACCESS_KEY_ID", "AGENTRUN_ACCESS_KEY_SECRET", "AGENTRUN_SECURITY_TOKEN"
)
ALIBABA_CLOUD: Final = Form(
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
)
SERVERLESS_DEVS: Final = Form("AccessKeyID", "AccessKeySecret", "SecurityToken")
ACCOUNTS: Final = ("AGENTRUN_ACCOUNT_ID", "FC_ACCOUNT_ID", "AccountID")


@dataclass(frozen=True)
class Held:
    """An access key that is at hand, and where it stood."""

    name: str
    credentials: Credentials = field(repr=False)

    def lend(self) -> Lent:
        return Lent(self.credentials)


def keys(form: Form, said: Mapping[str, str], where: str = "the environment") -> Credentials | None:
    """None where nothing of it is set; raises UsageError, which shows no value, for a half."""
    key_id, secret, token = (said.get(name, "") for name in form.parts)
    if not (key_id or secret or token):
        return None
    needed = [(form.key_id, key_id), (form.secret, secret)]
    if key_id.startswith(TEMPORARY):
        needed.append((form.token, token))
    _refuse_half([name for name, value in needed if not value], form, said, where)
    for name, value in zip(form.parts, (key_id, secret, token), strict=True):
        if value and not (value.isascii() and value.isprintable() and " " not in value):
            raise UsageError(
                f"{name} of {where} holds a blank, a line end or a letter that no key has",
                advice="usual cause: a line end after it in the secret; store it anew",
            )
    return Credentials(key_id, secret, token or None)


def _refuse_half(missing: list[str], form: Form, said: Mapping[str, str], where: str) -> None:
    if not missing:
        return
    given = [name for name in form.parts if said.get(name)]
    raise UsageError(
        f"{' and '.join(missing)} of {where} is missing, while {' and '.join(given)} is there",
        advice="set all of them, or none; the next source is not tried, since it may be another"
        " account",
    )


def account(environ: Mapping[str, str]) -> str | None:
    return next((environ[name] for name in ACCOUNTS if environ.get(name)), None)
