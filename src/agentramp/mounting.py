"""What becomes of a component whose installation or removal failed: it is put back, or looked up.

The records around it are steps of the plan; what is written here is only how a failure ended. As
for traffic: after exit code 3 what ran before runs, and 5 says what runs instead.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from agentramp.component import Component, Health
from agentramp.effects import Outcome, Ports, carry_out
from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.execution import Listener
from agentramp.journal.port import JournalError
from agentramp.plan import AskComponent, InstallComponent, Plan, RemoveComponent, Step
from agentramp.platform.port import PlatformError
from agentramp.record import Event, Installed, Installing, Uninstalled
from agentramp.stepping import moved, words


@dataclass(frozen=True)
class Mounting:
    """``begun`` is the installation in progress, where there is one.

    ``unheld`` raises HeldError where another has written to the journal since this run did.
    """

    plan: Plan
    begun: Installing | None
    ports: Ports
    listener: Listener
    write: Callable[[Event], None]
    unheld: Callable[[], None]

    def expect(self, step: InstallComponent) -> None:
        """Raises SupersededError where there is something else than was planned from.

        Whatever is raised, nothing was asked of the server yet.
        """
        try:
            found = self.ports.components().observe().component(step.bundle.identity.did)
        except (Exception, KeyboardInterrupt):
            self._call_off(step)
            raise
        if _what(found) != _what(step.before):
            raise moved(self.plan, told(found), told(step.before))

    def settle(self, step: Step, cause: BaseException) -> None:
        """Return where ``step`` is done all the same; else raise ``cause`` when it is put back.

        Raises WayBackFailedError where it is not.
        """
        if isinstance(step, RemoveComponent):
            if self._is_gone(step, cause) and not isinstance(cause, KeyboardInterrupt):
                return
            self._refuse_half(step, cause)
        elif isinstance(step, InstallComponent) and _untouched(cause):
            self._call_off(step)
        elif self.plan.way_back:
            self._go_back(cause)
        else:
            self._look(cause)
        raise cause

    def _go_back(self, cause: BaseException) -> None:
        with suppress(JournalError):  # unread, what this run began is still for it to undo
            self.unheld()
        for step in self.plan.way_back:
            if not isinstance(step, InstallComponent | AskComponent | RemoveComponent):
                raise TypeError(f"no way back by {step}")
            self.listener.going_back(step)
            try:
                carry_out(step, Outcome(), self.ports)
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then it is looked up
                self._check_former(cause, error)
                break
            self.listener.went_back(step)
        self._end()

    def _check_former(self, cause: BaseException, failure: BaseException) -> None:
        """Passes where what ran before runs, though the way back to it failed."""
        failed = f"the way back failed too: {words(failure)}"
        try:
            found = self._found()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
            more = f"{failed}; nor can it be read: {words(error)}"
            raise self._unknown(cause, more) from cause
        # Who cut it short may have done so while a version was on its way.
        if not isinstance(failure, PlatformError) or not self._is_former(found):
            raise self._unknown(cause, f"{failed}; {told(found)} now") from cause

    def _look(self, cause: BaseException) -> None:
        """Nothing leads back: passes where what ran before runs."""
        try:
            found = self._found()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
            raise self._unknown(cause, f"nor can it be read: {words(error)}") from cause
        if not self._is_former(found):
            why = self.plan.no_way_back.removeprefix("none: ")
            more = f"{told(found)} now, and there is no way back: {why}"
            raise self._unknown(cause, more) from cause
        self._end()

    def _is_former(self, found: Component | None) -> bool:
        """Whether what is there is what was there: the digest tells, else the version."""
        former = self.begun.before if self.begun else None
        if former is None or found is None:
            return former is None and found is None
        sent = next((one for one in self.plan.steps if isinstance(one, InstallComponent)), None)
        place = (found.version, found.mount_point, found.health)
        if place != (former.version, former.mount_point, Health.RUNNING):
            return False
        before = sent.before if sent else None
        if before and before.version == former.version and before.integrity and found.integrity:
            return before.integrity == found.integrity
        return self.begun is not None and former.version != self.begun.after.version

    def _is_gone(self, step: RemoveComponent, cause: BaseException) -> bool:
        try:
            found = self.ports.components().observe().component(step.did)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
            raise self._unknown(cause, f"nor can it be read: {words(error)}") from cause
        if found is not None and found.health is not Health.RUNNING:
            raise self._unknown(cause, f"{told(found)} now") from cause
        return found is None

    def _refuse_half(self, step: RemoveComponent, cause: BaseException) -> None:
        """What stands before ``step`` in the plan is done for good: it is not as it was."""
        done = self.plan.steps[: self.plan.steps.index(step)]
        made = next((one for one in done if isinstance(one, InstallComponent)), None)
        if made is None or isinstance(cause, KeyboardInterrupt):
            return
        new = made.bundle
        raise WayBackFailedError(
            f"{words(cause)}; {new.identity.name} {new.version} serves, and {step.name} is still"
            " there",
            advice="mend that, then run it again: it goes on with what is left",
        ) from cause

    def _found(self) -> Component | None:
        if self.begun is None:
            return None
        return self.ports.components().observe().component(self.begun.after.did)

    def _call_off(self, step: InstallComponent) -> None:
        """Nothing was asked of the server; what a run left that died there is still unproven."""
        former = self.begun.before if self.begun else None
        there = step.before
        if (former and former.version) == (there and there.version):
            self._end()

    def _end(self) -> None:
        """Write down that it is as it was; without that the open intent tells the next to look."""
        if self.begun is None:
            return
        former = self.begun.before
        # A HeldError too: what is there was put back, and another run has taken it on.
        with suppress(JournalError, SupersededError):
            self.write(Installed(former) if former else Uninstalled(self.begun.after))

    def _unknown(self, cause: BaseException, more: str) -> WayBackFailedError:
        return WayBackFailedError(
            f"{words(cause)}; {more}",
            advice=f"look at {self.plan.subject} on the server now; deploy what is to run there",
        )


def told(found: Component | None) -> str:
    if found is None:
        return "nothing is there"
    return f"{found.version} is at {found.mount_point} ({found.health.value})"


def _untouched(cause: BaseException) -> bool:
    return isinstance(cause, PlatformError) and cause.untouched


def _what(found: Component | None) -> tuple[str, str, str] | None:
    return (found.version, found.mount_point, found.integrity) if found else None
