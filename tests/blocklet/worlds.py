"""The world as an adapter of a test has it: time passes only where somebody waits."""

from dataclasses import dataclass, field, replace
from typing import cast

from agentramp.platform.blocklet.adapter import BlockletServer as Adapter
from agentramp.platform.blocklet.connection import Server, connect
from agentramp.platform.blocklet.signing import AccessKey
from agentramp.platform.calls import Call, Tell
from tests.blocklet.server import BlockletServer
from tests.progress import Heard

NOW = 1_795_000_000.0


@dataclass
class Passing:
    """``passed`` grows by what is slept, and by nothing else."""

    console: Heard = field(default_factory=Heard)
    passed: float = 0.0
    calls: list[Call] = field(default_factory=list)

    def clock(self) -> float:
        return NOW + self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def nonce(self) -> str:
        return "0123456789abcdef"

    def jitter(self) -> float:
        return 0.5

    @property
    def tell(self) -> Tell:
        return self.calls.append


def adapter(
    server: BlockletServer, world: Passing | None = None, *, app: str | None = None, url: str = ""
) -> Adapter:
    """The adapter on ``server``, in a world where nobody waits for real."""
    world = world or Passing()
    key = AccessKey(server.key_id, server.key_secret)
    named = server.app_did if app is None else app
    made = cast("Adapter", connect(Server(url or server.url, named, key), world))
    return replace(made, line=replace(made.line, monotonic=world.monotonic))
