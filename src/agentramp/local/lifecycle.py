"""Brings what runs in line with what is recorded.

The records are the truth. Every change is written first and then settled by a task that can be
thrown away at any moment: at the server's start everything that is still pending is settled anew.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator

from agentramp.local import assumptions, wire
from agentramp.local.agent import Agent, StartError
from agentramp.local.backoff import Backoff
from agentramp.local.records import LATEST, Endpoint, Label, Route, Runtime, Unit
from agentramp.local.routes import Live, Routes
from agentramp.local.store import Store
from agentramp.local.supervisor import Supervisor, Wanted

_LOG = logging.getLogger(__name__)


class Lifecycle:
    def __init__(
        self,
        store: Store,
        supervisor: Supervisor,
        routes: Routes,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._routes = routes
        self._now = now
        self._sleep = sleep
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def resume(self) -> None:
        """Start what should run and take up what was pending when the server ended."""
        self.reconcile()
        for endpoint in self._store.endpoints():
            self._publish_route(endpoint)
        for runtime in self._store.runtimes():
            if runtime.status.pending:
                self.settle_runtime(runtime.id)
        for endpoint in self._store.endpoints():
            if endpoint.status.pending:
                self.settle_endpoint(endpoint.id)

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def settle_runtime(self, runtime_id: str) -> None:
        """Bring up the head that was asked for; replaces an attempt that is at work."""
        self._start(runtime_id, self._settle_runtime, self._give_up_runtime)

    def settle_endpoint(self, endpoint_id: str) -> None:
        """Bring up the split that was asked for; replaces an attempt that is at work."""
        self._start(endpoint_id, self._settle_endpoint, self._give_up_endpoint)

    def _start(
        self,
        key: str,
        settle: Callable[[str], Awaitable[None]],
        give_up: Callable[[str, str], None],
    ) -> None:
        former = self._tasks.get(key)
        if former:
            former.cancel()
        task = asyncio.create_task(self._to_an_end(key, settle, give_up))
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def _forget(self, key: str, done: "asyncio.Task[None]") -> None:
        if self._tasks.get(key) is done:
            del self._tasks[key]

    async def _to_an_end(
        self,
        key: str,
        settle: Callable[[str], Awaitable[None]],
        give_up: Callable[[str, str], None],
    ) -> None:
        """Whatever goes wrong is recorded as a failure, as soon as it can be recorded."""
        try:
            await settle(key)
        except Exception as error:  # noqa: BLE001 nothing may leave it pending
            _LOG.exception("what was asked for could not be brought about")
            reason = f"the embedded platform failed: {error!r}; its log says more"
        else:
            return
        backoff = Backoff()
        while not _recorded(lambda: give_up(key, reason)):
            await self._sleep(backoff.after(0))

    def _give_up_runtime(self, runtime_id: str, reason: str) -> None:
        runtime = self._store.runtime(runtime_id)
        if runtime and runtime.status.pending:
            self._store.head_failed(runtime, reason, self._now())

    def _give_up_endpoint(self, endpoint_id: str, reason: str) -> None:
        endpoint = self._store.endpoint(endpoint_id)
        if endpoint and endpoint.status.pending:
            self._store.endpoint_failed(endpoint, reason, self._now())

    async def _settle_runtime(self, runtime_id: str) -> None:
        runtime = self._store.runtime(runtime_id)
        if runtime is None or not runtime.status.pending:
            return
        self.reconcile()
        try:
            await self._agent(runtime, LATEST, runtime.revision).started()
        except StartError as error:
            self._store.head_failed(runtime, str(error), self._now())
        else:
            self._store.head_is_ready(runtime_id, runtime.revision, self._now())
            for endpoint in self._store.endpoints(runtime_id):
                self._publish_route(endpoint)
            # The endpoint that is made next finds it running.
            await self._sleep(assumptions.LINGER_SECONDS)
        self.reconcile()

    async def _settle_endpoint(self, endpoint_id: str) -> None:
        endpoint = self._store.endpoint(endpoint_id)
        runtime = endpoint and self._store.runtime(endpoint.runtime_id)
        if not endpoint or not runtime or not endpoint.wanted or not endpoint.status.pending:
            return
        self.reconcile()
        try:
            for agent in self._agents(runtime, endpoint.wanted):
                await agent.started()
        except StartError as error:
            self._store.endpoint_failed(endpoint, str(error), self._now())
        else:
            self._store.endpoint_is_ready(endpoint_id, endpoint.wanted, self._now())
            ready = self._store.endpoint(endpoint_id)
            if ready:
                self._publish_route(ready)
        self.reconcile()

    def _agents(self, runtime: Runtime, route: Route) -> list[Agent]:
        found = []
        for label in route.labels:
            revision = self._store.revision_of(runtime, label)
            if revision is None:
                raise StartError(f"version {label} does not exist")
            found.append(self._agent(runtime, label, revision))
        return found

    def _agent(self, runtime: Runtime, label: Label, revision: int) -> Agent:
        return self._supervisor.ensure(self._wanted(runtime, label, revision))

    def _wanted(self, runtime: Runtime, label: Label, revision: int) -> Wanted:
        snapshot = self._store.snapshot(runtime.id, revision)
        if snapshot is None:
            raise StartError(f"revision {revision} of {runtime.name} is gone")
        unit = Unit(runtime.id, label, revision)
        return Wanted(unit, wire.spec_of(snapshot), snapshot.artifact, runtime.name)

    def _publish_route(self, endpoint: Endpoint) -> None:
        """Let requests take the endpoint's effective route from now on."""
        runtime = self._store.runtime(endpoint.runtime_id)
        if runtime is None or endpoint.route is None:
            return
        agents = dict(
            zip(endpoint.route.labels, self._agents(runtime, endpoint.route), strict=True)
        )
        affinity = agents[endpoint.route.target].launch.spec.affinity
        live = Live(endpoint.id, endpoint.route, affinity, agents)
        self._routes.set(runtime.name, endpoint.name, live)

    def reconcile(self) -> None:
        """Start what is wanted and does not run; retire what runs and is not wanted."""
        wanted = {
            Unit(runtime.id, label, revision): runtime
            for runtime in self._store.runtimes()
            for label, revision in self._needs(runtime)
        }
        for unit, runtime in wanted.items():
            self._agent(runtime, unit.label, unit.revision)
        for unit in self._supervisor.units.difference(wanted):
            self._supervisor.retire(unit)

    def _needs(self, runtime: Runtime) -> Iterator[tuple[Label, int]]:
        if runtime.status.pending:
            yield LATEST, runtime.revision
        for endpoint in self._store.endpoints(runtime.id):
            pending = endpoint.wanted if endpoint.status.pending else None
            for route in filter(None, (endpoint.route, pending)):
                for label in route.labels:
                    revision = self._store.revision_of(runtime, label)
                    if revision is not None:
                        yield label, revision


def _recorded(record: Callable[[], None]) -> bool:
    try:
        record()
    except Exception:  # noqa: BLE001 the disk is still full, say
        _LOG.exception("the failure could not be recorded")
        return False
    return True
