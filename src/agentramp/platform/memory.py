"""A platform in memory: the shipped fake, held to the same conformance suite as the real ones."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

from agentramp.model import (
    LATEST,
    Artifact,
    Endpoint,
    Observed,
    Runtime,
    RuntimeSpec,
    Split,
    Status,
    Version,
    Workspace,
)
from agentramp.platform.port import AlreadyExistsError, NotFoundError, PlatformError


@dataclass
class _Shelf:
    """A runtime with what was published of it and what serves it."""

    runtime: Runtime
    published: dict[int, tuple[Version, RuntimeSpec]] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)


def _rooms() -> dict[str, Workspace]:
    return {"default": Workspace("default", "ws-default", is_default=True)}


@dataclass
class MemoryPlatform:
    shelves: dict[str, _Shelf] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    rooms: dict[str, Workspace] = field(default_factory=_rooms)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def now(self) -> float:
        return self.clock()

    def observe(self, runtime_name: str) -> Observed:
        for shelf in self.shelves.values():
            if shelf.runtime.spec.name == runtime_name:
                versions = tuple(version for version, _ in shelf.published.values())
                endpoints = tuple(shelf.endpoints.values())
                return Observed(shelf.runtime, versions[::-1], endpoints)
        return Observed()

    def create_runtime(self, spec: RuntimeSpec, artifact: Artifact | None) -> Runtime:
        if self.observe(spec.name).runtime:
            raise AlreadyExistsError(f"runtime {spec.name} already exists", code="ERR_CONFLICT")
        home = spec.workspace_id or next(w.id for w in self.rooms.values() if w.is_default)
        filed = replace(_holding(spec, artifact), workspace_id=home)
        runtime = Runtime(f"rt-{next(self.numbers)}", filed)
        self.shelves[runtime.id] = _Shelf(runtime)
        return runtime

    def update_runtime(
        self, runtime_id: str, spec: RuntimeSpec, artifact: Artifact | None
    ) -> Runtime:
        shelf = self._shelf(runtime_id)
        kept = shelf.runtime.spec.code
        if spec.code and artifact is None and kept:
            spec = replace(spec, code=replace(spec.code, checksum=kept.checksum))
        home = shelf.runtime.spec.workspace_id
        shelf.runtime = Runtime(runtime_id, replace(_holding(spec, artifact), workspace_id=home))
        return shelf.runtime

    def await_runtime(self, runtime_id: str) -> Runtime:
        return self._shelf(runtime_id).runtime

    def published_spec(self, runtime_id: str, number: int) -> RuntimeSpec:
        shelf = self._shelf(runtime_id)
        self._require(shelf, number)
        return shelf.published[number][1]

    def publish_version(self, runtime_id: str, description: str) -> int:
        shelf = self._shelf(runtime_id)
        number = len(shelf.published) + 1
        shelf.published[number] = (Version(number, description), shelf.runtime.spec)
        return number

    def create_endpoint(
        self, runtime_id: str, name: str, split: Split, description: str = ""
    ) -> Endpoint:
        shelf = self._shelf(runtime_id)
        if any(found.name == name for found in shelf.endpoints.values()):
            raise AlreadyExistsError(f"endpoint {name} already exists", code="ERR_CONFLICT")
        self._require(shelf, *(ref for ref, _ in split.weights))
        url = f"memory://{shelf.runtime.spec.name}/{name}"
        made = Endpoint(f"ep-{next(self.numbers)}", name, split, Status.READY, url=url)
        shelf.endpoints[made.id] = replace(made, description=description)
        return shelf.endpoints[made.id]

    def describe_endpoint(self, runtime_id: str, endpoint_id: str, description: str) -> Endpoint:
        found = self.get_endpoint(runtime_id, endpoint_id)
        described = replace(found, description=description)
        self._shelf(runtime_id).endpoints[endpoint_id] = described
        return described

    def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
        if runtime_id in self.shelves:
            self.shelves[runtime_id].endpoints.pop(endpoint_id, None)

    def delete_runtime(self, runtime_id: str) -> None:
        shelf = self.shelves.get(runtime_id)
        if shelf and shelf.endpoints:
            name = shelf.runtime.spec.name
            raise PlatformError(f"runtime {name} still has endpoints", code="ERR_CONFLICT")
        self.shelves.pop(runtime_id, None)

    def workspaces(self) -> tuple[Workspace, ...]:
        return tuple(self.rooms.values())

    def create_workspace(self, wanted: Workspace) -> Workspace:
        if wanted.name in self.rooms:
            raise AlreadyExistsError(f"workspace {wanted.name} already exists", code="ERR_CONFLICT")
        made = replace(wanted, id=f"ws-{next(self.numbers)}")
        self.rooms[made.name] = made
        return made

    def get_endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        endpoints = self._shelf(runtime_id).endpoints
        if endpoint_id not in endpoints:
            raise NotFoundError(f"endpoint {endpoint_id} does not exist", code="ERR_NOT_FOUND")
        return endpoints[endpoint_id]

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        shelf = self._shelf(runtime_id)
        self._require(shelf, *(ref for ref, _ in split.weights))
        endpoint = replace(self.get_endpoint(runtime_id, endpoint_id), split=split)
        shelf.endpoints[endpoint_id] = endpoint
        return endpoint

    def _shelf(self, runtime_id: str) -> _Shelf:
        if runtime_id not in self.shelves:
            raise NotFoundError(f"runtime {runtime_id} does not exist", code="ERR_NOT_FOUND")
        return self.shelves[runtime_id]

    def _require(self, shelf: _Shelf, *refs: int | str) -> None:
        for ref in refs:
            if ref != LATEST and ref not in shelf.published:
                raise NotFoundError(f"version {ref} does not exist", code="ERR_NOT_FOUND")


def _holding(spec: RuntimeSpec, artifact: Artifact | None) -> RuntimeSpec:
    if spec.code is None or artifact is None:
        return spec
    return replace(spec, code=replace(spec.code, checksum=artifact.crc64))
