"""What an s.yaml asks for, typed: the result of reading it."""

from dataclasses import dataclass
from pathlib import Path

from agentramp.diagnostics import Position
from agentramp.model import CustomDomain, Endpoint, Runtime, RuntimeSpec, VersionRef, Workspace


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
    before their outputs (or the account) are known; ``open_values`` names the values that wait.
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
    open_values: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class EndpointOutputs:
    """``version`` is what the endpoint's stable share goes to: a number as text, or LATEST."""

    id: str
    name: str
    arn: str
    url: str
    version: str
    status: str


@dataclass(frozen=True)
class Outputs:
    """What a deployed resource puts out for those after it: ``${resources.id.output.agent.id}``."""

    id: str
    name: str
    arn: str
    status: str
    region: str
    workspace: str = ""
    endpoints: tuple[EndpointOutputs, ...] = ()


def outputs_of(runtime: Runtime, endpoints: tuple[Endpoint, ...], region: str) -> Outputs:
    """``endpoints`` in the order in which ``endpoints[0]`` counts them: that of the file."""
    return Outputs(
        id=runtime.id,
        name=runtime.spec.name,
        arn=runtime.arn,
        status=runtime.status.value,
        region=region,
        workspace=runtime.spec.workspace_id or "",
        endpoints=tuple(
            EndpointOutputs(
                id=endpoint.id,
                name=endpoint.name,
                arn=endpoint.arn,
                url=endpoint.url,
                version=str(endpoint.split.stable),
                status=endpoint.status.value,
            )
            for endpoint in endpoints
        ),
    )
