"""The AgentRun adapter: the platform port over the control-plane API.

Source of paths, fields and statuses: the vendor's official SDK for API version 2025-09-10. What
no source says (whether a PUT without a split keeps the old one, whether a listing is up to date
at once) is never assumed: a split is always sent whole and every change is read back.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from agentramp.errors import UnsupportedError
from agentramp.model import Artifact, Endpoint, Observed, Runtime, RuntimeSpec, Split, Version
from agentramp.platform.agentrun import wire
from agentramp.platform.agentrun.client import (
    Action,
    AlreadyExistsError,
    Client,
    OutcomeUnknownError,
)
from agentramp.platform.port import NotAppliedError, NotReadyError, PlatformError, UnreachableError
from agentramp.progress import Progress, Silent

PAGE_SIZE = 100
INLINE_LIMIT = 100 * 1024 * 1024
"""Largest package sent inside a request, in bytes. The platform's own limit is not published."""
FIRST_POLL, SLOWEST_POLL = 0.1, 10.0
TELL_EVERY = 15.0
RUNTIME_TIMEOUT, ENDPOINT_TIMEOUT = 900.0, 300.0
POST_ATTEMPTS = 3

_RUNTIMES = ("agents", "runtimes")

Entity = TypeVar("Entity", Runtime, Endpoint)
Made = TypeVar("Made", Runtime, Endpoint, Version)


