"""Which agents run: they are asked for by unit, and retired without cutting a request."""

import asyncio
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from agentramp.local import assumptions, process
from agentramp.local.agent import Agent, Registry, Scribe
from agentramp.local.images import MARK, Image, Images
from agentramp.local.launch import Launch, Machine
from agentramp.local.records import Spec, Unit
from agentramp.local.store import Store


@dataclass(frozen=True)
class Folders:
    """Where the supervisor keeps what it needs: archives, running copies of code, logs."""

    artifacts: Path
    run: Path
    logs: Path
    images: Images

    def artifact(self, digest: str) -> Path:
        return self.artifacts / f"{digest}.zip"

    def image(self, artifact: str) -> Image | None:
        """What stands for an image, by its digest behind ``MARK``."""
        return self.images.get(artifact.removeprefix(MARK)) if artifact.startswith(MARK) else None


@dataclass(frozen=True)
class Wanted:
    """What has to run for one unit; ``runtime_name`` only names the log's folder."""

    unit: Unit
    spec: Spec
    artifact: str
    runtime_name: str


class Supervisor:
    def __init__(
        self, folders: Folders, machine: Machine, store: Store, scribe: Scribe | None = None
    ) -> None:
        self._folders = folders
        self._machine = machine
        self._registry = Registry(store.add_process, store.forget_process, scribe)
        self._agents: dict[Unit, Agent] = {}
        self._leaving: dict[Agent, asyncio.Task[None]] = {}

    async def clean_up(self, store: Store) -> None:
        """End what a killed server left running and remove its copies of code."""
        await asyncio.to_thread(process.end_orphans, store.processes(), self._machine.owner)
        for known in store.processes():
            store.forget_process(known.pid)
        await asyncio.to_thread(shutil.rmtree, self._folders.run, ignore_errors=True)
        # Some of it may not let itself be removed (a cache without write permission): no harm.
        self._folders.run.mkdir(mode=0o700, exist_ok=True)

    @property
    def units(self) -> set[Unit]:
        return set(self._agents)

    def agents(self, runtime_id: str) -> list[Agent]:
        """Those of a runtime that have a process, oldest first; also those about to leave."""
        found = [*self._agents.values(), *self._leaving]
        there = [one for one in found if one.instance and one.launch.unit.runtime_id == runtime_id]
        return sorted(there, key=lambda one: one.instance.created_at if one.instance else 0.0)

    def ensure(self, wanted: Wanted) -> Agent:
        """The unit's agent: the running one, one that was about to leave, or a new one."""
        found = self._agents.get(wanted.unit) or self._call_back(wanted.unit)
        if found is None:
            found = Agent(self._launch(wanted), self._registry)
        self._agents[wanted.unit] = found
        return found

    def _call_back(self, unit: Unit) -> Agent | None:
        for agent, leaving in self._leaving.items():
            if agent.launch.unit == unit and not agent.stopping:
                leaving.cancel()
                del self._leaving[agent]
                return agent
        return None

    def _launch(self, wanted: Wanted) -> Launch:
        instance = f"{wanted.unit.name}-{secrets.token_hex(4)}"
        spec, archive = self._what(wanted)
        return Launch(
            unit=wanted.unit,
            spec=spec,
            archive=archive,
            folder=self._folders.run / wanted.unit.runtime_id / instance,
            log=self._folders.logs / wanted.runtime_name / wanted.unit.label / f"{instance}.log",
            machine=self._machine,
        )

    def _what(self, wanted: Wanted) -> tuple[Spec, Path | None]:
        spec = wanted.spec
        if not spec.image:
            return spec, self._folders.artifact(wanted.artifact) if wanted.artifact else None
        image = self._folders.image(wanted.artifact)
        if image is None:
            return spec, None
        return replace(spec, command=spec.command or image.command), image.archive

    def retire(self, unit: Unit) -> None:
        """Stop the unit's agent once its requests in flight are done."""
        agent = self._agents.pop(unit)
        task = asyncio.create_task(self._leave(agent))
        self._leaving[agent] = task
        task.add_done_callback(lambda done: self._forget(agent, done))

    def _forget(self, agent: Agent, done: "asyncio.Task[None]") -> None:
        # The agent may have been called back and sent away again since.
        if self._leaving.get(agent) is done:
            del self._leaving[agent]

    async def _leave(self, agent: Agent) -> None:
        await agent.drained(assumptions.DRAIN_SECONDS)
        await agent.stop()

    async def stop_all(self) -> None:
        """End every agent at once; streams in flight had their time before."""
        leaving = dict(self._leaving)
        for task in leaving.values():
            task.cancel()
        agents = [*self._agents.values(), *leaving]
        self._agents.clear()
        await asyncio.gather(*(agent.stop() for agent in agents))
        await asyncio.gather(*leaving.values(), return_exceptions=True)
