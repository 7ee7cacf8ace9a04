"""What a place for pictures can do: take one in parts, and say how much of it is there."""

from dataclasses import dataclass
from typing import Protocol

from agentramp.errors import RefusedError
from agentramp.site.pages.document import Picture


class MediaError(RefusedError):
    """The site did not take a picture. ``again``: whether it may be asked again."""

    def __init__(self, message: str, *, advice: str = "", again: bool = False) -> None:
        super().__init__(message, advice=advice)
        self.again = again


class UploadGoneError(MediaError):
    """The site knows nothing of an upload that was begun: it has to begin anew."""


@dataclass(frozen=True)
class Begun:
    """``url`` is there where the site has the whole picture already."""

    location: str
    offset: int = 0
    url: str = ""


@dataclass(frozen=True)
class Sent:
    """How much is there now; ``url`` once that is all of it."""

    offset: int
    url: str = ""


class Media(Protocol):
    """Each raises MediaError, and UploadGoneError for a ``location`` that is not known any more."""

    def begin(self, picture: Picture) -> Begun:
        """Announce ``picture``; of one that is whole there, its address comes at once."""
        ...

    def offset(self, location: str) -> int:
        """How many bytes of it are there."""
        ...

    def send(self, location: str, picture: Picture, offset: int, part: bytes) -> Sent: ...

    def is_gone(self, url: str) -> bool:
        """Whether nothing is shown at ``url``: it is told so, or nobody answers there."""
        ...
