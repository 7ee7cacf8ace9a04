"""What was asked of a service and how it answered: never headers, bodies or signatures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Call:
    """One request as it went over the line; ``status`` 0: no answer came."""

    action: str
    status: int
    milliseconds: float

    def __str__(self) -> str:
        return f"{self.action} {self.status or 'no answer'} {self.milliseconds:.0f} ms"


Tell: TypeAlias = Callable[[Call], None]
"""May be called from more than one thread."""


def untold(call: Call) -> None:
    """Nobody listens."""
