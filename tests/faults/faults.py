"""What may go wrong with one call, and which call that is."""

import threading
from dataclasses import dataclass, field
from enum import Enum


class Fault(Enum):
    THROTTLED = "throttled"
    BROKEN_BEFORE = "500 before"
    BROKEN_AFTER = "500 after"
    CUT_BEFORE = "cut before"
    CUT_AFTER = "cut after"
    LATE = "late"
    SAID_EXPIRED = "said to be expired"
    EXPIRED = "expired"
    THROTTLED_ON = "throttled for ever"
    BROKEN_ON = "500 for ever"
    DARK = "cut after, then for ever"

    @property
    def lasts(self) -> bool:
        return self in {Fault.THROTTLED_ON, Fault.BROKEN_ON, Fault.DARK}


@dataclass(frozen=True)
class Call:
    """The ``number``-th call of an operation, from 1.

    A thing that is read again and again until it has changed is one call of it: how often it is
    read is chance.
    """

    action: str
    number: int
    is_read: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.action} {self.number}"


@dataclass
class Ledger:
    """The calls of one run, and the one of them that ``fault`` is for; None is for none."""

    fault: Fault | None = None
    at: Call | None = None
    struck: bool = False
    calls: list[Call] = field(default_factory=list)
    refused_from: int = 0
    """How many calls there had been when the fault came."""
    _pending: set[str] = field(default_factory=set)
    _count: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arrived(self, action: str, path: str, *, is_read: bool) -> Fault | None:
        """The fault of this call."""
        with self._lock:
            call = self._noted(action, path, is_read=is_read)
            if self.struck:
                return self._from_now_on()
            if call is None or call != self.at:
                return None
            self.struck, self.refused_from = True, len(self.calls)
            return self.fault

    def _from_now_on(self) -> Fault | None:
        if self.fault is None or not self.fault.lasts:
            return None
        return Fault.CUT_BEFORE if self.fault is Fault.DARK else self.fault

    def _noted(self, action: str, path: str, *, is_read: bool) -> Call | None:
        if is_read and path in self._pending:
            return None
        self._count[action] = self._count.get(action, 0) + 1
        call = Call(action, self._count[action], is_read)
        self.calls.append(call)
        return call

    def answered(self, path: str, *, pending: bool) -> None:
        """``pending``: whether what was read is still on its way, so that it is read again."""
        with self._lock:
            (self._pending.add if pending else self._pending.discard)(path)

    @property
    def is_changed(self) -> bool:
        """Whether something that changes traffic was asked for, up to the fault."""
        return any("Endpoint" in call.action and not call.is_read for call in self.calls)
