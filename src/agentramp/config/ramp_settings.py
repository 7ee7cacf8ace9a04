"""agentramp.yaml as frozen values: how an endpoint's traffic is ramped, and by what evidence.

Durations are seconds. Tokens and URLs of hooks may be secrets and are never shown.
"""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from agentramp.judge.window import Unit
from agentramp.policy import Policy


@dataclass(frozen=True)
class GatewaySource:
    """The embedded platform's own gateway: sessions, failures and first bytes by version."""


@dataclass(frozen=True)
class PrometheusSource:
    """Counters as PromQL in which ``{runtime}``, ``{endpoint}`` and ``{version}`` are filled in.

    ``counted`` and ``bad`` are expressions over cumulative counters; ``latency`` and ``cost`` are
    cumulative histograms with an ``le`` label. None is not asked.
    """

    url: str = field(repr=False)
    counted: str
    bad: str
    latency: str | None = None
    cost: str | None = None
    unit: Unit = Unit.SESSIONS
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class LogServiceSource:
    """Request metrics in SLS; None takes the log store that s.yaml names."""

    project: str | None = None
    logstore: str | None = None


@dataclass(frozen=True)
class CommandSource:
    """A program that reads the question as JSON on standard input and answers on its output."""

    argv: tuple[str, ...]
    timeout: float = 60.0
    unit: Unit = Unit.SESSIONS


@dataclass(frozen=True)
class UrlSource:
    """An address that is sent the question as JSON."""

    url: str = field(repr=False)
    timeout: float = 30.0
    unit: Unit = Unit.SESSIONS
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ProbeSource:
    """Our own requests to two endpoints that are pinned to one version each."""

    prompts: Path
    count: int = 20


Source: TypeAlias = (
    GatewaySource | PrometheusSource | LogServiceSource | CommandSource | UrlSource | ProbeSource
)


@dataclass(frozen=True)
class ModelJudge:
    """A model behind an OpenAI-compatible API that says whether an answer is acceptable."""

    url: str
    model: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class GoldenGate:
    """Golden prompts, asked of both versions ``repeats`` times; ``alpha`` bounds a false stop."""

    file: Path
    repeats: int = 1
    alpha: float = 0.05
    judge: ModelJudge | None = None


@dataclass(frozen=True)
class CommandGate:
    """A program whose exit status 0 lets the canary have traffic."""

    argv: tuple[str, ...]
    timeout: float = 600.0


Gate: TypeAlias = GoldenGate | CommandGate


@dataclass(frozen=True)
class Weekly:
    """Every week from one minute to another, in minutes since Monday 00:00; may wrap around."""

    start: int
    end: int
    timezone: str = "UTC"


@dataclass(frozen=True)
class Dates:
    """From one instant until another, in seconds since 1970-01-01 UTC."""

    start: float
    end: float


Freeze: TypeAlias = Weekly | Dates


class Happening(Enum):
    """What a hook may be told of."""

    BEGUN = "begun"
    ADVANCED = "advanced"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled-back"
    ABORTED = "aborted"
    HELD = "held"
    DRIFTED = "drifted"


@dataclass(frozen=True)
class Hook:
    """An address told of what happens: JSON with a ``text`` that chat services show."""

    url: str = field(repr=False)
    on: tuple[Happening, ...] = tuple(Happening)


class JournalKind(Enum):
    AUTO = "auto"
    GIT = "git"
    FILE = "file"


class Target(Enum):
    """What a project is deployed to."""

    AGENTRUN = "agentrun"
    BLOCKLET = "blocklet"


@dataclass(frozen=True)
class BlockletConfig:
    """A component of a Blocklet Server; what is None is said by an option or the environment.

    ``server`` is an address of the server or of the application, ``url`` where its users reach it.
    ``engine`` is ``aigne`` or ``node``.
    """

    server: str | None = None
    app: str | None = None
    mount_point: str | None = None
    name: str | None = None
    did: str | None = None
    engine: str | None = None
    main: str | None = None
    url: str | None = None
    health: str | None = None


@dataclass(frozen=True)
class RampConfig:
    """``file`` is None where there is no agentramp.yaml; ``source`` None leaves the choice.

    ``target`` None leaves it to what the folder holds.
    """

    file: Path | None = None
    endpoint: str = "production"
    policy: Policy = Policy()  # noqa: RUF009 - frozen
    source: Source | None = None
    gates: tuple[Gate, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    hooks: tuple[Hook, ...] = ()
    journal: JournalKind = JournalKind.AUTO
    remote: str = "origin"
    target: Target | None = None
    blocklet: BlockletConfig = BlockletConfig()
