"""Reads what is there: runtimes, versions, endpoints and workspaces, all pages of each."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agentramp.model import Endpoint, Observed, Runtime, RuntimeSpec, Version, Workspace
from agentramp.platform.agentrun import wire
from agentramp.platform.agentrun.client import Action, Client
from agentramp.platform.port import PlatformError

PAGE_SIZE = 100
_MOST_PAGES = 500
RUNTIMES = ("agents", "runtimes")
WORKSPACES = ("workspaces",)

T = TypeVar("T")
U = TypeVar("U")


@dataclass
class Catalogue:
    client: Client
    _seen: dict[str, frozenset[int]] = field(default_factory=dict, init=False)
    """The versions of each runtime as they were last listed."""

    def observe(self, runtime_name: str) -> Observed:
        runtime = self.find(runtime_name)
        if runtime is None:
            return Observed()
        found = runtime.id
        versions, endpoints = _both(lambda: self.versions(found), lambda: self.endpoints(found))
        return Observed(runtime, versions, endpoints)

    def find(self, name: str) -> Runtime | None:
        action = Action("ListAgentRuntimes", "GET", RUNTIMES)
        query = {"agentRuntimeName": name, "searchMode": "exact"}
        found = [
            runtime
            for runtime in map(wire.decode_runtime, self._pages(action, query))
            if runtime.spec.name == name
        ]
        if len(found) > 1:
            raise PlatformError(
                f"{len(found)} runtimes are called {name}, in different workspaces",
                advice="rename one: a release must know which runtime it moves",
            )
        # A listing may leave fields out, so the one found is read by itself.
        return self.runtime(found[0].id) if found else None

    def runtime(self, runtime_id: str) -> Runtime:
        return wire.decode_runtime(self.runtime_data(runtime_id))

    def runtime_data(self, runtime_id: str) -> Mapping[str, Any]:
        return self.client.call(Action("GetAgentRuntime", "GET", (*RUNTIMES, runtime_id)))

    def published_spec(self, runtime_id: str, number: int) -> RuntimeSpec:
        action = Action("GetAgentRuntime", "GET", (*RUNTIMES, runtime_id))
        data = self.client.call(action, query={"agentRuntimeVersion": str(number)})
        return wire.decode_spec(data)

    def versions(self, runtime_id: str) -> tuple[Version, ...]:
        """Newest first."""
        path = (*RUNTIMES, runtime_id, "versions")
        found = [
            wire.decode_version(data)
            for data in self._pages(Action("ListAgentRuntimeVersions", "GET", path), {})
            if str(data.get("agentRuntimeVersion", "")).isdigit()  # LATEST may be listed too
        ]
        self._seen[runtime_id] = frozenset(version.number for version in found)
        return tuple(sorted(found, key=lambda version: -version.number))

    def known_versions(self, runtime_id: str) -> frozenset[int]:
        """The numbers this run has seen; they are listed only where it has not looked yet."""
        if runtime_id not in self._seen:
            self.versions(runtime_id)
        return self._seen[runtime_id]

    def endpoints(self, runtime_id: str) -> tuple[Endpoint, ...]:
        path = (*RUNTIMES, runtime_id, "endpoints")
        action = Action("ListAgentRuntimeEndpoints", "GET", path)
        return tuple(map(wire.decode_endpoint, self._pages(action, {})))

    def endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        return wire.decode_endpoint(self.endpoint_data(runtime_id, endpoint_id))

    def endpoint_data(self, runtime_id: str, endpoint_id: str) -> Mapping[str, Any]:
        path = (*RUNTIMES, runtime_id, "endpoints", endpoint_id)
        return self.client.call(Action("GetAgentRuntimeEndpoint", "GET", path))

    def workspaces(self) -> tuple[Workspace, ...]:
        pages = self._pages(Action("ListWorkspaces", "GET", WORKSPACES), {}, "workspaces")
        return tuple(map(wire.decode_workspace, pages))

    def workspace(self, workspace_id: str) -> Workspace:
        action = Action("GetWorkspace", "GET", (*WORKSPACES, workspace_id))
        return wire.decode_workspace(self.client.call(action))

    def _pages(
        self, action: Action, query: Mapping[str, str], key: str = "items"
    ) -> Iterator[Mapping[str, Any]]:
        seen = 0
        for page in range(1, _MOST_PAGES + 1):
            numbers = {"pageNumber": str(page), "pageSize": str(PAGE_SIZE)}
            data = self.client.call(action, query={**query, **numbers})
            items = data.get(key) or []
            yield from items
            seen += len(items)
            total = data.get("total")
            if not items or (total is not None and seen >= int(total)):
                return
        raise PlatformError(
            f"{action.name}: the list has no end after {_MOST_PAGES} pages",
            advice="something between may have answered: check the address and the proxy",
        )


def _both(first: Callable[[], T], second: Callable[[], U]) -> tuple[T, U]:
    """Do two reads at once; what either raises is raised, and an interrupt waits for neither."""
    answers: list[U] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(second())
        except BaseException as error:  # noqa: BLE001 - it is raised again, where it is waited for
            faults.append(error)

    # A daemon: if the first fails, nobody waits for the retries of the second.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    one = first()
    thread.join()
    if faults:
        raise faults[0]
    return one, answers[0]
