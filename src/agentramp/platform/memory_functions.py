"""Functions in memory: the shipped fake, held to the same conformance suite as the real ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from agentramp.model import CustomDomain, DomainRoute, LogStore
from agentramp.platform.functions import Command, ConnectionLostError, Instance, Wires
from agentramp.platform.port import NotFoundError

Program: TypeAlias = Callable[[Command, Wires], int | None]
"""What runs for a command; None: the line is cut before there is an exit status."""


@dataclass
class MemoryFunction:
    """One runtime's function. ``programs`` are found by the first word of a command."""

    instances: tuple[Instance, ...] = ()
    log_store: LogStore | None = None
    programs: Mapping[str, Program] = field(default_factory=dict)
    concurrency: int | None = None


@dataclass
class MemoryFunctions:
    functions: dict[str, MemoryFunction] = field(default_factory=dict)
    domains: dict[str, tuple[CustomDomain, str]] = field(default_factory=dict)

    def instances(self, runtime_id: str, qualifier: str | None = None) -> tuple[Instance, ...]:
        found = self._function(runtime_id).instances
        return tuple(one for one in found if qualifier in {None, one.version})

    def execute(self, runtime_id: str, instance: Instance, command: Command, wires: Wires) -> int:
        function = self._function(runtime_id)
        if instance.id not in {one.id for one in function.instances}:
            raise NotFoundError(f"instance {instance.id} does not exist", code="InstanceNotFound")
        program = function.programs.get(command.words[0] if command.words else "")
        if program is None:
            wires.err(b"not found\n")
            return 127
        status = program(command, wires)
        if status is None:
            raise ConnectionLostError("the line was closed before an exit status came")
        return status

    def concurrency(self, runtime_id: str) -> int | None:
        return self._function(runtime_id).concurrency

    def reserve(self, runtime_id: str, concurrency: int | None) -> int | None:
        self._function(runtime_id).concurrency = concurrency
        return concurrency

    def log_store(self, runtime_id: str) -> LogStore | None:
        return self._function(runtime_id).log_store

    def domain(self, name: str) -> tuple[CustomDomain, tuple[str, ...]] | None:
        if name not in self.domains:
            return None
        domain, runtime_id = self.domains[name]
        return domain, (runtime_id,)

    def set_domain(self, runtime_id: str, domain: CustomDomain) -> CustomDomain:
        self._function(runtime_id)
        kept = self.domains[domain.name][0] if domain.name in self.domains else None
        made = _laid_over(kept, domain)
        self.domains[domain.name] = made, runtime_id
        return made

    def delete_domain(self, name: str) -> None:
        self.domains.pop(name, None)

    def _function(self, runtime_id: str) -> MemoryFunction:
        if runtime_id not in self.functions:
            raise NotFoundError(
                f"function agentrun-{runtime_id} does not exist", code="FunctionNotFound"
            )
        return self.functions[runtime_id]


def _laid_over(kept: CustomDomain | None, domain: CustomDomain) -> CustomDomain:
    """What ``domain`` does not say stays as it was."""
    if kept is None:
        return replace(domain, routes=domain.routes or (DomainRoute("/*"),))
    return replace(
        domain,
        routes=domain.routes or kept.routes,
        certificate=domain.certificate or kept.certificate,
        tls_min_version=domain.tls_min_version or kept.tls_min_version,
        tls_max_version=domain.tls_max_version or kept.tls_max_version,
        tls_ciphers=domain.tls_ciphers or kept.tls_ciphers,
        auth_type=domain.auth_type or kept.auth_type,
        auth_info=domain.auth_info or kept.auth_info,
        firewall=kept.firewall if domain.firewall is None else domain.firewall,
    )
