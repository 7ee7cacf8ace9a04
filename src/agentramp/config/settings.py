"""What an s.yaml asks for, typed: the result of reading it."""

from dataclasses import dataclass
from pathlib import Path

from agentramp.diagnostics import Position
from agentramp.model import RuntimeSpec, VersionRef


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
    """

    resource: str
    region: str
    source: Path | None
    spec: RuntimeSpec
    endpoints: tuple[EndpointConfig, ...]
    unmanaged: tuple[str, ...]
    position: Position


@dataclass(frozen=True)
class Config:
    """``file`` is the name messages use; ``root`` is the folder that relative paths start from."""

    file: str
    root: Path
    runtimes: tuple[RuntimeConfig, ...]
