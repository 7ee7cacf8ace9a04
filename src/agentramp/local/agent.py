"""One agent: a process that is kept running and healthy until it is retired."""

import asyncio
import errno
import logging
import secrets
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agentramp.errors import RefusedError
from agentramp.local import archive, assumptions, images, ports, process
from agentramp.local.backoff import Backoff
from agentramp.local.launch import Launch
from agentramp.local.probe import is_healthy
from agentramp.local.store import Process as KnownProcess
from agentramp.local.upstream import Pool

_LOG = logging.getLogger(__name__)

_FIRST_CHECK_SECONDS = 0.05
_CHECK_GROWTH = 1.5
_SLOWEST_CHECK_SECONDS = 0.5
_HOSTS = ("127.0.0.1", "::1")
_NO_COMMAND = (
    "nobody says what starts it: give the image a command (agentramp local image ... -- COMMAND),"
    " or the runtime one (customContainerConfig.command)"
)


class StartError(RefusedError):
    """The agent did not come up; the message is fit for a ``statusReason``."""


@dataclass(frozen=True)
class Instance:
    """One process of the agent. ``created_at`` is seconds since 1970-01-01 UTC."""

    id: str
    created_at: float
    port: int


class Scribe(Protocol):
    """Takes down what an instance writes to its launch's log."""

    async def began(self, launch: Launch, instance: str) -> None: ...
    async def ended(self, launch: Launch) -> None: ...


@dataclass(frozen=True)
class Registry:
    """Who is told that a process began or ended, so that none outlives the platform."""

    began: Callable[[KnownProcess], None]
    ended: Callable[[int], None]
    scribe: Scribe | None = None


