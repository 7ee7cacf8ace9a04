"""Which source is used: an explicit word, then the first that is set. docs/how-to/credentials.md.

A source that is half set is an error and not passed over: the next one may be another account.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentramp.credentials import environment
from agentramp.credentials.environment import AGENTRUN, ALIBABA_CLOUD, SERVERLESS_DEVS, Form, Held
from agentramp.credentials.masked import Masked, unmasked
from agentramp.credentials.named import Drawer, Named
from agentramp.credentials.port import Source
from agentramp.credentials.roles import KeyRole, TokenRole, account_of, session_name
from agentramp.credentials.serverless_devs import AccessFile, from_variable
from agentramp.credentials.sts import Role, TokenService
from agentramp.credentials.tokens import GitHubToken, TokenFile
from agentramp.credentials.uri import CredentialsUri
from agentramp.errors import UsageError

ROLE: Final = "ALIBABA_CLOUD_ROLE_ARN"
PROVIDER: Final = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
TOKEN_FILE: Final = "ALIBABA_CLOUD_OIDC_TOKEN_FILE"  # noqa: S105 - the name of a variable
SESSION: Final = "ALIBABA_CLOUD_ROLE_SESSION_NAME"
URI: Final = "ALIBABA_CLOUD_CREDENTIALS_URI"
GITHUB_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
GITHUB_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the name of a variable
_DEFAULT: Final = "default"


@dataclass(frozen=True)
class Found:
    """``account`` is known where it is written down; ``is_static``: a key that never ends."""

    source: Source
    account: str | None = None
    is_static: bool = False


@dataclass(frozen=True)
class Chain:
    """``asked`` is what -a names, ``configured`` what `access:` of s.yaml does."""

    environ: Mapping[str, str] = field(repr=False)
    drawer: Drawer
    service: TokenService
    asked: str | None = None
    configured: str | None = None
    mask: Callable[[str], None] = field(default=unmasked, repr=False)
    """Told of what is a secret on the way to the source that is found, before it is used."""

    def find(self) -> Found:
        """Asks nobody over the network. Raises UsageError where nothing is set, or half of it."""
        if self.asked:
            return self._required(self.asked, "-a")
        steps: tuple[Callable[[], Found | None], ...] = (
            self._token_role,
            lambda: self._keys(AGENTRUN),
            lambda: self._keys(ALIBABA_CLOUD),
            self._uri,
            lambda: self._keys(SERVERLESS_DEVS),
            self._role_without_key,
            self._configured,
            self._default,
        )
        for step in steps:
            if found := step():
                return found
        raise UsageError(
            f"no credentials: {AGENTRUN.key_id}, {ALIBABA_CLOUD.key_id} or {ROLE} is not set, and"
            " there are no named ones",
            advice="in a workflow set up a role (docs/how-to/credentials.md); on a laptop run"
            " agentramp access add default, or try --platform local",
        )

    def _get(self, name: str) -> str:
        return self.environ.get(name, "")

    def _token_role(self) -> Found | None:
        role, provider, file = self._get(ROLE), self._get(PROVIDER), self._get(TOKEN_FILE)
        if not (provider or file):
            return None
        missing = [name for name, value in ((ROLE, role), (PROVIDER, provider)) if not value]
        if missing:
            given = PROVIDER if provider else TOKEN_FILE
            raise UsageError(
                f"{' and '.join(missing)} is missing, while {given} is there",
                advice="a role is taken on without a key by role, provider and token together; the"
                " next source is not tried, since it may be another account",
            )
        account_of(provider, "oidc-provider", PROVIDER)
        account = account_of(role, "role", ROLE)
        token, where = self._token(file)
        name = f"{where}, role {role}"
        source = TokenRole(name, self.service, self._role(), provider, token, self.mask)
        return Found(source, account)

    def _token(self, file: str) -> tuple[Callable[[], str], str]:
        if file:
            return TokenFile(Path(file)), f"token file {file}"
        url, bearer = self._get(GITHUB_URL), self._get(GITHUB_TOKEN)
        if url and bearer:
            return GitHubToken(url, bearer), "GitHub OIDC"
        if self._get("GITHUB_ACTIONS") == "true":
            raise UsageError(
                f"{GITHUB_URL if not url else GITHUB_TOKEN} is missing, while {ROLE} and"
                f" {PROVIDER} are there: this job may not ask for an identity token",
                advice="give the job permissions: id-token: write (a pull request of a fork cannot"
                " have it)",
            )
        raise UsageError(
            f"{TOKEN_FILE} is missing, while {ROLE} and {PROVIDER} are there",
            advice=f"set it to the file that holds the token, or leave {PROVIDER} out",
        )

    def _role(self) -> Role:
        run = self._get("GITHUB_RUN_ID") if self._get("GITHUB_ACTIONS") == "true" else ""
        return Role(self._get(ROLE), session_name(self._get(SESSION), run))

    def _keys(self, form: Form) -> Found | None:
        key = environment.keys(form, self.environ)
        if key is None:
            return None
        held = Held(f"{form.key_id} of the environment", key)
        found = Found(held, environment.account(self.environ), key.security_token is None)
        return self._with_role(found)

    def _uri(self) -> Found | None:
        url = self._get(URI)
        if not url:
            return None
        return self._with_role(Found(CredentialsUri(url), environment.account(self.environ)))

    def _with_role(self, found: Found) -> Found:
        """A role that is named is never left out: the key alone may do more, or be elsewhere."""
        role = self._get(ROLE)
        if not role:
            return found
        account = account_of(role, "role", ROLE)
        below = Masked(found.source, self.mask)
        return Found(KeyRole(below, self.service, self._role()), account, found.is_static)

    def _role_without_key(self) -> None:
        if not self._get(ROLE):
            return
        if self._get("GITHUB_ACTIONS") == "true":
            raise UsageError(
                f"{PROVIDER} is missing, while {ROLE} is there",
                advice="set it to the ARN of the identity provider of GitHub in RAM",
            )
        raise UsageError(
            f"{ROLE} is there, but nothing that may take the role on",
            advice=f"set {PROVIDER} and {TOKEN_FILE}, or {ALIBABA_CLOUD.key_id} and its secret",
        )

    def _configured(self) -> Found | None:
        return self._required(self.configured, "access: of s.yaml") if self.configured else None

    def _default(self) -> Found | None:
        named = self.named(_DEFAULT)
        if named is None and (file := AccessFile.of(self.environ)):
            named = file.default()
        return _of(named) if named else None

    def _required(self, name: str, who: str) -> Found:
        if named := self.named(name):
            return _of(named)
        raise UsageError(
            f"no credentials: {who} names {name}, and nothing of that name is there",
            advice=f"agentramp access add {name} makes it; in a workflow set up a role"
            " (docs/how-to/credentials.md); without a cloud account use --platform local",
        )

    def named(self, name: str) -> Named | None:
        """A variable for this run comes before what this machine keeps."""
        if found := from_variable(name, self.environ) or self.drawer.get(name):
            return found
        file = AccessFile.of(self.environ)
        return file.get(name) if file else None


def _of(named: Named) -> Found:
    is_static = named.held.credentials.security_token is None
    return Found(named.held, named.account, is_static)
