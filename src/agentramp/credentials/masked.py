"""A source whose secrets are masked in the log before anybody can print them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agentramp.credentials.port import Lent, Source


def unmasked(_: str) -> None:
    """Outside a workflow nobody rewrites a log."""


@dataclass(frozen=True)
class Masked:
    """``mask`` is told of the secret and of the token, each time they are lent."""

    source: Source
    mask: Callable[[str], None] = field(repr=False)

    @property
    def name(self) -> str:
        return self.source.name

    def lend(self) -> Lent:
        lent = self.source.lend()
        key = lent.credentials
        for secret in (key.access_key_secret, key.security_token):
            if secret:
                self.mask(secret)
        return lent
