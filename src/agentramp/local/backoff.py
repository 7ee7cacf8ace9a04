"""How long to wait before an agent that died is started again."""

from agentramp.local import assumptions


class Backoff:
    """Doubles from the first delay to the most; begins anew after a life that was long enough."""

    def __init__(
        self,
        first: float = assumptions.BACKOFF_FIRST_SECONDS,
        most: float = assumptions.BACKOFF_MOST_SECONDS,
        stable: float = assumptions.STABLE_SECONDS,
    ) -> None:
        self._first = first
        self._most = most
        self._stable = stable
        self._next = first

    def after(self, lived: float) -> float:
        """Seconds to wait after a process that lived ``lived`` seconds."""
        if lived >= self._stable:
            self._next = self._first
        delay = self._next
        self._next = min(delay * 2, self._most)
        return delay
