"""How a person goes on with a purchase: the commands that errors and answers name."""

from dataclasses import dataclass
from typing import Final

SESSION: Final = "--session"


@dataclass(frozen=True)
class Ways:
    """``begin`` and ``resume`` are commands as they may be pasted; ``elsewhere``: not here.

    Where the next command runs elsewhere, the project's file is not there: the session is named.
    """

    begin: str = "agentramp site create"
    resume: str = "agentramp site resume"
    elsewhere: bool = False

    @property
    def another(self) -> str:
        return f"{self.begin} --start-another"

    def of(self, session: str) -> str:
        """To a session that may not be written down where it is typed."""
        return f"{self.resume} {SESSION} {session}"

    def on(self, session: str = "") -> str:
        """To what is written down here."""
        return self.of(session) if session and self.elsewhere else self.resume
