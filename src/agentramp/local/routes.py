"""Where requests go at this moment; the control plane replaces entries, the gateway reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

from agentramp.local.agent import Agent
from agentramp.local.records import Affinity, Label, Route


@dataclass(frozen=True)
class Live:
    """One endpoint's split with the agents that serve it; every version of it was healthy."""

    endpoint_id: str
    route: Route
    affinity: Affinity
    agents: Mapping[Label, Agent]


class Routes:
    def __init__(self) -> None:
        self._live: dict[tuple[str, str], Live] = {}

    def set(self, runtime: str, endpoint: str, live: Live) -> None:
        """One assignment: a request sees the old split or the new one, never a mixture."""
        self._live[runtime, endpoint] = live

    def remove(self, runtime: str, endpoint: str) -> None:
        self._live.pop((runtime, endpoint), None)

    def find(self, runtime: str, endpoint: str) -> Live | None:
        return self._live.get((runtime, endpoint))
