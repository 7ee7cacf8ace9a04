"""Components in memory: the shipped fake, held to the same suite as the real adapter."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agentramp.component import Application, Bundle, Component, Health
from agentramp.platform.port import (
    AlreadyExistsError,
    NotAppliedError,
    NotFoundError,
    NotReadyError,
    PlatformError,
    UnreachableError,
)

OK, BAD_GATEWAY, NOT_RUNNING, NOT_FOUND = 200, 502, 503, 404


def _epoch() -> float:
    return 0.0


@dataclass
class MemoryComponents:
    """One application; ``broken`` and ``silent`` hold the sha256 of bundles that are so.

    A broken one ends at start: the first of its component is left in ``error``, an upgrade leaves
    the version before. A silent one runs and answers 502. ``down``: nothing answers.
    """

    application: Application | None = None
    broken: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    down: bool = False
    clock: Callable[[], float] = _epoch
    installs: list[tuple[str, str, str]] = field(default_factory=list)
    """DID, version and mount point of each bundle that was sent, in order."""
    _bundles: dict[str, str] = field(default_factory=dict)
    """The sha256 of what is there, by DID."""

    def now(self) -> float:
        return self.clock()

    def observe(self) -> Application:
        if self.down:
            raise _untouched(UnreachableError("no answer from the server in memory"))
        if self.application is None:
            raise _untouched(NotFoundError("there is no such application in memory"))
        return self.application

    def install(self, bundle: Bundle, mount_point: str) -> Component:
        application = self.observe()
        standing = application.at(mount_point)
        did = bundle.identity.did
        if standing is not None and standing.did != did:
            raise _untouched(
                AlreadyExistsError(f"{mount_point} has another component: {standing.name}")
            )
        self.installs.append((did, bundle.version, mount_point))
        before = application.component(did)
        if bundle.sha256 in self.broken:
            self._fail(bundle, mount_point, before)
        return self._put(_component(bundle, mount_point), bundle.sha256)

    def remove(self, did: str) -> None:
        application = self.observe()
        left = tuple(one for one in application.components if one.did != did)
        self.application = replace(application, components=left)
        self._bundles.pop(did, None)

    def answers(self, mount_point: str, page: str = "") -> int:  # noqa: ARG002 - all pages are alike
        found = self.observe().at(mount_point)
        if found is None:
            return NOT_FOUND
        if found.health is not Health.RUNNING:
            return NOT_RUNNING
        return BAD_GATEWAY if self._bundles.get(found.did) in self.silent else OK

    def _fail(self, bundle: Bundle, mount_point: str, before: Component | None) -> None:
        name = f"{bundle.identity.name} {bundle.version}"
        if before is not None and before.health is Health.RUNNING:
            raise NotAppliedError(f"{name} was taken, but version {before.version} is there")
        fallen = replace(_component(bundle, mount_point), health=Health.BROKEN, status="error")
        self._put(fallen, bundle.sha256)
        raise NotReadyError(f"{name} does not run: error")

    def _put(self, component: Component, sha256: str) -> Component:
        application = self.observe()
        others = tuple(one for one in application.components if one.did != component.did)
        self.application = replace(application, components=(*others, component))
        self._bundles[component.did] = sha256
        return component


def _component(bundle: Bundle, mount_point: str) -> Component:
    identity = bundle.identity
    return Component(
        did=identity.did,
        name=identity.name,
        version=bundle.version,
        mount_point=mount_point,
        health=Health.RUNNING,
        status="running",
        integrity=bundle.integrity,
    )


def _untouched(error: PlatformError) -> PlatformError:
    error.untouched = True
    return error
