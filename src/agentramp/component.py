"""The frozen nouns of a Blocklet Server: an application, its components, and a bundle for one.

Such a server keeps one version of a component and splits no traffic: a canary is a component of its
own, at a mount point of its own. Versions are semantic versions as text; ``size`` is bytes.
"""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """What a component is known by: its name, and its decentralized identifier (``z2qa…``)."""

    name: str
    did: str


@dataclass(frozen=True)
class Bundle:
    """A built component as the server takes it: a gzipped tar whose entries stand in ``package/``.

    ``integrity`` is what the server checks (``sha512-`` and base64). ``content`` is the sha256 of
    what is in it but for identity and version, so it is the same for a canary and what it becomes.
    """

    path: Path
    identity: Identity
    version: str
    sha256: str
    integrity: str
    content: str
    size: int


@dataclass(frozen=True)
class Installation:
    """What the journal keeps of a component: enough to find its bundle and install it again."""

    did: str
    version: str
    mount_point: str
    sha256: str
    content: str


class Health(Enum):
    """Where a component stands; what the server says otherwise is ``CHANGING`` or ``BROKEN``."""

    RUNNING = "running"
    STOPPED = "stopped"
    CHANGING = "changing"
    BROKEN = "broken"


@dataclass(frozen=True)
class Component:
    """One reading. ``status`` is the server's own word; ``integrity`` empty: it does not say.

    ``side`` is which of two it runs on, for a server that starts a new version beside the old one
    and then changes sides; empty: it does not say. ``doubled``: both sides are said to run, so the
    change has not ended, or never will, as the new version died unnoticed.
    """

    did: str
    name: str
    version: str
    mount_point: str
    health: Health
    status: str = ""
    integrity: str = ""
    side: str = field(default="", compare=False)
    doubled: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Application:
    """``url`` is where users reach it, without a slash at the end; components by mount point."""

    did: str
    name: str
    url: str
    version: str = ""
    components: tuple[Component, ...] = ()

    def component(self, did: str) -> Component | None:
        return next((found for found in self.components if found.did == did), None)

    def at(self, mount_point: str) -> Component | None:
        return next((one for one in self.components if one.mount_point == mount_point), None)
