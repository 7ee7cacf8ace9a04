"""Where identity tokens come from: GitHub's token service, or a file that somebody keeps fresh."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from agentramp.credentials.answers import Fetching, fetched
from agentramp.credentials.port import CredentialsError
from agentramp.exchange import Letter, check_address, check_token

AUDIENCE: Final = "sts.aliyuncs.com"
TIMEOUT: Final = 30.0
SHORTEST, LONGEST = 4, 20_000
"""Characters of a token that STS takes."""
_FROM_GITHUB: Final = Fetching(
    "GitHub gave no identity token",
    silent="run the job again",
    refused="the job needs permissions: id-token: write; then run it again",
    timeout=TIMEOUT,
    most=4 * LONGEST,
)


@dataclass(frozen=True)
class GitHubToken:
    """A token of the job that runs, for the audience ``sts.aliyuncs.com``.

    Raises UsageError for an address or token that could not be used safely.
    """

    url: str = field(repr=False)
    bearer: str = field(repr=False)

    def __post_init__(self) -> None:
        check_address(self.url, "GitHub's token service (ACTIONS_ID_TOKEN_REQUEST_URL)")
        check_token(self.bearer, "GitHub's token service (ACTIONS_ID_TOKEN_REQUEST_TOKEN)")

    def __call__(self) -> str:
        """Raises CredentialsError."""
        mark = "&" if "?" in self.url else "?"
        letter = Letter(
            f"{self.url}{mark}{urlencode({'audience': AUDIENCE})}", b"", token=self.bearer
        )
        return _checked(fetched(letter, _FROM_GITHUB).get("value"), "GitHub")


@dataclass(frozen=True)
class TokenFile:
    """Read each time: whoever keeps the file writes a fresh token into it."""

    path: Path

    def __call__(self) -> str:
        """Raises CredentialsError."""
        try:
            with self.path.open("rb") as file:
                text = file.read(LONGEST + 2).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialsError(
                f"the token file {self.path} cannot be read ({type(error).__name__})",
                advice="ALIBABA_CLOUD_OIDC_TOKEN_FILE must name a file that holds one token",
            ) from None
        return _checked(text, str(self.path))


def _checked(token: object, who: str) -> str:
    if isinstance(token, str) and SHORTEST <= len(token) <= LONGEST and token.isprintable():
        return token
    raise CredentialsError(
        f"what {who} gave is no identity token",
        advice=f"one has {SHORTEST} to {LONGEST} characters and no line ends",
    )
