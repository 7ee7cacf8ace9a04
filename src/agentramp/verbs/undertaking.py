"""The traffic changes of one deploy: all of them, or none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.executor import Execute, Outcome
from agentramp.plan import Plan, Step
from agentramp.planning import put_back


@dataclass
class Undertaking:
    """``told`` hears of each step that is put back."""

    told: Callable[[Step], None]
    _done: list[tuple[Plan, Execute]] = field(default_factory=list)

    def carry_out(self, plan: Plan, execute: Execute) -> Outcome:
        outcome = execute(plan)
        self._done.append((plan, execute))
        return outcome

    def undo(self, cause: BaseException) -> None:
        """Put back what was carried out, the last first; raises where that cannot be done.

        An endpoint that somebody else has moved since is left alone, and the others are not.
        """
        failures = [
            failure
            for plan, execute in reversed(self._done)
            if (failure := self._back(plan, execute))
        ]
        if not failures:
            return
        told = "; ".join(_words(error) for error in (cause, *failures))
        if all(isinstance(error, SupersededError) for error in failures):
            raise SupersededError(
                told, advice="look at what the endpoints serve, then run this again"
            ) from cause
        raise WayBackFailedError(
            f"{told}: other endpoints of this deploy could not be put back",
            advice="look at the endpoints now and set their traffic by hand",
        ) from cause

    def _back(self, plan: Plan, execute: Execute) -> BaseException | None:
        for back in put_back([plan]):
            for step in back.steps:
                self.told(step)
            try:
                execute(back)
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the others go back too
                return error
        return None


@contextmanager
def all_or_none(told: Callable[[Step], None]) -> Iterator[Undertaking]:
    """Where anything fails inside, what was carried out is put back first.

    So exit code 3 means that traffic is as it was.
    """
    undertaking = Undertaking(told)
    try:
        yield undertaking
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, traffic must be known
        undertaking.undo(error)
        raise


def _words(error: BaseException) -> str:
    return str(error) or "interrupted"
