"""How long a run has, by a clock that nobody sets."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Deadline:
    """``timer`` tells seconds that only grow; ``ends`` is by it."""

    timer: Callable[[], float]
    ends: float

    @classmethod
    def of(cls, timer: Callable[[], float], seconds: float) -> "Deadline":
        return cls(timer, timer() + seconds)

    def left(self) -> float:
        """Seconds; none are left where it is not above 0."""
        return self.ends - self.timer()
