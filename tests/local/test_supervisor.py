"""Agents that are sent away and called back."""

import asyncio
import zipfile
from contextlib import closing
from pathlib import Path

from agentramp.local.images import Images
from agentramp.local.launch import Machine
from agentramp.local.records import Label, Spec, Unit
from agentramp.local.schema import open_database
from agentramp.local.store import Store
from agentramp.local.supervisor import Folders, Supervisor, Wanted


def test_one_that_is_called_back_and_sent_away_again_can_be_called_back_again(
    tmp_path: Path,
) -> None:
    folders = Folders(tmp_path, tmp_path / "run", tmp_path / "logs", Images(tmp_path / "images"))
    with zipfile.ZipFile(folders.artifact("digest"), "w") as archive:
        archive.writestr("file", "text")
    unit = Unit("rt", Label("1"), 1)
    wanted = Wanted(unit, Spec(("sleep", "100"), 9000, {}), "digest", "agent")

    async def use(store: Store) -> None:
        machine = Machine(tmp_path / "bin", "/usr/bin:/bin", "us")
        supervisor = Supervisor(folders, machine, store)
        agent = supervisor.ensure(wanted)
        agent.enter()  # a request in flight keeps it from leaving at once
        supervisor.retire(unit)
        assert supervisor.ensure(wanted) is agent
        supervisor.retire(unit)
        await asyncio.sleep(0.1)
        assert supervisor.ensure(wanted) is agent
        await supervisor.stop_all()

    with closing(open_database(tmp_path / "db")) as database:
        asyncio.run(use(Store(database)))


def test_what_cannot_be_removed_does_not_keep_a_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")  # a link is not removed, whoever asks
    folders = Folders(tmp_path, tmp_path / "run", tmp_path / "logs", Images(tmp_path / "images"))
    machine = Machine(tmp_path / "bin", "/usr/bin:/bin", "nobody's")
    with closing(open_database(tmp_path / "db")) as database:
        store = Store(database)
        asyncio.run(Supervisor(folders, machine, store).clean_up(store))
    assert folders.run.is_dir()
