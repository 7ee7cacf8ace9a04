"""Reads again and again until a change has ended, first fast and then ever slower."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from agentramp.model import Endpoint, Runtime, Status
from agentramp.platform.port import NotFoundError, NotReadyError
from agentramp.progress import Progress, Silent

FIRST_POLL, SLOWER, SLOWEST_POLL = 0.1, 1.5, 10.0
TELL_EVERY = 15.0

Entity = TypeVar("Entity", Runtime, Endpoint)
_Ended = Callable[[Entity], bool]


@dataclass(frozen=True)
class Waiting(Generic[Entity]):
    """``read`` gives the runtime or endpoint as it is now; all times are seconds."""

    read: Callable[[], Entity]
    timeout: float
    now: Callable[[], float]
    sleep: Callable[[float], None]
    progress: Progress = field(default_factory=Silent)

    def settled(self) -> Entity:
        """As soon as the status is a final one; the first read is at once."""
        return self._until(lambda entity: entity.status.is_final)

    def gone(self) -> None:
        """As soon as there is nothing to read; raises NotReadyError where removing failed."""
        try:
            entity = self._until(lambda entity: entity.status is Status.DELETE_FAILED)
        except NotFoundError:
            return
        ready(entity)

    def _until(self, ended: _Ended[Entity]) -> Entity:
        begun = told = self.now()
        wait = FIRST_POLL
        while not ended(entity := self.read()):
            now = self.now()
            if now - told >= TELL_EVERY:
                told = now
                self.progress.say(f"{name(entity)} is {entity.status.value} ({now - begun:.0f} s)")
            if now - begun > self.timeout:
                raise NotReadyError(
                    f"{name(entity)} is still {entity.status.value} after {self.timeout:.0f} s",
                    advice="the platform may still finish it: run this again to go on waiting",
                )
            self.sleep(wait)
            wait = min(wait * SLOWER, SLOWEST_POLL)
        return entity


def ready(entity: Entity) -> Entity:
    if entity.status.is_failure:
        reason = entity.reason or "the platform gives no reason"
        raise NotReadyError(
            f"{name(entity)} is {entity.status.value}: {reason}",
            advice="mend what the reason names and run this again",
        )
    return entity


def name(entity: Runtime | Endpoint) -> str:
    if isinstance(entity, Runtime):
        return f"runtime {entity.spec.name}"
    return f"endpoint {entity.name}"
