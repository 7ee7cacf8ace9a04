"""What an s.yaml asks for, typed: the result of reading it."""

from dataclasses import dataclass
from pathlib import Path

from agentramp.diagnostics import Position
from agentramp.model import CustomDomain, RuntimeSpec, VersionRef, Workspace


@dataclass(frozen=True)
class EndpointConfig:
    """``version`` None: the file names none. ``weight`` is the percent of sessions it asks for."""

    name: str
    version: VersionRef | None = None
    weight: int | None = None
    description: str | None = None


@dataclass(frozen=True)
class RuntimeConfig:
    """One resource. ``resource`` is its id in the file, ``position`` the place of that id.

    ``source`` is the folder, zip or jar to package; None for a container or a package in
    object storage. ``unmanaged`` names the fields that agentramp reads but does not carry out.
    ``automatic_logs`` is ``logConfig: auto``. ``workspace`` has an id, or a name to find or make.
    ``needs`` are the resources that it refers to, and ``pending`` says that it cannot be deployed
    before their outputs are known.
    """

    resource: str
    region: str
    source: Path | None
    spec: RuntimeSpec
    endpoints: tuple[EndpointConfig, ...]
    unmanaged: tuple[str, ...]
    position: Position
    workspace: Workspace | None = None
    domain: CustomDomain | None = None
    automatic_logs: bool = False
    needs: tuple[str, ...] = ()
    pending: bool = False


@dataclass(frozen=True)
class Config:
    """``file`` is the name messages use; ``root`` is the folder that relative paths start from.

    ``runtimes`` stand in the order in which they can be deployed: each after those it needs.
    ``access`` is the alias of credentials that the file names.
    """

    file: str
    root: Path
    runtimes: tuple[RuntimeConfig, ...]
    access: str | None = None
