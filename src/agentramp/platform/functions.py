"""The functions port: what agentramp needs of the place where a runtime's instances run.

On AgentRun a runtime is a Function Compute function; an embedded platform speaks the same API.
Runtimes are addressed by the id that the platform port gave them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agentramp.model import CustomDomain, LogStore
from agentramp.platform.port import PlatformError


class ConnectionLostError(PlatformError):
    """The line to an instance was cut before the command's exit status came."""


@dataclass(frozen=True)
class Instance:
    """One process of an agent. ``created_at`` is seconds since 1970-01-01 UTC."""

    id: str
    version: str
    status: str
    created_at: float
    qualifier: str = ""


@dataclass(frozen=True)
class Command:
    """What is to run in an instance; no words mean a shell. ``terminal``: it gets one.

    ``window`` is that terminal's rows and columns. ``shell`` False runs the words with nothing
    around them, for an image that has no ``sh``; its exit status is then what the line tells,
    and a ``directory`` cannot be gone to. ``input`` False: it reads the end of its input at once.
    """

    words: tuple[str, ...]
    directory: str | None = None
    terminal: bool = False
    window: tuple[int, int] | None = None
    shell: bool = True
    input: bool = True


class Wires(Protocol):
    """The near end of a command that runs far away."""

    def read(self) -> Iterable[bytes]:
        """What is typed or piped, in pieces as it comes; it ends where the input does."""
        ...

    def out(self, data: bytes) -> None: ...
    def err(self, data: bytes) -> None: ...


class Functions(Protocol):
    def instances(self, runtime_id: str, qualifier: str | None = None) -> Sequence[Instance]:
        """Those that run now, all pages; those of one version where ``qualifier`` names it."""
        ...

    def execute(self, runtime_id: str, instance: Instance, command: Command, wires: Wires) -> int:
        """Run ``command`` in an instance and give its exit status.

        Raises ConnectionLostError where no exit status came: it is never taken for 0.
        """
        ...

    def concurrency(self, runtime_id: str) -> int | None:
        """How much of the account's concurrency is reserved for this runtime."""
        ...

    def reserve(self, runtime_id: str, concurrency: int | None) -> int | None:
        """Reserve, or with None give back; returns what was read back."""
        ...

    def log_store(self, runtime_id: str) -> LogStore | None:
        """Where the runtime's lines go; None where its function has no log configuration."""
        ...

    def domain(self, name: str) -> tuple[CustomDomain, tuple[str, ...]] | None:
        """A custom domain, and the runtime ids that its routes lead to."""
        ...

    def set_domain(self, runtime_id: str, domain: CustomDomain) -> CustomDomain:
        """Make or change a domain so that its routes lead to the runtime, and read it back."""
        ...

    def delete_domain(self, name: str) -> None:
        """Remove a domain; one that is not there is done."""
        ...
