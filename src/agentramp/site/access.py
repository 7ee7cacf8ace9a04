"""What of a token those need who ask a site."""

from typing import Protocol


class Access(Protocol):
    """A token that goes to its own place only; raises UsageError for any other address."""

    def sent_to(self, url: str) -> str: ...
