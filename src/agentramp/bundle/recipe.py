"""What is to be made into a component."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

STORE: Final = "https://store.blocklet.dev"


class Engine(Enum):
    """Who runs it: the runtime for agents that the server fetches from its store, or Node.js."""

    AIGNE = "aigne"
    NODE = "node"


@dataclass(frozen=True)
class Recipe:
    """``main`` is the file Node.js starts, in ``root``; a project of AIGNE starts by aigne.yaml.

    ``store`` is where the server gets the runtime for agents from: it has to reach that address.
    """

    root: Path
    title: str
    description: str
    engine: Engine
    main: str = ""
    store: str = STORE
