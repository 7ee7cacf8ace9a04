"""A Blocklet Server by its address, as the components port."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agentramp.exchange import check_address
from agentramp.platform.blocklet.adapter import BlockletServer
from agentramp.platform.blocklet.calls import Line
from agentramp.platform.blocklet.signing import AccessKey
from agentramp.platform.components import Components
from agentramp.platform.registry import World


@dataclass(frozen=True)
class Server:
    """``url`` is a server's or an application's; ``app`` is the application's DID.

    ``app`` is '' where ``url`` is the application's own. ``page`` is where users reach the
    application, if that is no address the server knows.
    """

    url: str
    app: str
    key: AccessKey = field(repr=False)
    page: str = ""


def connect(
    server: Server, world: World, monotonic: Callable[[], float] = time.monotonic
) -> Components:
    """Asks nothing yet; raises UsageError for an address or a key that cannot be right."""
    check_address(server.url, "the Blocklet Server")
    server.key.check()
    line = Line(world.clock, world.sleep, world.jitter, monotonic, world.tell)
    return BlockletServer(
        url=server.url,
        app=server.app,
        key=server.key,
        line=line,
        nonce=world.nonce,
        page=server.page.rstrip("/"),
        progress=world.console,
    )
