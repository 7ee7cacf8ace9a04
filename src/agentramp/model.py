"""The frozen nouns of a release: runtime, version, endpoint, split, and what was observed.

Weights are whole percent and a split sums to 100. ``memory`` and ``disk_size`` are megabytes,
``size`` is bytes, durations are seconds. Vendor words and vendor scales (``targetVersion``,
weights between 0 and 1) stop at the platform adapter.
"""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final, Literal, TypeAlias

VersionRef: TypeAlias = int | Literal["LATEST"]
"""A published version's number, or ``LATEST``: the mutable head."""

LATEST: Final = "LATEST"
FULL: Final = 100
SHA256_DIGITS: Final = 64

Variables: TypeAlias = tuple[tuple[str, str], ...]
"""Environment variables as sorted name and value pairs; values may be secrets."""


@dataclass(frozen=True)
class Artifact:
    """A built package. ``crc64`` is CRC-64/XZ as a decimal string: the platform's checksum."""

    path: Path
    sha256: str
    crc64: str
    size: int


@dataclass(frozen=True)
class OssObject:
    bucket: str
    key: str


@dataclass(frozen=True)
class Code:
    """A package of code and the command that starts it.

    ``checksum`` is the package's ``Artifact.crc64``, or None where nobody has said.
    ``oss`` names a package that lies in object storage already.
    """

    language: str
    command: tuple[str, ...] = ()
    checksum: str | None = None
    oss: OssObject | None = None


@dataclass(frozen=True)
class RegistryAccess:
    """How to log in to and reach a registry of one's own."""

    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    insecure: bool | None = None
    root_ca_base64: str | None = None
    vpc_id: str | None = None
    vswitch_id: str | None = None
    security_group_id: str | None = None


@dataclass(frozen=True)
class Container:
    """``image`` as a registry names it; with ``@sha256:...`` it is one image for good."""

    image: str
    command: tuple[str, ...] = ()
    port: int | None = None
    registry_type: str | None = None
    acr_instance_id: str | None = None
    registry: RegistryAccess | None = None

    @property
    def digest(self) -> str | None:
        """The 64 hex digits that name the image; None where a tag does, which may move."""
        found = self.image.partition("@sha256:")[2]
        return found if len(found) == SHA256_DIGITS else None


class NetworkMode(Enum):
    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"
    PUBLIC_AND_PRIVATE = "PUBLIC_AND_PRIVATE"


@dataclass(frozen=True)
class Network:
    mode: NetworkMode = NetworkMode.PUBLIC
    vpc_id: str | None = None
    vswitch_ids: tuple[str, ...] = ()
    security_group_id: str | None = None


@dataclass(frozen=True)
class HealthCheck:
    """How the platform asks an instance whether it is well; None leaves the platform's default."""

    path: str | None = None
    initial_delay: int | None = None
    period: int | None = None
    timeout: int | None = None
    failure_threshold: int | None = None
    success_threshold: int | None = None


@dataclass(frozen=True)
class NasMount:
    server: str
    directory: str
    tls: bool | None = None


@dataclass(frozen=True)
class Nas:
    mounts: tuple[NasMount, ...]
    user_id: int | None = None
    group_id: int | None = None


@dataclass(frozen=True)
class OssMount:
    bucket: str
    directory: str
    path: str | None = None
    endpoint: str | None = None
    read_only: bool | None = None


@dataclass(frozen=True)
class LogStore:
    project: str
    logstore: str


@dataclass(frozen=True)
class Tracing:
    """ARMS tracing."""

    enabled: bool | None = None
    license_key: str | None = field(default=None, repr=False)
    workspace: str | None = None


@dataclass(frozen=True)
class RuntimeSpec:
    """All that a platform needs to run an agent; publishing freezes it.

    None means the file does not say, so what the platform has is left as it is. Exactly one of
    ``code`` and ``container`` is set.
    """

    name: str
    code: Code | None = None
    container: Container | None = None
    description: str | None = None
    cpu: float = 1.0
    memory: int = 2048
    disk_size: int | None = None
    port: int = 8000
    instance_concurrency: int | None = None
    session_idle_timeout: int | None = None
    session_isolation: bool | None = None
    session_affinity: bool | None = None
    network: Network = Network()
    environment: Variables = field(default=(), repr=False)
    role: str | None = None
    credential_name: str | None = None
    log_store: LogStore | None = None
    workspace_id: str | None = None
    protocol: str | None = None
    health_check: HealthCheck | None = None
    nas: Nas | None = None
    oss_mounts: tuple[OssMount, ...] = ()
    tracing: Tracing | None = None


