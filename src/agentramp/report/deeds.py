"""What a run has done so far: what may be said of it where it fails."""

from dataclasses import dataclass


@dataclass
class Deeds:
    """``tried``: something was begun or done that a failure does not surely put back.

    Exit code 3 promises that traffic is where it was; a runtime that was made stays.
    ``version`` is the one that was published, or found to be published already.
    """

    tried: bool = False
    version: int | None = None