class Agent:
    """``pool`` is set while the agent is healthy. ``in_flight`` counts requests sent to it."""

    def __init__(
        self,
        launch: Launch,
        registry: Registry,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.launch = launch
        self.pool: Pool | None = None
        self.instance: Instance | None = None
        self.in_flight = 0
        self.stopping = False
        self._registry = registry
        self._sleep = sleep
        self._reason = ""
        # Set while the agent is healthy, and for good once it will not be any more.
        self._decided = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._first: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._supervise())

    async def started(self, patience: float = assumptions.START_TIMEOUT_SECONDS) -> None:
        """Return once the agent is healthy.

        Raises StartError: at once where the first start fails, and where the agent is being
        started again after ``patience`` seconds, with the reason of its last failure.
        """
        if not self._first.done():
            reason = await asyncio.shield(self._first)
            if reason:
                raise StartError(reason)
        if await self.reachable(patience) is None:
            raise StartError(self._reason)

    async def reachable(self, timeout: float) -> Pool | None:
        """The connections to the agent, once it is healthy; None if that takes too long."""
        if self.pool is None:
            try:
                await asyncio.wait_for(self._decided.wait(), timeout)
            except asyncio.TimeoutError:
                return None
        return self.pool

    def enter(self) -> None:
        self.in_flight += 1
        self._idle.clear()

    def leave(self) -> None:
        self.in_flight -= 1
        if not self.in_flight:
            self._idle.set()

    async def drained(self, timeout: float) -> bool:
        """Wait for the requests in flight; false where some were left after ``timeout``."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except asyncio.TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End the process and remove its folder; the log stays."""
        self.stopping = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._over("the agent was stopped before it was healthy")
        await asyncio.to_thread(shutil.rmtree, self.launch.folder, ignore_errors=True)

    async def _supervise(self) -> None:
        launch = self.launch
        if launch.archive is None or not launch.spec.command:
            self._over(_NO_COMMAND if launch.archive else images.missing(launch.spec.image))
            return
        try:
            await asyncio.to_thread(archive.unpack, launch.archive, launch.code)
        except archive.ArchiveError as error:
            self._over(str(error))
        except Exception as error:  # noqa: BLE001 whatever it is, somebody waits to hear of it
            _LOG.exception("the code of %s could not be unpacked", launch.folder)
            self._over(f"the code cannot be unpacked: {error!r}")
        else:
            await self._keep_running()

    async def _keep_running(self) -> None:
        backoff = Backoff()
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                reason = await self._life()
            except Exception as error:  # noqa: BLE001 a full disk, say: tried again as ever
                _LOG.exception("the agent in %s could not be run", self.launch.folder)
                reason = f"the embedded platform could not run the agent: {error}"
            self._failed(reason)
            await self._sleep(backoff.after(clock() - began))

    def _failed(self, reason: str) -> None:
        self._reason = reason
        if not self._first.done():
            self._first.set_result(reason)

    def _over(self, reason: str) -> None:
        """No process will be started any more: nobody needs to wait for one."""
        self._failed(reason)
        self._decided.set()

    async def _life(self) -> str:
        """From the start of one process to its end; why it ended."""
        port = ports.choose()
        instance = Instance(_new_name(), time.time(), port)
        if self._registry.scribe:
            await self._registry.scribe.began(self.launch, instance.id)
        try:
            child = await process.spawn(self.launch, port)
        except OSError as error:
            return _not_started(self.launch, error)
        try:
            self.instance = instance
            known = process.identify(child.pid)
            if known:
                self._registry.began(known)
            return await self._start_up(child, port) or await self._watch(child, port)
        finally:
            self._close()
            self.instance = None
            # A stop that arrives twice must not leave the process half ended.
            await asyncio.shield(self._end(child))

    async def _end(self, child: Process) -> None:
        await process.end(child)
        if self._registry.scribe:
            await self._registry.scribe.ended(self.launch)
        try:
            self._registry.ended(child.pid)
        except Exception:  # noqa: BLE001 its entry does no harm: a start time is with it
            _LOG.exception("the end of process %s could not be recorded", child.pid)

    async def _start_up(self, child: Process, port: int) -> str:
        """Empty once the agent is healthy, else why it will not be."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + assumptions.START_TIMEOUT_SECONDS
        pause, successes = _FIRST_CHECK_SECONDS, 0
        while clock() < deadline:
            if await _ended_within(child, pause):
                return _ended(self.launch, child)
            healthy = await is_healthy(_HOSTS, port, self.launch.spec.health)
            successes = successes + 1 if healthy else 0
            if successes >= self.launch.spec.health.successes:
                self._open(port)
                return ""
            if not healthy and await asyncio.to_thread(_listens_itself, self.launch, child, port):
                return _unmapped(self.launch)
            pause = min(pause * _CHECK_GROWTH, _SLOWEST_CHECK_SECONDS)
        return _silent(self.launch, child)

    async def _watch(self, child: Process, port: int) -> str:
        """Returns why a healthy agent has to be started again."""
        health = self.launch.spec.health
        failures = 0
        while failures < health.failures:
            if await _ended_within(child, health.period):
                return _ended(self.launch, child)
            healthy = await is_healthy(_HOSTS, port, health)
            failures = 0 if healthy else failures + 1
        return f"{failures} health checks failed one after the other"

    def _open(self, port: int) -> None:
        self.pool = Pool(_HOSTS, port)
        self._decided.set()
        if not self._first.done():
            self._first.set_result("")

    def _close(self) -> None:
        self._decided.clear()
        if self.pool:
            self.pool.close()
            self.pool = None


def _new_name() -> str:
    return "-".join(["c", *map(secrets.token_hex, (4, 4, 6))])


async def _ended_within(child: Process, seconds: float) -> bool:
    try:
        await asyncio.wait_for(child.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True


def _not_started(launch: Launch, error: OSError) -> str:
    return (
        f"the command {list(launch.spec.command)} could not be started: {error.strerror};"
        f" {_cause(launch, error)}"
    )


def _cause(launch: Launch, error: OSError) -> str:
    program = launch.command()[0]
    if str(error.filename) == str(launch.code):
        return f"the folder of its code, {launch.code}, is gone or may not be entered"
    if error.filename is None:
        return "usual cause: this machine has no room for one more process"
    if str(error.filename) != program:
        return f"the platform could not use {error.filename}"
    return _why_not_executed(launch.spec.command[0], error, Path(launch.code, program))


def _why_not_executed(word: str, error: OSError, path: Path) -> str:
    """``path`` is where ``word``, as configured, lies if it is no name to be searched for."""
    match error.errno:
        case errno.ENOENT if "/" in word and path.is_file():
            return f"'{word}' is there: the interpreter that its first line names is not"
        case errno.ENOENT if "/" in word:
            return f"the code has no file '{word}'"
        case errno.ENOENT:
            return f"usual cause: this machine has no program '{word}'"
        case errno.EACCES:
            return f"'{word}' may not be executed: give it the executable bit"
        case errno.ENOEXEC:
            return f"'{word}' is no program of this machine: it may lack its first line (#!)"
        case _:
            return f"it was '{word}' that could not be executed"


def _ended(launch: Launch, child: Process) -> str:
    code = child.returncode or 0
    how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    tail = process.log_tail(launch.log)
    return (
        f"the agent's process ended with {how}; it should go on and serve on port"
        f" {launch.spec.port}; the end of its log: {tail or '(empty)'}"
    )


def _listens_itself(launch: Launch, child: Process, port: int) -> bool:
    """Whether it took the configured port, because nothing mapped it to the assigned one."""
    listens = process.listening_ports(child.pid)
    return launch.spec.port in listens and port not in listens


def _unmapped(launch: Launch) -> str:
    return (
        f"it listens on {launch.spec.port} itself, where two versions cannot run side by side:"
        " let it read PORT from the environment (python: without -I, -E, -S)"
    )


def _silent(launch: Launch, child: Process) -> str:
    health = launch.spec.health
    listens = process.listening_ports(child.pid)
    if health.http_path and listens:
        what = f"{health.http_path} gave no answer below 400"
    else:
        others = ", ".join(map(str, listens)) or "none"
        what = f"nothing listens on port {launch.spec.port}; ports it listens on: {others}"
    return (
        f"not healthy after {assumptions.START_TIMEOUT_SECONDS:g} s: {what};"
        f" the end of its log: {process.log_tail(launch.log) or '(empty)'}"
    )
