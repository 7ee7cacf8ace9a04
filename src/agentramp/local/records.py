"""The nouns of the embedded platform; each is what one row or one JSON object means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from agentramp.local import assumptions

Label = NewType("Label", str)
"""What an endpoint routes to: ``LATEST`` or a version's number, as on the wire."""

LATEST = Label("LATEST")


class Status(str, Enum):
    CREATING = "CREATING"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATING = "UPDATING"
    UPDATE_FAILED = "UPDATE_FAILED"
    READY = "READY"

    @property
    def pending(self) -> bool:
        return self in {Status.CREATING, Status.UPDATING}

    @property
    def failed(self) -> "Status":
        """How a change that is at work under this status ends when it fails."""
        return Status.CREATE_FAILED if self is Status.CREATING else Status.UPDATE_FAILED


@dataclass(frozen=True)
class Health:
    """How often and how an agent is asked whether it lives; times in seconds."""

    http_path: str | None = None
    period: float = assumptions.HEALTH_PERIOD_SECONDS
    timeout: float = assumptions.HEALTH_TIMEOUT_SECONDS
    failures: int = assumptions.HEALTH_FAILURES
    successes: int = assumptions.HEALTH_SUCCESSES


@dataclass(frozen=True)
class Affinity:
    """How a session is recognised; ``enabled`` false draws a version for every request."""

    enabled: bool = True
    header: str = assumptions.SESSION_HEADER
    idle_seconds: float = assumptions.SESSION_IDLE_SECONDS


@dataclass(frozen=True)
class Spec:
    """What of a runtime's configuration has an effect here."""

    command: tuple[str, ...]
    port: int
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    health: Health = Health()
    affinity: Affinity = Affinity()
    image: str = ""
    """A container's; its own command stands for an empty ``command``."""


@dataclass(frozen=True)
class Snapshot:
    """One state of a head, never changed: its configuration as JSON and its code's sha256.

    For a container ``artifact`` is what stood for its image, if anything did (``images.MARK``).
    """

    runtime_id: str
    revision: int
    document: str = field(repr=False)
    artifact: str


@dataclass(frozen=True)
class Runtime:
    """``revision`` is the head as asked for, ``ready_revision`` the last that was healthy or 0."""

    id: str
    name: str
    workspace_id: str
    revision: int
    ready_revision: int
    status: Status
    reason: str
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class Version:
    runtime_id: str
    number: int
    revision: int
    description: str
    created_at: float


@dataclass(frozen=True)
class Weighted:
    version: Label
    weight: float


@dataclass(frozen=True)
class Route:
    """``target`` takes what the weights leave; each weight is between 0 and 1."""

    target: Label
    weights: tuple[Weighted, ...] = ()

    @property
    def labels(self) -> tuple[Label, ...]:
        return (self.target, *(entry.version for entry in self.weights))


@dataclass(frozen=True)
class Endpoint:
    """``route`` is in effect; ``wanted`` is being applied. ``document`` is what else was sent."""

    id: str
    runtime_id: str
    name: str
    document: str
    route: Route | None
    wanted: Route | None
    status: Status
    reason: str
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class Workspace:
    id: str
    name: str
    description: str
    is_default: bool
    created_at: float


@dataclass(frozen=True)
class Unit:
    """What one agent process runs: a version, or one revision of the head."""

    runtime_id: str
    label: Label
    revision: int

    @property
    def name(self) -> str:
        return f"head-{self.revision}" if self.label == LATEST else f"v{self.label}"


@dataclass(frozen=True)
class Identity:
    """Who this platform is; made at its first start and kept."""

    id: str
    account_id: str
    region: str
    access_key_id: str
    access_key_secret: str = field(repr=False)
    port: int = 0
