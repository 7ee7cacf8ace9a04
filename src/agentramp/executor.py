"""Carries a plan out: one match over its steps, every traffic change journaled and read back.

When a traffic change fails, the plan's way back is carried out before the error is passed on,
so the error's exit code can be trusted: 3 means traffic is where it was, 5 means nobody knows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from typing_extensions import assert_never

from agentramp.errors import SupersededError, WayBackFailedError
from agentramp.journal.port import Journal, Phase, Record
from agentramp.model import Endpoint, Runtime, Split, Status
from agentramp.plan import (
    AwaitRuntime,
    CreateEndpoint,
    CreateRuntime,
    MoveTraffic,
    Plan,
    PublishVersion,
    Step,
    UpdateRuntime,
)
from agentramp.platform.port import Platform


@dataclass(frozen=True)
class Outcome:
    """What was done: ``changed`` is False where there was nothing to do, or in a dry run."""

    changed: bool = False
    runtime: Runtime | None = None
    version: int | None = None
    endpoint: Endpoint | None = None


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
    platform: Platform
    journal: Journal
    clock: Callable[[], float]
    listener: Listener
    _written: int = field(default=0, init=False)
    _touched: bool = field(default=False, init=False)

    def __call__(self, plan: Plan) -> Outcome:
        """Carry out ``plan``; raises what the platform or the journal raised."""
        if not plan.steps:
            return Outcome()
        with self.journal.hold(plan.subject):
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
        except SupersededError:
            raise  # the traffic is somebody else's now: hands off
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, traffic must be known
            if self._touched:
                self._go_back(plan, error)
            raise

    def _go_back(self, plan: Plan, cause: BaseException) -> None:
        for step in plan.way_back:
            self.listener.going_back(step)
            try:
                self._undo(plan, step)
            except SupersededError:
                raise
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - then nobody knows
                raise WayBackFailedError(
                    f"{_words(cause)}; the way back failed too: {_words(error)}",
                    advice=f"look at {plan.subject} now and set its traffic by hand",
                ) from cause

    def _undo(self, plan: Plan, step: Step) -> None:
        match step:
            case MoveTraffic():
                endpoint = self.platform.get_endpoint(step.runtime_id, step.endpoint_id)
                if endpoint.split not in {step.before, step.after}:
                    raise SupersededError(
                        f"{plan.subject} serves {endpoint.split}, which this run never set",
                        advice="somebody else moved it; look at it, then run this again",
                    )
                if endpoint.split != step.after or endpoint.status is not Status.READY:
                    self.platform.set_split(step.runtime_id, step.endpoint_id, step.after)
                self._write(plan, Phase.UNDONE, step.before, step.after)
            case _:
                raise TypeError(f"no way back by {step}")

    def _do(self, plan: Plan, step: Step, outcome: Outcome) -> Outcome:
        match step:
            case CreateRuntime(spec, artifact):
                return replace(outcome, runtime=self.platform.create_runtime(spec, artifact))
            case UpdateRuntime(runtime_id, spec, artifact):
                runtime = self.platform.update_runtime(runtime_id, spec, artifact)
                return replace(outcome, runtime=runtime)
            case AwaitRuntime(runtime_id):
                return replace(outcome, runtime=self.platform.await_runtime(runtime_id))
            case PublishVersion(runtime_id, description):
                number = self.platform.publish_version(runtime_id, description)
                return replace(outcome, version=number)
            case CreateEndpoint():
                return replace(outcome, endpoint=self._open(plan, step))
            case MoveTraffic():
                return replace(outcome, endpoint=self._move(plan, step))
            case _:
                assert_never(step)

    def _open(self, plan: Plan, step: CreateEndpoint) -> Endpoint:
        self._write(plan, Phase.INTENT, None, step.split)
        endpoint = self.platform.create_endpoint(step.runtime_id, step.name, step.split)
        self._write(plan, Phase.DONE, None, step.split)
        return endpoint

    def _move(self, plan: Plan, step: MoveTraffic) -> Endpoint:
        now = self.platform.get_endpoint(step.runtime_id, step.endpoint_id).split
        if now != step.before:
            raise SupersededError(
                f"{plan.subject} serves {now}, not {step.before} as when this was planned",
                advice="somebody moved it meanwhile; run this again to plan from what is there",
            )
        self._write(plan, Phase.INTENT, step.before, step.after)
        endpoint = self.platform.set_split(step.runtime_id, step.endpoint_id, step.after)
        self._write(plan, Phase.DONE, step.before, step.after)
        return endpoint

    def _write(self, plan: Plan, phase: Phase, before: Split | None, after: Split) -> None:
        record = Record(phase, plan.verb, self.clock(), before, after)
        self.journal.append(plan.subject, record, expected=self._written)
        self._written += 1
        self._touched = True


def _changes(step: Step) -> bool:
    """Whether a step leaves something else than it found; finishing a dead run's move does not."""
    return not (isinstance(step, MoveTraffic) and step.before == step.after)


def _words(error: BaseException) -> str:
    return str(error) or "interrupted"
