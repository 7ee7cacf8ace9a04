"""Takes down what agents write, while they write it, so that it can be asked for."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agentramp.local import process
from agentramp.local.launch import Launch
from agentramp.local.lines import Lines, Source, open_lines

_LOG = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.25


class Scribe:
    """One thread at a time works on the database; the event loop never waits for the disk."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._lines = Lines(open_lines(path), now)
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take what a killed server's agents, which are ended by now, still wrote."""
        await self._do(self._lines.finish)
        await self._do(self._lines.prune)
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._do(self._lines.finish)
        self._lines.close()

    async def began(self, launch: Launch, instance: str) -> None:
        """What is appended to the launch's log from here on is this instance's."""
        await self._do(lambda: self._begin(launch, instance))

    def _begin(self, launch: Launch, instance: str) -> None:
        self._lines.finish(launch.log)
        # Here, since a log that has grown too long is set aside: it had to be read before.
        process.prepare(launch)
        source = Source(0, launch.unit.runtime_id, launch.unit.label, instance)
        self._lines.add_source(source, launch.log, launch.log.stat().st_size)

    async def ended(self, launch: Launch) -> None:
        await self._do(lambda: self._lines.finish(launch.log))

    async def catch_up(self) -> None:
        """What was written before this was called can be asked for when it returns."""
        await self._do(self._lines.read_all)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.catch_up()

    async def _do(self, work: Callable[[], None]) -> None:
        async with self._lock:
            # Not left half way by whoever is cancelled: the next one would meet it in its thread.
            task = asyncio.ensure_future(asyncio.to_thread(work))
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.gather(task, return_exceptions=True)
                raise
            except (OSError, sqlite3.Error):
                # A full disk, say: the logs keep what was written, and are read again.
                _LOG.exception("lines of agents could not be taken down")
