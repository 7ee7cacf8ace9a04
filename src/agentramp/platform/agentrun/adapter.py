"""The AgentRun adapter: the platform port over the control-plane API.

Source of paths, fields and statuses: the vendor's official SDK for API version 2025-09-10. What
no source says (whether a PUT keeps what it does not name, whether a listing is up to date at
once) is never assumed: what was read is sent back whole and every change is read back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agentramp.model import (
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
from agentramp.platform.agentrun import wire
from agentramp.platform.agentrun.catalogue import RUNTIMES, WORKSPACES, Catalogue
from agentramp.platform.agentrun.client import Action, Client, OutcomeUnknownError
from agentramp.platform.agentrun.kept import unsaid
from agentramp.platform.agentrun.packages import Bucket, Packages
from agentramp.platform.agentrun.waiting import Entity, Waiting, ready
from agentramp.platform.port import (
    AlreadyExistsError,
    NotAppliedError,
    NotFoundError,
    UnreachableError,
    untouched,
)
from agentramp.progress import Progress, Silent

RUNTIME_TIMEOUT, ENDPOINT_TIMEOUT = 900.0, 300.0
POST_ATTEMPTS = 3

Made = TypeVar("Made", Runtime, Endpoint, Version, Workspace)


@dataclass
class AgentRun:
    """``bucket`` takes the packages too large for a request; without one all go inside it."""

    client: Client
    progress: Progress = field(default_factory=Silent)
    bucket: Bucket | None = None

    def __post_init__(self) -> None:
        self._catalogue = Catalogue(self.client)
        self._packages = Packages(self.bucket, self.progress)

    def now(self) -> float:
        return self.client.server_time()

    def observe(self, runtime_name: str) -> Observed:
        return self._catalogue.observe(runtime_name)

    def create_runtime(self, spec: RuntimeSpec, artifact: Artifact | None) -> Runtime:
        body = self._packages.body(spec, artifact)
        action = Action("CreateAgentRuntime", "POST", RUNTIMES)
        made = self._post(
            action, body, lambda: self._catalogue.find(spec.name), wire.decode_runtime
        )
        return _holding(self.await_runtime(made.id), artifact)

    def update_runtime(
        self, runtime_id: str, spec: RuntimeSpec, artifact: Artifact | None
    ) -> Runtime:
        was, data = self._settled_runtime(runtime_id)
        kept = was.spec.code.checksum if was.spec.code else None
        if artifact and _runs(was, artifact):
            # Only the words change: the package is not sent again unless the platform lost it.
            runtime = self._update(data, runtime_id, self._packages.body(spec, None, kept))
            if _runs(runtime, artifact):
                return runtime
        body = self._packages.body(spec, artifact, kept)
        return _holding(self._update(data, runtime_id, body), artifact)

    def _update(self, was: Mapping[str, Any], runtime_id: str, body: Mapping[str, Any]) -> Runtime:
        action = Action("UpdateAgentRuntime", "PUT", (*RUNTIMES, runtime_id))
        self.client.call(action, body={**unsaid(was, body), **body})
        return self.await_runtime(runtime_id)

    def await_runtime(self, runtime_id: str) -> Runtime:
        runtime, _ = self._settled_runtime(runtime_id)
        return ready(runtime)

    def published_spec(self, runtime_id: str, number: int) -> RuntimeSpec:
        return self._catalogue.published_spec(runtime_id, number)

    def publish_version(self, runtime_id: str, description: str) -> int:
        known = self._catalogue.known_versions(runtime_id)

        def appeared() -> Version | None:
            new = (v for v in self._catalogue.versions(runtime_id) if v.number not in known)
            return next((v for v in new if v.description == description), None)

        action = Action("PublishRuntimeVersion", "POST", (*RUNTIMES, runtime_id, "versions"))
        body = {"description": description}
        return self._post(action, body, appeared, wire.decode_version).number

    def create_endpoint(
        self, runtime_id: str, name: str, split: Split, description: str = ""
    ) -> Endpoint:
        def appeared() -> Endpoint | None:
            found = self._catalogue.endpoints(runtime_id)
            return next((endpoint for endpoint in found if endpoint.name == name), None)

        action = Action("CreateAgentRuntimeEndpoint", "POST", (*RUNTIMES, runtime_id, "endpoints"))
        words = {"description": description} if description else {}
        body = {"agentRuntimeEndpointName": name, **words, **wire.encode_split(split)}
        made = self._post(action, body, appeared, wire.decode_endpoint)
        return self._applied(runtime_id, made.id, split)

    def get_endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        return self._catalogue.endpoint(runtime_id, endpoint_id)

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        with untouched():
            was, data = self._settled_endpoint(runtime_id, endpoint_id)
        self._change(runtime_id, was, wire.encode_endpoint(data, split, was.description))
        return self._applied(runtime_id, endpoint_id, split)

    def describe_endpoint(self, runtime_id: str, endpoint_id: str, description: str) -> Endpoint:
        with untouched():
            was, data = self._settled_endpoint(runtime_id, endpoint_id)
        self._change(runtime_id, was, wire.encode_endpoint(data, was.split, description))
        endpoint = self._applied(runtime_id, endpoint_id, was.split)
        if endpoint.description.strip() != description.strip():
            raise NotAppliedError(
                f"endpoint {endpoint.name} was told {description!r} about itself but says"
                f" {endpoint.description!r}",
                advice="somebody else may be changing this endpoint: look, then run again",
            )
        return endpoint

    def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
        path = (*RUNTIMES, runtime_id, "endpoints", endpoint_id)
        action = Action("DeleteAgentRuntimeEndpoint", "DELETE", path)
        self._delete(action, lambda: self.get_endpoint(runtime_id, endpoint_id), ENDPOINT_TIMEOUT)

    def delete_runtime(self, runtime_id: str) -> None:
        action = Action("DeleteAgentRuntime", "DELETE", (*RUNTIMES, runtime_id))
        self._delete(action, lambda: self._catalogue.runtime(runtime_id), RUNTIME_TIMEOUT)

    def workspaces(self) -> tuple[Workspace, ...]:
        return self._catalogue.workspaces()

    def create_workspace(self, wanted: Workspace) -> Workspace:
        def appeared() -> Workspace | None:
            return next((found for found in self.workspaces() if found.name == wanted.name), None)

        action = Action("CreateWorkspace", "POST", WORKSPACES)
        body = wire.encode_workspace(wanted)
        made = self._post(action, body, appeared, wire.decode_workspace)
        return self._catalogue.workspace(made.id)

    def _change(self, runtime_id: str, was: Endpoint, body: Mapping[str, Any]) -> None:
        path = (*RUNTIMES, runtime_id, "endpoints", was.id)
        self.client.call(Action("UpdateAgentRuntimeEndpoint", "PUT", path), body=body)

    def _applied(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        endpoint, _ = self._settled_endpoint(runtime_id, endpoint_id)
        ready(endpoint)
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

    def _delete(self, action: Action, read: Callable[[], Entity], timeout: float) -> None:
        """Ask, and wait until there is nothing to read."""
        try:
            self.client.call(action)
        except NotFoundError:
            return
        self._wait(read, timeout).gone()

    def _settled_runtime(self, runtime_id: str) -> tuple[Runtime, Mapping[str, Any]]:
        """The runtime when no change is at work, and all that was read of it."""
        data: Mapping[str, Any] = {}

        def read() -> Runtime:
            nonlocal data
            data = self._catalogue.runtime_data(runtime_id)
            return wire.decode_runtime(data)

        return self._wait(read, RUNTIME_TIMEOUT).settled(), data

    def _settled_endpoint(
        self, runtime_id: str, endpoint_id: str
    ) -> tuple[Endpoint, Mapping[str, Any]]:
        data: Mapping[str, Any] = {}

        def read() -> Endpoint:
            nonlocal data
            data = self._catalogue.endpoint_data(runtime_id, endpoint_id)
            return wire.decode_endpoint(data)

        return self._wait(read, ENDPOINT_TIMEOUT).settled(), data

    def _wait(self, read: Callable[[], Entity], timeout: float) -> Waiting[Entity]:
        return Waiting(read, timeout, self.client.now, self.client.sleep, self.progress)


def _runs(runtime: Runtime, artifact: Artifact) -> bool:
    """Whether the runtime has this very package, as its checksum says."""
    code = runtime.spec.code
    known = code is not None and code.checksum == artifact.crc64
    return known and runtime.status is Status.READY


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
