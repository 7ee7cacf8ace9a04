"""The platform's time, on a machine that may sleep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from agentramp.logs.service import UnreachedError
from agentramp.platform.port import UnreachableError

DOUBT: Final = 3.0
"""Seconds that two clocks may part before the platform is asked; its own tells whole ones."""


@dataclass
class WakefulClock:
    """Seconds since 1970-01-01 UTC as ``platform`` told them last, and went on from there.

    What it goes on by may stand still while the machine sleeps; ``own``, the machine's clock, goes
    on, but it may also be set. So where the two part, the platform is asked again (``ask``).
    """

    platform: Callable[[], float]
    own: Callable[[], float]
    ask: Callable[[], object]
    _apart: float = field(init=False)

    def __post_init__(self) -> None:
        self._apart = self._parted()

    def __call__(self) -> float:
        """Raises UnreachedError where the platform has to be asked and does not answer."""
        if abs(self._parted() - self._apart) > DOUBT:
            try:
                self.ask()
            except UnreachableError as error:
                raise UnreachedError(error.message, advice=error.advice) from error
            self._apart = self._parted()
        return self.platform()

    def _parted(self) -> float:
        return self.own() - self.platform()
