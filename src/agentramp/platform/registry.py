"""The platforms by name. ``local`` is the AgentRun adapter with another address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.port import Platform
from agentramp.progress import Progress


@dataclass(frozen=True)
class Address:
    url: str
    credentials: Credentials


class World(Protocol):
    """Time, chance and somebody to tell, as the adapters take them."""

    @property
    def console(self) -> Progress: ...
    @property
    def clock(self) -> Callable[[], float]: ...
    @property
    def sleep(self) -> Callable[[float], None]: ...
    @property
    def nonce(self) -> Callable[[], str]: ...
    @property
    def jitter(self) -> Callable[[], float]: ...


def connect(name: str, address: Address, world: World) -> Platform:
    return PLATFORMS[name](address, world)


def client(address: Address, world: World) -> Client:
    """Signed calls to the platform at ``address``."""
    return Client(
        url=address.url,
        credentials=lambda: address.credentials,
        now=world.clock,
        sleep=world.sleep,
        nonce=world.nonce,
        jitter=world.jitter,
    )


def _agentrun(address: Address, world: World) -> Platform:
    return AgentRun(client(address, world), world.console)


PLATFORMS: Mapping[str, Callable[[Address, World], Platform]] = {
    "agentrun": _agentrun,
    "local": _agentrun,
}
