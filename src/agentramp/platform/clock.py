"""A server's own time, known from its answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from threading import Lock


@dataclass
class ServerClock:
    """Seconds since 1970-01-01 UTC as the ``Date`` of answers tells them, to about a second.

    Before any answer it is ``now``, this machine's clock; from then on a step of that changes
    nothing. ``monotonic`` is a clock that nobody sets. More than one thread may use it.
    """

    now: Callable[[], float]
    monotonic: Callable[[], float]
    _epoch: float | None = field(default=None, init=False)
    """What the server's clock shows where ``monotonic`` shows 0."""
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __call__(self) -> float:
        return self.now() if self._epoch is None else self.monotonic() + self._epoch

    def hear(self, date: str) -> None:
        """``date`` is the header of an answer that came just now; what is no date says nothing."""
        try:
            epoch = parsedate_to_datetime(date).timestamp() - self.monotonic()
        except (TypeError, ValueError):
            return
        # A date is cut to the second and was sent before it was read: the largest is the truest.
        with self._lock:
            self._epoch = epoch if self._epoch is None else max(self._epoch, epoch)
