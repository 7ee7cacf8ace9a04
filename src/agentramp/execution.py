"""What carries plans out, as those see it who plan or watch."""

from typing import Protocol

from agentramp.effects import Outcome
from agentramp.plan import Plan, Step


class Listener(Protocol):
    """Told of each step, so that a person can follow."""

    def begin(self, step: Step) -> None: ...
    def end(self, step: Step) -> None: ...
    def going_back(self, step: Step) -> None: ...
    def went_back(self, step: Step) -> None: ...


class Execute(Protocol):
    """What turns a plan into an outcome: the real executor, or one that only looks."""

    def __call__(self, plan: Plan) -> Outcome: ...


def look_only(plan: Plan) -> Outcome:  # noqa: ARG001 - the report prints the plan
    """The executor of a dry run: the same pipeline, no effect."""
    return Outcome()
