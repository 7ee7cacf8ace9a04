"""The changes of one deploy that users can notice: all of them, or none.

What nothing gives back is the exception: a head that endpoints follow, and an endpoint that is
removed. It is told by name, and never with the exit code that says that nothing was changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from agentramp.effects import Outcome
from agentramp.errors import AgentrampError, SupersededError, WayBackFailedError
from agentramp.execution import Execute
from agentramp.plan import Plan, Step
from agentramp.planning import put_back
from agentramp.stepping import words


class HalfDoneError(WayBackFailedError):
    """Part of what was asked for is done and nothing takes it back; the message says which part."""


def _nobody(_: str) -> None:
    """Who hears of a sentence where nobody listens."""


@dataclass
class _Deed:
    """``sure``: it was carried out; else it may have been, as an interrupt came in between."""

    plan: Plan
    execute: Execute
    sure: bool = False


@dataclass
class Undertaking:
    """``told`` hears of each step that is put back, ``say`` of what an interrupt leaves."""

    told: Callable[[Step], None]
    say: Callable[[str], None] = _nobody
    _done: list[_Deed] = field(default_factory=list)
    _kept: list[str] = field(default_factory=list)
    _gone: list[str] = field(default_factory=list)

    def carry_out(self, plan: Plan, execute: Execute) -> Outcome:
        deed = _Deed(plan, execute)
        self._done.append(deed)  # first: an interrupt may come before this knows of its end
        try:
            outcome = execute(plan)
        except AgentrampError:
            self._done.pop()  # the executor has put it back, or says that it could not
            raise
        deed.sure = True
        if not outcome.changed:
            self._done.pop()
        return outcome

    def remove(self, plan: Plan, execute: Execute) -> Outcome:
        """The last of all: once something is removed, nothing is put back any more."""
        try:
            outcome = execute(plan)
        except KeyboardInterrupt:
            self._gone.append(f"{plan.subject} may be removed")
            raise
        if outcome.changed:
            self._gone.append(f"{plan.subject} is removed")
        if outcome.unwritten:
            self.say(f"warning: {outcome.unwritten}")
        return outcome

    def stays(self, what: str) -> None:
        """``what`` is done for good, in a sentence: no later failure takes it back."""
        self._kept.append(what)

    def undo(self, cause: BaseException) -> None:
        """Put back what was carried out, the last first; raises where that cannot be done.

        An endpoint that somebody else has moved since is left alone, and the others are not.
        """
        failures = [] if self._gone else self._put_back()
        for_good = [*self._gone, *self._kept]
        told = "; ".join([*map(words, (cause, *failures)), *for_good])
        if isinstance(cause, WayBackFailedError) or not all(map(_is_left, failures)):
            self._unknown(cause, told, only=not failures and not for_good)
        elif isinstance(cause, KeyboardInterrupt):
            for sentence in (*map(words, failures), *for_good):
                self.say(sentence)
        elif for_good:
            raise self._half_done(cause, told) from cause
        elif failures:
            raise SupersededError(
                told, advice="look at what the endpoints serve, then run this again"
            ) from cause

    def _unknown(self, cause: BaseException, told: str, *, only: bool) -> None:
        """``only``: the cause says it all."""
        if not only:
            raise WayBackFailedError(
                told, advice="look at the endpoints now and set their traffic by hand"
            ) from cause

    def _put_back(self) -> list[BaseException]:
        return [failure for deed in reversed(self._done) if (failure := self._back(deed))]

    def _half_done(self, cause: BaseException, told: str) -> HalfDoneError:
        all_else = "what was deployed stays" if self._gone else "what can be put back is"
        advice = [getattr(cause, "advice", ""), "mend that, then deploy again: it goes on"]
        return HalfDoneError(f"{told}; {all_else}", advice="; ".join(filter(None, advice)))

    def _back(self, deed: _Deed) -> BaseException | None:
        back = put_back(deed.plan)
        if back is None:
            return None
        if deed.sure:
            for step in back.steps:
                self.told(step)
        try:
            deed.execute(back)
        except SupersededError as error:
            # Where it was not sure, this says that there was nothing to put back.
            return error if deed.sure else None
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the others go back too
            return error
        return None


@contextmanager
def all_or_none(
    told: Callable[[Step], None], say: Callable[[str], None] = _nobody
) -> Iterator[Undertaking]:
    """Where anything fails inside, what was carried out is put back first.

    So exit code 3 means that traffic is as it was.
    """
    undertaking = Undertaking(told, say)
    try:
        yield undertaking
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, traffic must be known
        undertaking.undo(error)
        raise


def _is_left(failure: BaseException) -> bool:
    """Somebody else has moved it since: left alone."""
    return isinstance(failure, SupersededError)