@dataclass(frozen=True)
class Workspace:
    """Where the platform files a runtime. A new one has no ``id`` yet."""

    name: str
    id: str = ""
    description: str | None = None
    resource_group: str | None = None
    is_default: bool = False


@dataclass(frozen=True)
class DomainRoute:
    """``qualifier`` is a version or LATEST; no methods means all."""

    path: str
    qualifier: str | None = None
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    name: str
    chain: str = field(repr=False)
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class CustomDomain:
    """A domain of one's own that leads to a runtime; None leaves what the platform has."""

    name: str
    protocol: str = "HTTP"
    routes: tuple[DomainRoute, ...] = ()
    certificate: Certificate | None = None
    tls_min_version: str | None = None
    tls_max_version: str | None = None
    tls_ciphers: tuple[str, ...] = ()
    auth_type: str | None = None
    auth_info: str | None = field(default=None, repr=False)
    firewall: bool | None = None


class Status(Enum):
    """Where a runtime or an endpoint stands on the platform."""

    CREATING = "CREATING"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATING = "UPDATING"
    UPDATE_FAILED = "UPDATE_FAILED"
    READY = "READY"
    DELETING = "DELETING"
    DELETE_FAILED = "DELETE_FAILED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        return self is Status.READY or self.is_failure

    @property
    def is_failure(self) -> bool:
        return self.value.endswith("FAILED")


@dataclass(frozen=True)
class Split:
    """Which versions an endpoint sends sessions to.

    ``stable`` takes what the canaries leave of 100. ``Split(1)`` is version 1 alone;
    ``Split(1, ((2, 10),))`` is 90 % version 1 and 10 % version 2.
    """

    stable: VersionRef
    canaries: tuple[tuple[VersionRef, int], ...] = ()

    def __post_init__(self) -> None:
        names = [self.stable, *(ref for ref, _ in self.canaries)]
        shares = [weight for _, weight in self.canaries]
        if len(set(names)) != len(names):
            raise ValueError(f"a version stands twice in {self.canaries}")
        if any(weight <= 0 for weight in shares) or sum(shares) >= FULL:
            raise ValueError(f"canary weights must leave the stable version a share: {shares}")

    @property
    def weights(self) -> tuple[tuple[VersionRef, int], ...]:
        """Every version with its percent, the stable one first; they sum to 100."""
        rest = FULL - sum(weight for _, weight in self.canaries)
        return ((self.stable, rest), *self.canaries)

    def share(self, version: VersionRef) -> int:
        """The percent that ``version`` has; 0 where it serves nothing here."""
        return dict(self.weights).get(version, 0)

    def __str__(self) -> str:
        names = ((ref if ref == LATEST else f"v{ref}", weight) for ref, weight in self.weights)
        return ", ".join(f"{name} {weight} %" for name, weight in names)


@dataclass(frozen=True)
class Version:
    """A published snapshot. ``updated_at`` is the platform's ISO-8601 text."""

    number: int
    description: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Endpoint:
    id: str
    name: str
    split: Split
    status: Status = Status.READY
    reason: str = ""
    url: str = ""
    description: str = ""
    arn: str = ""


@dataclass(frozen=True)
class Runtime:
    """The head: what an unpublished change is made to. Moments are the platform's ISO-8601 text."""

    id: str
    spec: RuntimeSpec
    status: Status = Status.READY
    reason: str = ""
    arn: str = ""
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Observed:
    """One reading of the platform, taken before anything is planned; ``runtime`` None: not there.

    Versions stand newest first.
    """

    runtime: Runtime | None = None
    versions: tuple[Version, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()

    def endpoint(self, name: str) -> Endpoint | None:
        return next((found for found in self.endpoints if found.name == name), None)
