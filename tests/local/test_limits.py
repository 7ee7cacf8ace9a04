"""Limits of this machine, made small: commands in instances, and lines that are kept."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError, web

from agentramp.local.agent import Agent, Instance
from agentramp.local.execution import Executions, asked
from agentramp.local.lines import Lines, Source, open_lines
from agentramp.local.logsearch import Places, Wanted, run
from agentramp.local.ports import LOOPBACK
from agentramp.local.refusal import RefusalError
from tests.local.test_agent import SERVES, launch
from tests.local.test_agent import run as run_agent


class Only:
    """Every instance is this one."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def instance(self, _function: str, _name: str) -> tuple[Agent, Instance]:
        assert self._agent.instance
        return self._agent, self._agent.instance


class Door:
    """``Executions`` on a port of its own."""

    def __init__(self, executions: Executions, client: ClientSession) -> None:
        self._executions = executions
        self._client = client
        self._url = ""

    async def open(self) -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(self._handle))
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        self._url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        return runner

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        wanted = asked(request.path, request.query_string)
        assert wanted
        try:
            return await self._executions.run(request, wanted)
        except RefusalError as refusal:
            return web.Response(status=refusal.status, text=refusal.code)

    async def command(self, *words: str) -> Any:
        path = "/2023-03-30/functions/agentrun-rt/instances/c-1/exec"
        query = [("command", word) for word in words]
        return await self._client.ws_connect(self._url + path, params=query)


async def said(socket: Any) -> bytes:
    message = await socket.receive(timeout=30)
    assert message.type is WSMsgType.BINARY
    return bytes(message.data)


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    async def use(agent: Agent) -> None:
        await agent.started()
        async with ClientSession() as client:
            door = Door(Executions(Only(agent), seconds=0.05), client)
            runner = await door.open()
            socket = await door.command("sleep", "600")
            message = await socket.receive(timeout=30)
            assert message.type is WSMsgType.CLOSE
            assert (message.data, message.extra) == (1011, "the command was ended")
            await runner.cleanup()

    run_agent(launch(tmp_path, SERVES), use)


def test_only_so_many_commands_run_at_once(tmp_path: Path) -> None:
    async def use(agent: Agent) -> None:
        await agent.started()
        async with ClientSession() as client:
            door = Door(Executions(Only(agent), most=1), client)
            runner = await door.open()
            first = await door.command("sh", "-c", "echo up; exec sleep 600")
            assert await said(first) == b"\x01up\n"
            with pytest.raises(WSServerHandshakeError) as caught:
                await door.command("true")
            assert caught.value.status == 429
            await first.close()
            await runner.cleanup()

    run_agent(launch(tmp_path, SERVES), use)


def messages(folder: Path, seconds: float = 20.0) -> tuple[list[str], bool]:
    page = run(folder / "lines.db", Wanted("*", 0, 2000), Places(), seconds)
    return [row["message"] for row in page.rows], page.complete


def test_the_oldest_lines_go_first(tmp_path: Path) -> None:
    lines = Lines(open_lines(tmp_path / "lines.db"), lambda: 1000.5, kept=3, pruned_after=5)
    lines.add_source(Source(0, "r", "1", "c-1"), tmp_path / "log", 0)
    with (tmp_path / "log").open("w", buffering=1) as log:
        log.write("1\n2\n3\n4\n")
        lines.read_all()
        assert messages(tmp_path) == (["1", "2", "3", "4"], True)
        log.write("5\n")
        lines.read_all()
        assert messages(tmp_path) == (["3", "4", "5"], True)
    lines.close()


def test_lines_that_are_too_old_go(tmp_path: Path) -> None:
    moments = [1000.0]
    lines = Lines(open_lines(tmp_path / "lines.db"), lambda: moments[0])
    lines.add_source(Source(0, "r", "1", "c-1"), tmp_path / "log", 0)
    (tmp_path / "log").write_text("old\n")
    lines.read_all()
    moments[0] += 15 * 24 * 3600
    lines.prune()
    assert messages(tmp_path) == ([], True)
    lines.close()


def test_a_query_whose_time_is_over_says_so(tmp_path: Path) -> None:
    lines = Lines(open_lines(tmp_path / "lines.db"), lambda: 1000.5)
    lines.add_source(Source(0, "r", "1", "c-1"), tmp_path / "log", 0)
    (tmp_path / "log").write_text("".join(f"{number}\n" for number in range(2500)))
    lines.read_all()
    assert messages(tmp_path, seconds=-1.0)[1], "a page is full before anybody looks at the time"
    page = run(tmp_path / "lines.db", Wanted("nothing", 0, 2000), Places(), seconds=-1.0)
    assert (page.rows, page.complete) == ([], False)
    lines.close()


@pytest.mark.parametrize(
    "content",
    [b"this is no database, but it has some length" * 200, b"SQLite format 3\0" + b"\xff" * 8000],
    ids=["text", "damaged"],
)
def test_lines_that_cannot_be_read_are_set_aside(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "lines.db"
    place.write_bytes(content)
    lines = Lines(open_lines(place), lambda: 1000.5)
    assert messages(tmp_path) == ([], True)
    lines.close()
    assert (tmp_path / "lines.db.broken").read_bytes() == content
    assert "lines.db.broken" in caplog.text


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error):
        open_lines(tmp_path / "nowhere" / "lines.db")
