"""What a verb is about to do, as data: steps in order, the way back, and why.

A plan is made from one reading of the platform before anything is changed; a dry run prints it
and a real run executes the very same value.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from agentramp.component import Bundle, Component
from agentramp.model import (
    Artifact,
    CustomDomain,
    LogStore,
    RuntimeSpec,
    Split,
    Workspace,
)

if TYPE_CHECKING:  # a verb without a ramp pays for none of its words
    from agentramp.record import Event


@dataclass(frozen=True)
class Change:
    """One difference between what is wanted and what is there, in words safe to print."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class CreateWorkspace:
    """Make the workspace that the steps after it file their runtime in."""

    workspace: Workspace


@dataclass(frozen=True)
class PrepareLogStore:
    """Make the project, the log store and its index, as far as they are not there."""

    store: LogStore


@dataclass(frozen=True)
class CreateRuntime:
    spec: RuntimeSpec
    artifact: Artifact | None


@dataclass(frozen=True)
class UpdateRuntime:
    runtime_id: str
    spec: RuntimeSpec
    artifact: Artifact | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class AwaitRuntime:
    """Wait for a change that an earlier run began."""

    runtime_id: str


@dataclass(frozen=True)
class PublishVersion:
    runtime_id: str
    description: str


@dataclass(frozen=True)
class CreateEndpoint:
    runtime_id: str
    name: str
    split: Split
    description: str = ""


@dataclass(frozen=True)
class MoveTraffic:
    """Change an endpoint's split from ``before``, which must still hold, to ``after``."""

    runtime_id: str
    endpoint_id: str
    name: str
    before: Split
    after: Split
    reason: str = ""


@dataclass(frozen=True)
class DescribeEndpoint:
    """Change the words about an endpoint that serves ``split``, and goes on serving it.

    A platform takes the words together with the split, so this is journaled like a move.
    """

    runtime_id: str
    endpoint_id: str
    name: str
    description: str
    split: Split


@dataclass(frozen=True)
class RemoveEndpoint:
    """Remove an endpoint that still serves ``before``."""

    runtime_id: str
    endpoint_id: str
    name: str
    before: Split


@dataclass(frozen=True)
class RemoveRuntime:
    runtime_id: str
    name: str


@dataclass(frozen=True)
class SetDomain:
    """Let a domain lead to a runtime; ``runtime_id`` None means the one just made."""

    runtime_id: str | None
    domain: CustomDomain
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class ReserveConcurrency:
    """``after`` None takes the reservation away."""

    runtime_id: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class InstallComponent:
    """Mount ``bundle`` in the place of ``before``, which must still run there; None is nothing."""

    bundle: Bundle
    mount_point: str
    before: Component | None
    reason: str = ""


@dataclass(frozen=True)
class AskComponent:
    """Ask for the page that shows that a component answers; ``health_path`` is below its mount."""

    mount_point: str
    health_path: str = ""

    @property
    def page(self) -> str:
        path = self.health_path.strip("/")
        return f"{self.mount_point.rstrip('/')}/{path}" if path else self.mount_point


@dataclass(frozen=True)
class RemoveComponent:
    did: str
    name: str
    mount_point: str


@dataclass(frozen=True)
class KeepRecord:
    """Write down what was decided, said or found; nothing on the platform changes."""

    event: "Event"


Effect: TypeAlias = (
    CreateWorkspace
    | PrepareLogStore
    | CreateRuntime
    | UpdateRuntime
    | AwaitRuntime
    | PublishVersion
    | RemoveRuntime
    | SetDomain
    | ReserveConcurrency
    | InstallComponent
    | AskComponent
    | RemoveComponent
)
"""What writes no split: no journal is kept of it, but by a ``KeepRecord`` beside it."""

Step: TypeAlias = (
    Effect | CreateEndpoint | MoveTraffic | DescribeEndpoint | RemoveEndpoint | KeepRecord
)


@dataclass(frozen=True)
class Subject:
    """What a plan holds while it is carried out: a runtime, or one endpoint of it."""

    runtime: str
    endpoint: str | None = None

    def __str__(self) -> str:
        return f"{self.runtime}/{self.endpoint}" if self.endpoint else self.runtime


@dataclass(frozen=True)
class Plan:
    """No steps means there is nothing to do; ``notes`` then say why.

    ``way_back`` undoes what of ``steps`` touches traffic; where it is empty, ``no_way_back`` says
    why. ``generation`` is the number of records the journal had when this was planned: where it has
    more by now, the plan is void. None plans from what the journal has when it is carried out.
    ``ends_if_interrupted``: who cuts it short wants no part of the ramp that it begins.
    """

    verb: str
    subject: Subject
    steps: tuple[Step, ...] = ()
    way_back: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    no_way_back: str = "not needed: no traffic is touched"
    generation: int | None = None
    ends_if_interrupted: bool = False
