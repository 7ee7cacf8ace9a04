"""``ALIBABA_CLOUD_CREDENTIALS_URI``: a service beside us hands out temporary credentials.

Plain http is for addresses that leave no machine or no link: loopback, link-local, and the
vendor's own metadata address. Everything else must be https.
"""

from dataclasses import dataclass, field
from typing import Final

from agentramp.credentials.answers import Fetching, fetched, temporary
from agentramp.credentials.port import Lent
from agentramp.errors import UsageError
from agentramp.exchange import Letter, check_address, host, is_near

TIMEOUT: Final = 10.0
MOST_BYTES: Final = 64 * 1024
_FROM_URI: Final = Fetching(
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    silent="check that its service runs",
    refused="look at the log of that service",
    timeout=TIMEOUT,
    most=MOST_BYTES,
)


@dataclass(frozen=True)
class CredentialsUri:
    """Raises UsageError for an address that credentials must not come from."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        if not is_near(self.url):
            check_address(self.url, "ALIBABA_CLOUD_CREDENTIALS_URI")
        elif "://" not in self.url or self.url.partition("://")[0] not in {"http", "https"}:
            raise UsageError(
                "ALIBABA_CLOUD_CREDENTIALS_URI is no http address", advice="begin with http://"
            )

    @property
    def name(self) -> str:
        return f"ALIBABA_CLOUD_CREDENTIALS_URI ({host(self.url)})"

    def lend(self) -> Lent:
        return temporary(fetched(Letter(self.url, b""), _FROM_URI), self.name)
