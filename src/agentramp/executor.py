"""Carries a plan out: one match over its steps, every traffic change journaled and read back.

When a traffic change fails, the plan's way back is carried out before the error is passed on,
so the error's exit code can be trusted: 3 means traffic is where it was, 5 means nobody knows.
A move towards safety has no way back; what became of it is looked up instead.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from agentramp.effects import Outcome, Ports, carry_out, no_functions, no_logs
from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.journal.port import HeldError, Journal, JournalError
from agentramp.logs.port import Logs
from agentramp.model import Endpoint, Split, Status
from agentramp.plan import (
    CreateEndpoint,
    KeepRecord,
    MoveTraffic,
    Plan,
    RemoveEndpoint,
    Step,
)
from agentramp.platform.functions import Functions
from agentramp.platform.port import NotFoundError, Platform
from agentramp.policy import DEFAULT_POLICY
from agentramp.ramp import standing
from agentramp.record import Event, Judged, Moved, Moving, Record, Removed, Removing, Undone

__all__ = ["Execute", "Executor", "Listener", "Outcome", "look_only"]

ROUNDS = 5
"""How often a run that lost looks whether the winner has decided something else meanwhile."""


class Listener(Protocol):
    """Told of each step, so that a person can follow."""

    def begin(self, step: Step) -> None: ...
    def end(self, step: Step) -> None: ...
    def going_back(self, step: Step) -> None: ...


class Execute(Protocol):
    """What turns a plan into an outcome: the real executor, or one that only looks."""

    def __call__(self, plan: Plan) -> Outcome: ...


def look_only(plan: Plan) -> Outcome:  # noqa: ARG001 - the report prints the plan
    """The executor of a dry run: the same pipeline, no effect."""
    return Outcome()


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
    _written: int = field(default=0, init=False)
    _moving: Moving | Removing | None = field(default=None, init=False)

    def __call__(self, plan: Plan) -> Outcome:
        """Carry out ``plan``; raises what the platform or the journal raised."""
        if not plan.steps:
            return Outcome()
        with self.journal.hold(plan.subject):
            self._written, self._moving = plan.generation or 0, None
            if plan.generation is None and any(map(_is_journaled, plan.steps)):
                self._written = len(self.journal.read(plan.subject))
            outcome = Outcome(changed=any(map(_changes, plan.steps)))
            for step in plan.steps:
                self.listener.begin(step)
                outcome = self._guarded(plan, step, outcome)
                self.listener.end(step)
            return outcome

    def _guarded(self, plan: Plan, step: Step, outcome: Outcome) -> Outcome:
        try:
            return self._do(plan, step, outcome)
        except (SupersededError, WayBackFailedError):
            raise  # the traffic is somebody else's now: hands off
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, traffic must be known
            if self._moving is None:
                raise
            if isinstance(step, RemoveEndpoint):
                if self._is_gone(plan, step, error) and not isinstance(error, KeyboardInterrupt):
                    return outcome
                raise
            if plan.way_back:
                self._go_back(plan, error)
                raise
            endpoint = self._look(plan, step, error)
            if endpoint is None or isinstance(error, KeyboardInterrupt):
                raise
            return replace(outcome, endpoint=endpoint)

    def _go_back(self, plan: Plan, cause: BaseException) -> None:
        for step in plan.way_back:
            self.listener.going_back(step)
            try:
                self._undo(plan, step)
            except SupersededError:
                raise
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
                raise _unknown(plan, cause, f"the way back failed too: {_words(error)}") from cause

    def _undo(self, plan: Plan, step: Step) -> None:
        match step:
            case MoveTraffic():
                endpoint = self.platform.get_endpoint(step.runtime_id, step.endpoint_id)
                if endpoint.split not in {step.before, step.after}:
                    raise SupersededError(
                        f"{plan.subject} serves {endpoint.split}, which this run never set",
                        advice="somebody else moved it; look at it, then run this again",
                    )
                # Unannounced, a way back that arrives late would look like a person's hand.
                self._announce(plan, Moving(step.before, step.after, step.reason or "undo"))
                self.platform.set_split(step.runtime_id, step.endpoint_id, step.after)
                # Without it the open intent tells the next run to look; traffic is where it was.
                with suppress(JournalError):
                    self._close(plan, step, Undone(step.before, step.after))
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
            raise _unknown(plan, cause, f"nor can it be read: {_words(error)}") from cause
        if done:
            try:
                self._close(plan, step, Moved(step.before, step.after))
            except JournalError:
                raise cause from None  # done, and the next run will find and record it
            return endpoint
        if endpoint.split == step.before and endpoint.status is Status.READY:
            return None
        raise _unknown(plan, cause, f"it serves {endpoint.split} ({endpoint.status.value})")

    def _do(self, plan: Plan, step: Step, outcome: Outcome) -> Outcome:
        match step:
            case CreateEndpoint():
                return replace(outcome, endpoint=self._open(plan, step))
            case MoveTraffic():
                return replace(outcome, endpoint=self._move(plan, step))
            case RemoveEndpoint():
                self._remove(plan, step)
                return outcome
            case KeepRecord(event):
                self._write(plan, event)
                return outcome
            case _:
                return carry_out(step, outcome, Ports(self.platform, self.functions, self.logs))

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

    def _remove(self, plan: Plan, step: RemoveEndpoint) -> None:
        with suppress(NotFoundError):  # gone already: only the record is left to make
            self._expect(plan, step)
        self._announce(plan, Removing(step.before))
        self.platform.delete_endpoint(step.runtime_id, step.endpoint_id)
        self._write(plan, Removed(step.before))
        self._moving = None

    def _is_gone(self, plan: Plan, step: RemoveEndpoint, cause: BaseException) -> bool:
        """What became of a removal that failed: nothing puts an endpoint back as it was."""
        try:
            observed = self.platform.observe(plan.subject.runtime)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
            raise _unknown(plan, cause, f"nor can it be read: {_words(error)}") from cause
        found = next((one for one in observed.endpoints if one.id == step.endpoint_id), None)
        end: Removed | Undone = Removed(step.before)
        if found is not None:
            if found.split != step.before or found.status is not Status.READY:
                raise _unknown(plan, cause, f"it serves {found.split} ({found.status.value})")
            end = Undone(step.before, step.before)
        try:
            self._write(plan, end)
        except JournalError:
            raise cause from None  # the open intent tells the next run to look
        return found is None

    def _expect(self, plan: Plan, step: MoveTraffic | RemoveEndpoint) -> None:
        """Raises SupersededError where the endpoint does not serve what was planned from."""
        endpoint = self.platform.get_endpoint(step.runtime_id, step.endpoint_id)
        if endpoint.split != step.before:
            raise SupersededError(
                f"{plan.subject} serves {endpoint.split}, not {step.before} as when this was"
                " planned",
                advice="somebody moved it meanwhile; run this again to plan from what is there",
            )

    def _announce(self, plan: Plan, intent: Moving | Removing) -> None:
        began = self.timer()
        self._intend(plan, intent)
        if self.timer() - began > self.lease / 2:
            raise SupersededError(
                f"this run was asleep before it could move {plan.subject}",
                advice="run it again",
            )

    def _intend(self, plan: Plan, intent: Moving | Removing) -> None:
        self._write(plan, intent)
        self._moving = intent

    def _close(self, plan: Plan, step: MoveTraffic, end: Moved | Undone) -> None:
        """Record how a move ended; if another run took it over meanwhile, its word counts."""
        try:
            self._write(plan, end)
        except HeldError as lost:
            if plan.way_back:
                self._give_way(plan, step, end.after, lost)
            raise
        self._moving = None

    def _give_way(self, plan: Plan, step: MoveTraffic, ours: Split, lost: HeldError) -> None:
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
            raise _unknown(plan, lost, f"and it cannot be put right: {_words(error)}") from lost

    def _put_back(self, plan: Plan, step: MoveTraffic, move: Moved) -> None:
        self._announce(plan, Moving(move.before, move.after, "put back what another run decided"))
        self.platform.set_split(step.runtime_id, step.endpoint_id, move.after)
        self._write(plan, move)

    def _write(self, plan: Plan, event: Event) -> None:
        record = Record(plan.verb, self.platform.now(), event, self.by)
        self.journal.append(plan.subject, record, expected=self._written)
        self._written += 1


def _is_journaled(step: Step) -> bool:
    return isinstance(step, CreateEndpoint | MoveTraffic | RemoveEndpoint | KeepRecord)


def _changes(step: Step) -> bool:
    """Whether a step leaves something else than it found; finishing a dead run's move does not."""
    match step:
        case MoveTraffic():
            return step.before != step.after
        case KeepRecord(event):
            return not isinstance(event, Judged | Moved | Undone | Removed)
        case _:
            return True


def _unknown(plan: Plan, cause: BaseException, more: str) -> WayBackFailedError:
    return WayBackFailedError(
        f"{_words(cause)}; {more}",
        advice=f"look at {plan.subject} now and set its traffic by hand",
    )


def _words(error: BaseException) -> str:
    return str(error) or "interrupted"
