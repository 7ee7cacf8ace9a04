"""How long work tells that it is still at work, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    def say(self, line: str) -> None:
        """Tell one thing that happened."""
        ...

    def advance(self, title: str, done: int, total: int) -> None:
        """Tell how far ``title`` is: ``done`` of ``total``. May be called often."""
        ...


class Silent:
    """Tells nothing: the default of every library function."""

    def say(self, line: str) -> None:
        pass

    def advance(self, title: str, done: int, total: int) -> None:
        pass
