"""A settling that goes wrong in a way nobody thought of ends in a failure that is recorded."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from agentramp.local.agent import Agent
from agentramp.local.assumptions import LINGER_SECONDS
from agentramp.local.images import Images
from agentramp.local.launch import Machine
from agentramp.local.lifecycle import Lifecycle
from agentramp.local.records import LATEST, Endpoint, Route, Runtime, Snapshot, Status, Unit
from agentramp.local.routes import Routes
from agentramp.local.schema import open_database
from agentramp.local.store import Store
from agentramp.local.supervisor import Folders, Supervisor, Wanted

BROKEN = "no document at all"
SOUND = json.dumps({"port": 9000, "codeConfiguration": {"language": "x", "command": ["x"]}})


class Running:
    """An agent that came up at once."""

    async def started(self) -> None: ...


class Started(Supervisor):
    """Writes down who runs, and starts nobody."""

    def ensure(self, wanted: Wanted) -> Agent:
        found = self._agents.setdefault(wanted.unit, cast("Agent", Running()))
        assert len(self._agents) == 1
        return found

    def retire(self, unit: Unit) -> None:
        del self._agents[unit]


class FullOnce(Store):
    """The disk has room again after the first failure was to be recorded."""

    room = False

    def head_failed(self, runtime: Runtime, reason: str, now: float) -> None:
        self._need_room()
        super().head_failed(runtime, reason, now)

    def endpoint_failed(self, endpoint: Endpoint, reason: str, now: float) -> None:
        self._need_room()
        super().endpoint_failed(endpoint, reason, now)

    def _need_room(self) -> None:
        if not self.room:
            self.room = True
            raise sqlite3.OperationalError("database or disk is full")


def settle(tmp_path: Path, begin: Callable[[Lifecycle], None]) -> tuple[Runtime, Endpoint, int]:
    """What is recorded once ``begin`` is done, and how often somebody had to wait for room."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def use(store: Store) -> None:
        folders = Folders(
            tmp_path, tmp_path / "run", tmp_path / "logs", Images(tmp_path / "images")
        )
        supervisor = Supervisor(folders, Machine(tmp_path / "bin", "/bin", "us"), store)
        lifecycle = Lifecycle(store, supervisor, Routes(), sleep=sleep)
        begin(lifecycle)
        await asyncio.sleep(0.05)
        await lifecycle.stop()

    with closing(open_database(tmp_path / "db")) as database:
        store = FullOnce(database)
        runtime = Runtime("rt", "agent", "ws", 1, 0, Status.CREATING, "", 1.0, 1.0)
        store.add_runtime(runtime, Snapshot("rt", 1, BROKEN, "digest"))
        route = Route(LATEST)
        store.add_endpoint(
            Endpoint("ep", "rt", "production", "{}", None, route, Status.UPDATING, "", 1.0, 1.0)
        )
        asyncio.run(use(store))
        found, endpoint = store.runtime("rt"), store.endpoint("ep")
    assert found
    assert endpoint
    return found, endpoint, len(waits)


def test_a_head(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        runtime, _, waits = settle(tmp_path, lambda lifecycle: lifecycle.settle_runtime("rt"))
    assert runtime.status is Status.CREATE_FAILED
    assert "the embedded platform failed: " in runtime.reason
    assert waits == 1
    assert "could not be brought about" in caplog.text
    assert "the failure could not be recorded" in caplog.text


def test_an_endpoint(tmp_path: Path) -> None:
    _, endpoint, waits = settle(tmp_path, lambda lifecycle: lifecycle.settle_endpoint("ep"))
    assert endpoint.status is Status.UPDATE_FAILED
    assert "the embedded platform failed: " in endpoint.reason
    assert waits == 1


def test_a_head_goes_on_until_an_endpoint_may_have_come(tmp_path: Path) -> None:
    """It is not started twice where the endpoint is made as soon as it is ready."""
    seen: list[tuple[float, Status, int]] = []

    async def use(store: Store) -> None:
        async def sleep(seconds: float) -> None:
            [head] = store.runtimes()
            seen.append((seconds, head.status, len(supervisor.units)))

        folders = Folders(tmp_path, tmp_path, tmp_path, Images(tmp_path))
        supervisor = Started(folders, Machine(tmp_path, "/bin", "us"), store)
        lifecycle = Lifecycle(store, supervisor, Routes(), sleep=sleep)
        lifecycle.settle_runtime("rt")
        await asyncio.sleep(0)
        assert not supervisor.units, "nobody asked for it"
        await lifecycle.stop()

    with closing(open_database(tmp_path / "db")) as database:
        store = Store(database)
        runtime = Runtime("rt", "agent", "ws", 1, 0, Status.CREATING, "", 1.0, 1.0)
        store.add_runtime(runtime, Snapshot("rt", 1, SOUND, "digest"))
        asyncio.run(use(store))
    assert seen == [(LINGER_SECONDS, Status.READY, 1)]
