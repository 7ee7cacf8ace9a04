"""The platforms by name. ``local`` is the AgentRun adapter with another address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.again import Patience
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.functions import VERSION, FunctionCompute
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.agentrun.temporary_bucket import TemporaryBucket
from agentramp.platform.calls import Tell
from agentramp.platform.functions import Functions
from agentramp.platform.port import Platform
from agentramp.progress import Progress


@dataclass(frozen=True)
class Address:
    """Where a platform's services answer, and with what they are called.

    ``renew`` is told of credentials that a service refused as ended.
    """

    services: Services
    credentials: Callable[[], Credentials] = field(repr=False)
    renew: Callable[[Credentials], None] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The control plane's."""
        return self.services.control


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
    @property
    def tell(self) -> Tell: ...


def connect(name: str, address: Address, world: World) -> Platform:
    return PLATFORMS[name](address, world)


def client(address: Address, world: World) -> Client:
    """Signed calls to the platform at ``address``."""
    return Client(
        url=address.url,
        credentials=address.credentials,
        now=world.clock,
        sleep=world.sleep,
        nonce=world.nonce,
        jitter=world.jitter,
        tell=world.tell,
        renew=address.renew,
    )


def functions(address: Address, world: World) -> Functions:
    """What runs the runtimes of the platform at ``address``."""
    calls = client(address, world)
    calls = replace(calls, url=address.services.functions, version=VERSION, enveloped=False)
    return FunctionCompute(calls, address.services.classic_functions, address.services.account)


def _agentrun(address: Address, world: World) -> Platform:
    return AgentRun(client(address, world), world.console, _bucket(address, world))


def _bucket(address: Address, world: World) -> TemporaryBucket:
    return TemporaryBucket(
        services=address.services,
        credentials=address.credentials,
        now=world.clock,
        patience=Patience(world.sleep, world.jitter),
        renew=address.renew,
        tell=world.tell,
    )


PLATFORMS: Mapping[str, Callable[[Address, World], Platform]] = {
    "agentrun": _agentrun,
    "local": _agentrun,
}
