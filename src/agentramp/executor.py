"""Carries a plan out: one match over its steps, every traffic change journaled and read back.

When a traffic change fails, the plan's way back is carried out before the error is passed on,
so the error's exit code can be trusted: 3 means traffic is where it was, 5 means nobody knows.
A move towards safety has no way back; what became of it is looked up instead.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from agentramp.effects import Outcome, Ports, carry_out, no_components, no_functions, no_logs
from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.execution import Listener
from agentramp.journal.port import HeldError, Journal, JournalError
from agentramp.logs.port import Logs
from agentramp.model import Endpoint, Split, Status
from agentramp.mounting import Mounting
from agentramp.plan import (
    CreateEndpoint,
    DescribeEndpoint,
    InstallComponent,
    KeepRecord,
    MoveTraffic,
    Plan,
    RemoveComponent,
    RemoveEndpoint,
    SetDomain,
    Step,
)
from agentramp.platform.components import Components
from agentramp.platform.functions import Functions
from agentramp.platform.port import NotFoundError, Platform, PlatformError
from agentramp.policy import DEFAULT_POLICY
from agentramp.ramp import standing
from agentramp.record import (
    Event,
    Installing,
    Moved,
    Moving,
    Record,
    Removed,
    Removing,
    Undone,
)
from agentramp.stepping import (
    WORDS,
    changes,
    half_told,
    is_journaled,
    moved,
    served,
    undoing,
    unknown,
    way_back_of,
    words,
)

ROUNDS = 5
"""How often a run that lost looks whether the winner has decided something else meanwhile."""


@dataclass
class Executor:
    """``by`` is who runs this, for the journal; ``timer`` tells seconds of a monotonic clock.

    A run that was asleep for longer than half of ``lease`` seconds between saying what it will do
    and doing it does not do it: by then another may have taken over.
    """

    platform: Platform
    journal: Journal
    listener: Listener
    by: str = ""
    timer: Callable[[], float] = time.monotonic
    lease: float = DEFAULT_POLICY.lease
    functions: Callable[[], Functions] = no_functions
    logs: Callable[[], Logs] = no_logs
    components: Callable[[], Components] = no_components
    sleep: Callable[[float], None] = time.sleep
    _written: int = field(default=0, init=False)
    _moving: Moving | Removing | None = field(default=None, init=False)
    _installing: Installing | None = field(default=None, init=False)

    def __call__(self, plan: Plan) -> Outcome:
        """Carry out ``plan``; raises what the platform or the journal raised."""
        if not plan.steps:
            return Outcome()
        with self.journal.hold(plan.subject):
            self._written, self._moving, self._installing = plan.generation or 0, None, None
            if plan.generation is None and any(map(is_journaled, plan.steps)):
                self._written = len(self.journal.read(plan.subject))
            outcome = Outcome(changed=any(map(changes, plan.steps)))
            for step in plan.steps:
                self.listener.begin(step)
                if isinstance(step, InstallComponent):
                    self._mounting(plan).expect(step)
                with half_told(plan, step):
                    outcome = self._guarded(plan, step, outcome)
                self.listener.end(step)
            return outcome

    def _guarded(self, plan: Plan, step: Step, outcome: Outcome) -> Outcome:
        try:
            return self._do(plan, step, outcome)
        except (SupersededError, WayBackFailedError):
            raise  # the traffic is somebody else's now: hands off
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, traffic must be known
            if self._installing or isinstance(step, RemoveComponent):
                self._mounting(plan).settle(step, error)
                return outcome
            if self._moving is None and not isinstance(step, SetDomain):
                raise
            if isinstance(error, PlatformError) and error.untouched:
                self._call_off(plan, step)
                raise
            if isinstance(step, RemoveEndpoint):
                gone = self._gone(plan, step, error, outcome)
                if gone is None or isinstance(error, KeyboardInterrupt):
                    raise
                return gone
            if way_back := way_back_of(plan, step):
                self._go_back(plan, way_back, error)
                raise
            endpoint = self._look(plan, step, error)
            if endpoint is None or isinstance(error, KeyboardInterrupt):
                raise
            return replace(outcome, endpoint=endpoint)

    def _call_off(self, plan: Plan, step: Step) -> None:
        """Nothing was asked of the platform, so there is nothing to put back."""
        if isinstance(step, MoveTraffic | DescribeEndpoint):
            with suppress(JournalError):  # else the open intent tells the next run to look
                self._write(plan, Undone(served(step), served(step)))

    def _go_back(self, plan: Plan, way_back: tuple[Step, ...], cause: BaseException) -> None:
        for step in way_back:
            self.listener.going_back(step)
            try:
                self._undo(plan, step, cause)
            except SupersededError:
                raise
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
                raise unknown(plan, cause, f"the way back failed too: {words(error)}") from cause
            self.listener.went_back(step)

    def _undo(self, plan: Plan, step: Step, cause: BaseException) -> None:
        match step:
            case MoveTraffic():
                endpoint = self.platform.get_endpoint(step.runtime_id, step.endpoint_id)
                if endpoint.split not in {step.before, step.after}:
                    raise SupersededError(
                        f"{plan.subject} serves {endpoint.split}, which this run never set",
                        advice="somebody else moved it; look at it, then run this again",
                    )
                plan, begun, end = undoing(plan, step, cause)
                self._announce(plan, begun)
                self.platform.set_split(step.runtime_id, step.endpoint_id, step.after)
                with suppress(JournalError):  # as where a move is called off
                    self._close(plan, step, end)
            case SetDomain():
                carry_out(step, Outcome(), self._ports)
            case _:
                raise TypeError(f"no way back by {step}")

    def _look(self, plan: Plan, step: Step, cause: BaseException) -> Endpoint | None:
        """What became of a move that nothing undoes: the endpoint if it is done, None if not."""
        if not isinstance(step, MoveTraffic):
            return None
        try:
            endpoint = self.platform.get_endpoint(step.runtime_id, step.endpoint_id)
            done = endpoint.split == step.after and endpoint.status is Status.READY
            if done:  # as far as was read, and that may be older than the failure
                self._announce(plan, Moving(step.before, step.after, step.reason))
                self.platform.set_split(step.runtime_id, step.endpoint_id, step.after)
        except SupersededError:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
            raise unknown(plan, cause, f"nor can it be read: {words(error)}") from cause
        if done:
            try:
                self._close(plan, step, Moved(step.before, step.after))
            except JournalError:
                raise cause from None  # done, and the next run will find and record it
            return endpoint
        if endpoint.split == step.before and endpoint.status is Status.READY:
            return None
        raise unknown(plan, cause, f"it serves {endpoint.split} ({endpoint.status.value})")

    def _do(self, plan: Plan, step: Step, outcome: Outcome) -> Outcome:
        match step:
            case CreateEndpoint():
                return replace(outcome, endpoint=self._open(plan, step))
            case MoveTraffic():
                return replace(outcome, endpoint=self._move(plan, step))
            case DescribeEndpoint():
                return replace(outcome, endpoint=self._describe(plan, step))
            case RemoveEndpoint():
                self._remove(plan, step)
                return outcome
            case KeepRecord(event):
                self._write(plan, event)
                self._installing = event if isinstance(event, Installing) else None
                return outcome
            case _:
                return carry_out(step, outcome, self._ports)

    @property
    def _ports(self) -> Ports:
        return Ports(self.platform, self.functions, self.logs, self.components, self.sleep)

    def _mounting(self, plan: Plan) -> Mounting:
        unheld = partial(self.journal.append, plan.subject, expected=self._written)
        write = partial(self._write, plan)
        return Mounting(plan, self._installing, self._ports, self.listener, write, unheld)

    def _open(self, plan: Plan, step: CreateEndpoint) -> Endpoint:
        self._intend(plan, Moving(None, step.split, "the endpoint is new"))
        endpoint = self.platform.create_endpoint(
            step.runtime_id, step.name, step.split, step.description
        )
        self._write(plan, Moved(None, step.split))
        return endpoint

    def _move(self, plan: Plan, step: MoveTraffic) -> Endpoint:
        self._expect(plan, step)
        self._announce(plan, Moving(step.before, step.after, step.reason))
        # Also where it is so already: what was read may be older than what serves.
        endpoint = self.platform.set_split(step.runtime_id, step.endpoint_id, step.after)
        self._close(plan, step, Moved(step.before, step.after))
        return endpoint

    def _describe(self, plan: Plan, step: DescribeEndpoint) -> Endpoint:
        """The split goes with the words, so whoever moves it meanwhile has to know of this."""
        self._expect(plan, step)
        self._announce(plan, Moving(step.split, step.split, WORDS))
        found = self.platform.describe_endpoint(step.runtime_id, step.endpoint_id, step.description)
        if found.split != step.split:
            raise moved(plan, found.split, step.split)
        self._close(plan, step, Moved(step.split, step.split))
        return found

    def _remove(self, plan: Plan, step: RemoveEndpoint) -> None:
        with suppress(NotFoundError):  # gone already: only the record is left to make
            self._expect(plan, step)
        self._announce(plan, Removing(step.before))
        self.platform.delete_endpoint(step.runtime_id, step.endpoint_id)
        self._write(plan, Removed(step.before))
        self._moving = None

    def _gone(
        self, plan: Plan, step: RemoveEndpoint, cause: BaseException, outcome: Outcome
    ) -> Outcome | None:
        """What became of a removal that failed: the outcome if it is done, None if not."""
        try:
            observed = self.platform.observe(plan.subject.runtime)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
            raise unknown(plan, cause, f"nor can it be read: {words(error)}") from cause
        found = next((one for one in observed.endpoints if one.id == step.endpoint_id), None)
        if found is None:
            return self._told_gone(plan, step, outcome)
        if found.split != step.before or found.status is not Status.READY:
            raise unknown(plan, cause, f"it serves {found.split} ({found.status.value})")
        try:
            self._write(plan, Undone(step.before, step.before))
        except JournalError:
            raise cause from None  # the open intent tells the next run to look
        return None

    def _told_gone(self, plan: Plan, step: RemoveEndpoint, outcome: Outcome) -> Outcome:
        """Gone is gone, also where it cannot be written down: the open intent tells the next."""
        try:
            self._write(plan, Removed(step.before))
        except JournalError as error:
            told = f"{plan.subject} is removed, and that could not be written down: {error}"
            return replace(outcome, unwritten=told)
        return outcome

    def _expect(self, plan: Plan, step: MoveTraffic | DescribeEndpoint | RemoveEndpoint) -> None:
        """Raises SupersededError where the endpoint does not serve what was planned from."""
        endpoint = self.platform.get_endpoint(step.runtime_id, step.endpoint_id)
        if endpoint.split != served(step):
            raise moved(plan, endpoint.split, served(step))

    def _announce(self, plan: Plan, intent: Moving | Removing) -> None:
        began = self.timer()
        self._intend(plan, intent)
        if self.timer() - began > self.lease / 2:
            raise SupersededError(
                f"this run was asleep before it could move {plan.subject}", advice="run it again"
            )

    def _intend(self, plan: Plan, intent: Moving | Removing) -> None:
        before = self._written
        try:
            self._write(plan, intent)
        finally:  # an interruption may come once it is there
            self._moving = intent if self._written > before else self._moving

    def _close(self, plan: Plan, step: MoveTraffic | DescribeEndpoint, end: Moved | Undone) -> None:
        """Record how a move ended; if another run took it over meanwhile, its word counts."""
        written = self._written
        try:
            self._write(plan, end)
        except HeldError as lost:
            if way_back_of(plan, step):
                self._give_way(plan, step, end.after, lost)
            raise
        finally:  # undone once it is told, a ramp's last step would leave a trial without a ramp
            if self._written > written and not plan.ends_if_interrupted:
                self._moving = None
        self._moving = None

    def _give_way(
        self, plan: Plan, step: MoveTraffic | DescribeEndpoint, ours: Split, lost: HeldError
    ) -> None:
        """Put back what the winner decided, if what this run set came after it.

        That is announced like any other move; where another run is at work, it is left to it.
        """
        try:
            for _ in range(ROUNDS):
                records = self.journal.read(plan.subject)
                now = standing(records)
                actual = self.platform.get_endpoint(step.runtime_id, step.endpoint_id).split
                if now.open or now.settled is None or actual == now.settled or actual != ours:
                    return
                self._written = len(records)
                with suppress(SupersededError):
                    self._put_back(plan, step, Moved(actual, now.settled))
                    return
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
            raise unknown(plan, lost, f"and it cannot be put right: {words(error)}") from lost

    def _put_back(self, plan: Plan, step: MoveTraffic | DescribeEndpoint, move: Moved) -> None:
        self._announce(plan, Moving(move.before, move.after, "put back what another run decided"))
        self.platform.set_split(step.runtime_id, step.endpoint_id, move.after)
        self._write(plan, move)

    def _write(self, plan: Plan, event: Event) -> None:
        record = Record(plan.verb, self.platform.now(), event, self.by)
        try:
            self.journal.append(plan.subject, record, expected=self._written)
        except KeyboardInterrupt:
            with suppress(JournalError):
                self._written += self.journal.read(plan.subject)[self._written :] == (record,)
            raise
        self._written += 1