@dataclass
class AgentRun:
    client: Client
    progress: Progress = field(default_factory=Silent)

    def now(self) -> float:
        return self.client.server_time()

    def observe(self, runtime_name: str) -> Observed:
        runtime = self._find(runtime_name)
        if runtime is None:
            return Observed()
        versions = sorted(self._versions(runtime.id), key=lambda found: -found.number)
        return Observed(runtime, tuple(versions), tuple(self._endpoints(runtime.id)))

    def create_runtime(self, spec: RuntimeSpec, artifact: Artifact | None) -> Runtime:
        body = _body(spec, artifact)
        action = Action("CreateAgentRuntime", "POST", _RUNTIMES)
        made = self._post(action, body, lambda: self._find(spec.name), wire.decode_runtime)
        return _holding(self.await_runtime(made.id), artifact)

    def update_runtime(
        self, runtime_id: str, spec: RuntimeSpec, artifact: Artifact | None
    ) -> Runtime:
        self._settle(lambda: self._runtime(runtime_id), RUNTIME_TIMEOUT)
        body = _body(spec, artifact)
        self.client.call(Action("UpdateAgentRuntime", "PUT", (*_RUNTIMES, runtime_id)), body=body)
        return _holding(self.await_runtime(runtime_id), artifact)

    def await_runtime(self, runtime_id: str) -> Runtime:
        runtime = self._settle(lambda: self._runtime(runtime_id), RUNTIME_TIMEOUT)
        return _ready(runtime, f"runtime {runtime.spec.name}")

    def published_spec(self, runtime_id: str, number: int) -> RuntimeSpec:
        action = Action("GetAgentRuntime", "GET", (*_RUNTIMES, runtime_id))
        data = self.client.call(action, query={"agentRuntimeVersion": str(number)})
        return wire.decode_spec(data)

    def publish_version(self, runtime_id: str, description: str) -> int:
        known = {version.number for version in self._versions(runtime_id)}

        def appeared() -> Version | None:
            new = (v for v in self._versions(runtime_id) if v.number not in known)
            return next((v for v in new if v.description == description), None)

        action = Action("PublishRuntimeVersion", "POST", (*_RUNTIMES, runtime_id, "versions"))
        body = {"description": description}
        return self._post(action, body, appeared, wire.decode_version).number

    def create_endpoint(self, runtime_id: str, name: str, split: Split) -> Endpoint:
        def appeared() -> Endpoint | None:
            return next((e for e in self._endpoints(runtime_id) if e.name == name), None)

        action = Action("CreateAgentRuntimeEndpoint", "POST", (*_RUNTIMES, runtime_id, "endpoints"))
        body = {"agentRuntimeEndpointName": name, **wire.encode_split(split)}
        made = self._post(action, body, appeared, wire.decode_endpoint)
        return self._applied(runtime_id, made.id, split)

    def get_endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        path = (*_RUNTIMES, runtime_id, "endpoints", endpoint_id)
        data = self.client.call(Action("GetAgentRuntimeEndpoint", "GET", path))
        return wire.decode_endpoint(data)

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        path = (*_RUNTIMES, runtime_id, "endpoints", endpoint_id)
        action = Action("UpdateAgentRuntimeEndpoint", "PUT", path)
        self._settle(lambda: self.get_endpoint(runtime_id, endpoint_id), ENDPOINT_TIMEOUT)
        self.client.call(action, body=wire.encode_split(split))
        return self._applied(runtime_id, endpoint_id, split)

    def _applied(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        endpoint = self._settle(
            lambda: self.get_endpoint(runtime_id, endpoint_id), ENDPOINT_TIMEOUT
        )
        _ready(endpoint, f"endpoint {endpoint.name}")
        if endpoint.split != split:
            raise NotAppliedError(
                f"endpoint {endpoint.name} was told {split} but serves {endpoint.split}",
                advice="somebody else may be moving this endpoint: look, then run again",
            )
        return endpoint

    def _post(
        self,
        action: Action,
        body: Mapping[str, Any],
        appeared: Callable[[], Made | None],
        decode: Callable[[Mapping[str, Any]], Made],
    ) -> Made:
        """Make something once, though an answer may be lost: then look before asking again."""
        lost: OutcomeUnknownError | None = None
        for _ in range(POST_ATTEMPTS):
            try:
                return decode(self.client.call(action, body=body))
            except OutcomeUnknownError as error:
                lost = error
            except AlreadyExistsError:
                if lost is None:  # it was there before us, so it is not ours
                    raise
            if found := appeared():
                return found
        raise lost or UnreachableError(f"{action.name}: no answer")

    def _settle(self, read: Callable[[], Entity], timeout: float) -> Entity:
        """Read until the status is a final one; the first read is at once."""
        begun = told = self.client.now()
        wait = FIRST_POLL
        while not (entity := read()).status.is_final:
            now = self.client.now()
            if now - told >= TELL_EVERY:
                told = now
                self.progress.say(f"{_name(entity)} is {entity.status.value} ({now - begun:.0f} s)")
            if now - begun > timeout:
                raise NotReadyError(
                    f"{_name(entity)} is still {entity.status.value} after {timeout:.0f} s",
                    advice="the platform may still finish it: run this again to go on waiting",
                )
            self.client.sleep(wait)
            wait = min(wait * 1.5, SLOWEST_POLL)
        return entity

    def _find(self, name: str) -> Runtime | None:
        action = Action("ListAgentRuntimes", "GET", _RUNTIMES)
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
        return self._runtime(found[0].id) if found else None

    def _runtime(self, runtime_id: str) -> Runtime:
        path = (*_RUNTIMES, runtime_id)
        return wire.decode_runtime(self.client.call(Action("GetAgentRuntime", "GET", path)))

    def _versions(self, runtime_id: str) -> Iterator[Version]:
        path = (*_RUNTIMES, runtime_id, "versions")
        for data in self._pages(Action("ListAgentRuntimeVersions", "GET", path), {}):
            if str(data.get("agentRuntimeVersion", "")).isdigit():  # LATEST may be listed too
                yield wire.decode_version(data)

    def _endpoints(self, runtime_id: str) -> Iterator[Endpoint]:
        path = (*_RUNTIMES, runtime_id, "endpoints")
        action = Action("ListAgentRuntimeEndpoints", "GET", path)
        return map(wire.decode_endpoint, self._pages(action, {}))

    def _pages(self, action: Action, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        page, seen = 1, 0
        while True:
            numbers = {"pageNumber": str(page), "pageSize": str(PAGE_SIZE)}
            data = self.client.call(action, query={**query, **numbers})
            items = data.get("items") or []
            yield from items
            seen += len(items)
            total = data.get("total")
            if not items or (total is not None and seen >= int(total)):
                return
            page += 1


def _body(spec: RuntimeSpec, artifact: Artifact | None) -> Mapping[str, Any]:
    if spec.code is None or artifact is None:
        return wire.encode_runtime(spec, None)
    if artifact.size > INLINE_LIMIT:
        raise UnsupportedError(
            f"the package is {artifact.size / 1e6:.0f} MB; inside a request only"
            f" {INLINE_LIMIT / 1e6:.0f} MB are sent",
            advice="leave files out with .fcignore, or name an object in OSS in code.ossObjectName",
        )
    told = replace(spec, code=replace(spec.code, checksum=artifact.crc64))
    return wire.encode_runtime(told, b64encode(artifact.path.read_bytes()).decode())


def _holding(runtime: Runtime, artifact: Artifact | None) -> Runtime:
    """``runtime``, if it runs the package it was told to, as far as the platform says."""
    code = runtime.spec.code
    if artifact and code and code.checksum not in {None, artifact.crc64}:
        raise NotAppliedError(
            f"runtime {runtime.spec.name} was given package {artifact.crc64} but has"
            f" {code.checksum}",
            advice="somebody else may be deploying it: look, then run this again",
        )
    return runtime


def _ready(entity: Entity, name: str) -> Entity:
    if entity.status.is_failure:
        raise NotReadyError(
            f"{name} is {entity.status.value}: {entity.reason or 'the platform gives no reason'}",
            advice="mend what the reason names and run this again",
        )
    return entity


def _name(entity: Runtime | Endpoint) -> str:
    if isinstance(entity, Runtime):
        return f"runtime {entity.spec.name}"
    return f"endpoint {entity.name}"
