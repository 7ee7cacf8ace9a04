"""How long a run waits for bookkeeping in all: no release is to be late for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from agentramp.bookkeeping.port import BookkeepingError

BUDGET: Final = 10.0
"""Seconds for all that one run writes down."""
_FIRST, _LONGEST = 0.5, 4.0


@dataclass
class Patience:
    """``clock`` tells seconds since 1970-01-01 UTC, as a rate limit's end is told in them."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    budget: float = BUDGET
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.budget

    @property
    def left(self) -> float:
        return max(0.0, self._end - self.clock())

    def backoff(self, attempt: int) -> float:
        """Seconds before the next try; twice as many each time, and never the same for two runs."""
        return float(min(_FIRST * 2**attempt, _LONGEST) * (0.5 + self.jitter() / 2))

    def endure(self, seconds: float) -> None:
        """Raises BookkeepingError where that is too long."""
        if not self.wait(seconds):
            raise self.over()

    def over(self) -> BookkeepingError:
        return BookkeepingError(
            f"GitHub's API was too slow: the {self.budget:.0f} s for it are over",
            advice="the next run writes down what is missing",
        )

    def wait(self, seconds: float) -> bool:
        """Whether ``seconds`` fit into what is left; if so they have passed."""
        if seconds >= self.left:
            return False
        self.sleep(seconds)
        return True
