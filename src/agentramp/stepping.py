"""What carrying a step out means for the journal, for traffic and for who asks what changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from agentramp.errors import RefusedError, SupersededError, WayBackFailedError
from agentramp.model import Split
from agentramp.plan import (
    AskComponent,
    CreateEndpoint,
    DescribeEndpoint,
    KeepRecord,
    MoveTraffic,
    Plan,
    RemoveEndpoint,
    Step,
)
from agentramp.record import (
    Installed,
    Installing,
    Judged,
    Moved,
    Moving,
    Removed,
    Undone,
    Uninstalled,
)

INTERRUPTED = "interrupted"
"""Why a ramp ended whose first step a person cut short."""
WORDS = "the words about it change, and its split is sent with them"

_TELLING = (Judged, Moved, Undone, Removed, Installing, Installed, Uninstalled)
"""Records of what a step beside them does, or a run that died had done."""


def records(step: Step) -> int:
    """How many a step leaves that is carried out: of a move, that it begins and how it ended."""
    match step:
        case CreateEndpoint() | MoveTraffic() | DescribeEndpoint() | RemoveEndpoint():
            return 2
        case KeepRecord():
            return 1
        case _:
            return 0


def is_journaled(step: Step) -> bool:
    return records(step) > 0


def changes(step: Step) -> bool:
    """Whether a step leaves something else than it found; finishing a dead run's move does not."""
    match step:
        case MoveTraffic():
            return step.before != step.after
        case KeepRecord(event):
            return not isinstance(event, _TELLING)
        case AskComponent():
            return False
        case _:
            return True


def served(step: MoveTraffic | DescribeEndpoint | RemoveEndpoint) -> Split:
    """What the endpoint serves before the step."""
    return step.split if isinstance(step, DescribeEndpoint) else step.before


def words(error: BaseException) -> str:
    return str(error) or INTERRUPTED


def undoing(
    plan: Plan, step: MoveTraffic, cause: BaseException
) -> tuple[Plan, Moving, Moved | Undone]:
    """How the way back ``step`` is written down: as what it was part of, and both its records.

    Where a first step was cut short it is an abort: that ends the ramp, also where this run dies in
    the middle of it, so that no later tick begins it again.
    """
    if plan.ends_if_interrupted and isinstance(cause, KeyboardInterrupt):
        begun = Moving(step.before, step.after, INTERRUPTED)
        return replace(plan, verb="abort"), begun, Moved(step.before, step.after)
    # Unannounced, a way back that arrives late would look like a person's hand.
    begun = Moving(step.before, step.after, step.reason or "undo")
    return plan, begun, Undone(step.before, step.after)


def way_back_of(plan: Plan, step: Step) -> tuple[Step, ...]:
    """What undoes ``step``: where words failed, the same split is set once more."""
    if not isinstance(step, DescribeEndpoint):
        return plan.way_back
    same = MoveTraffic(step.runtime_id, step.endpoint_id, step.name, step.split, step.split)
    return (replace(same, reason=WORDS),)


@contextmanager
def half_told(plan: Plan, step: Step) -> Iterator[None]:
    """Where ``step`` is refused and one before it has moved traffic for good, that is told.

    By itself the refusal would say that traffic is where it was.
    """
    try:
        yield
    except RefusedError as error:
        before = () if plan.way_back else plan.steps[: plan.steps.index(step)]
        done = [one for one in before if isinstance(one, MoveTraffic) and changes(one)]
        if not done:
            raise
        raise WayBackFailedError(
            f"{words(error)}; {plan.subject} was moved to {done[-1].after} before that, and stays",
            advice="mend that; then agentramp promote goes on with a ramp that was begun, and where"
            " none was, run this again",
        ) from error


def moved(plan: Plan, found: object, planned: object) -> SupersededError:
    return SupersededError(
        f"{plan.subject} serves {found}, not {planned} as when this was planned",
        advice="somebody moved it meanwhile; run this again to plan from what is there",
    )


def unknown(plan: Plan, cause: BaseException, more: str) -> WayBackFailedError:
    return WayBackFailedError(
        f"{words(cause)}; {more}",
        advice=f"look at {plan.subject} now and set its traffic by hand",
    )
