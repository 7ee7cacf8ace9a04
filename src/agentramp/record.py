"""What the journal of an endpoint keeps: one record for each thing that was begun, done or said.

The platform is the truth; the records say how it came to be so. A ``Moving`` without an end means
that a run died in the middle: the platform is read again, nothing is assumed.
"""

from dataclasses import dataclass
from typing import TypeAlias

from typing_extensions import assert_never

from agentramp.component import Installation
from agentramp.judge.verdict import Decision
from agentramp.judge.window import Window
from agentramp.model import Split
from agentramp.policy import Policy


@dataclass(frozen=True)
class Moving:
    """The intent to change a split; ``before`` is None where the endpoint is new."""

    before: Split | None
    after: Split
    reason: str = ""


@dataclass(frozen=True)
class Moved:
    """The end of the ``Moving`` before it: ``after`` was read back."""

    before: Split | None
    after: Split


@dataclass(frozen=True)
class Undone:
    """The other end of a ``Moving``: it failed, and ``after`` is what serves again."""

    before: Split
    after: Split


@dataclass(frozen=True)
class Removing:
    """The intent to remove the endpoint, which serves ``before``."""

    before: Split


@dataclass(frozen=True)
class Removed:
    """The end of the ``Removing`` before it: the endpoint is gone, and what is made next is new."""

    before: Split


@dataclass(frozen=True)
class Begun:
    """A ramp from ``stable`` to ``canary``; its policy holds until its end."""

    ramp: str
    stable: int
    canary: int
    policy: Policy


@dataclass(frozen=True)
class Judged:
    """What was seen and said in one tick.

    ``windows`` are new ones, each recorded once; evidence up to ``watermark`` (seconds since
    1970-01-01 UTC) is read and never read again. ``blind`` says that the source gave no answer.
    """

    ramp: str
    decision: Decision
    reason: str
    e: float
    threshold: float
    watermark: float
    windows: tuple[Window, ...] = ()
    blind: bool = False


@dataclass(frozen=True)
class Paused:
    reason: str = ""


@dataclass(frozen=True)
class Resumed:
    pass


@dataclass(frozen=True)
class Approved:
    """A person lets the canary have ``weight`` percent."""

    weight: int


@dataclass(frozen=True)
class Adopted:
    """A person says that the split found on the platform is the one that is meant."""

    split: Split


@dataclass(frozen=True)
class Queued:
    """``version`` waits for the ramp in progress to end."""

    version: int


@dataclass(frozen=True)
class Refused:
    """A gate kept ``version`` from traffic before it had any."""

    version: int
    reason: str


@dataclass(frozen=True)
class Installing:
    """The intent to install a component; ``before`` is what an undo brings back, or None."""

    before: Installation | None
    after: Installation
    reason: str = ""


@dataclass(frozen=True)
class Installed:
    """``after`` runs and answers: the end of the ``Installing`` before it, or its undoing."""

    after: Installation


@dataclass(frozen=True)
class Uninstalled:
    """The component is gone: it was to be removed, or its first installation was undone."""

    before: Installation


Event: TypeAlias = (
    Moving
    | Moved
    | Undone
    | Removing
    | Removed
    | Begun
    | Judged
    | Paused
    | Resumed
    | Approved
    | Adopted
    | Queued
    | Refused
    | Installing
    | Installed
    | Uninstalled
)


@dataclass(frozen=True)
class Record:
    """``at`` is the platform's time in seconds since 1970-01-01 UTC; ``by`` who ran ``verb``."""

    verb: str
    at: float
    event: Event
    by: str = ""


def sentence(event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one case for each kind
    """What a record says, for people: in the journal's log, a terminal and a page alike."""
    match event:
        case Moving(before, after, reason):
            why = f" ({reason})" if reason else ""
            return f"begins to move: {before or 'a new endpoint'} -> {after}{why}"
        case Moved(_, after):
            return f"done: serves {after}"
        case Undone(_, after):
            return f"undone: serves {after} again"
        case Removing(before):
            return f"begins to remove the endpoint, which serves {before}"
        case Removed(before):
            return f"removed the endpoint, which served {before}"
        case Begun(_, stable, canary, policy):
            ladder = ", ".join(str(rung.weight) for rung in policy.rungs)
            return (
                f"puts version {canary} on trial against version {stable}:"
                f" {ladder} %, alpha {policy.rules.alpha:g}"
            )
        case Judged(reason=reason):
            return reason
        case Paused(reason):
            return f"paused: {reason}" if reason else "paused"
        case Resumed():
            return "resumed"
        case Approved(weight):
            return f"approved {weight} % for the canary"
        case Adopted(split):
            return f"took over what was found: {split}"
        case Queued(version):
            return f"version {version} waits for the ramp in progress to end"
        case Refused(version, reason):
            return f"version {version} gets no traffic: {reason}"
        case Installing(former, wanted, reason):
            why = f" ({reason})" if reason else ""
            what = f"{former.version} -> {wanted.version}" if former else f"{wanted.version}, new"
            return f"begins to install at {wanted.mount_point}: {what}{why}"
        case Installed(wanted):
            return f"done: {wanted.version} runs at {wanted.mount_point}"
        case Uninstalled(former):
            return f"removed {former.version} from {former.mount_point}"
        case _:
            assert_never(event)
