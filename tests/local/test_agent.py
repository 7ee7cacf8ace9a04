"""One agent without a platform around it."""

import asyncio
import contextlib
import io
import logging
import os
import signal
import sqlite3
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agentramp.local.agent import Agent, Registry, StartError
from agentramp.local.launch import Launch, Machine, make_programs
from agentramp.local.records import Label, Spec, Unit
from agentramp.local.store import Process

PORT = 9000
SERVES = """
import http.server
http.server.HTTPServer(("", 9000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
WITH_A_MARKER = """
import pathlib, sys
if not pathlib.Path({marker!r}).exists():
    sys.exit("there is no marker")
"""


def quiet(_: object) -> None:
    """A registry that keeps nothing."""


def launch(tmp_path: Path, program: str, *command: str) -> Launch:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as sink:
        sink.writestr("app.py", program)
    spec = Spec(command or ("python3", "app.py"), PORT, {})
    machine = Machine(make_programs(tmp_path / "bin"), os.environ["PATH"], str(tmp_path))
    unit = Unit("rt", Label("1"), 1)
    return Launch(unit, spec, archive, tmp_path / "run", tmp_path / "logs" / "log", machine)


def run(
    given: Launch,
    use: Callable[[Agent], Awaitable[None]],
    registry: Registry | None = None,
) -> None:
    async def whole() -> None:
        agent = Agent(given, registry or Registry(quiet, quiet))
        try:
            await asyncio.wait_for(use(agent), 30)
        finally:
            await agent.stop()

    asyncio.run(whole())


def marked(tmp_path: Path) -> Iterator[psutil.Process]:
    """The processes that belong to the machine of ``launch(tmp_path)``."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("AGENTRAMP_PLATFORM") == str(tmp_path):
                yield process


async def unhealthy(agent: Agent) -> None:
    for _ in range(1000):
        if agent.pool is None:
            return
        await asyncio.sleep(0.01)
    pytest.fail("it stayed healthy")


def test_one_that_failed_at_first_and_is_healthy_now_has_started(tmp_path: Path) -> None:
    marker = tmp_path / "marker"

    async def use(agent: Agent) -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(StartError, match="there is no marker"):
            await agent.started()
        assert asyncio.get_running_loop().time() - began < 10, "a first failure is told at once"
        marker.touch()
        await agent.started()
        assert agent.pool is not None

    run(launch(tmp_path, WITH_A_MARKER.format(marker=str(marker)) + SERVES), use)


def test_one_that_was_healthy_once_and_fails_now_has_not_started(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.touch()

    async def use(agent: Agent) -> None:
        await agent.started()
        marker.unlink()
        for process in marked(tmp_path):
            process.kill()
        await unhealthy(agent)
        # That it was killed is not the last reason: it was started again since.
        with pytest.raises(StartError, match="there is no marker"):
            await agent.started(patience=3)

    run(launch(tmp_path, WITH_A_MARKER.format(marker=str(marker)) + SERVES), use)


def test_nobody_waits_for_one_that_is_stopped(tmp_path: Path) -> None:
    async def use(agent: Agent) -> None:
        with pytest.raises(StartError):
            await agent.started()
        waiting = asyncio.create_task(agent.started())
        await asyncio.sleep(0)
        await agent.stop()
        with pytest.raises(StartError, match="was stopped"):
            await asyncio.wait_for(waiting, 5)

    run(launch(tmp_path, "raise SystemExit(3)"), use)


def test_any_failure_to_unpack_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = launch(tmp_path, SERVES)
    # Where the code should go there is a folder already: no fault of the archive.
    given.code.mkdir(parents=True)

    async def use(agent: Agent) -> None:
        with pytest.raises(StartError, match=r"cannot be unpacked.*FileExistsError"):
            await asyncio.wait_for(agent.started(), 5)
        assert await asyncio.wait_for(agent.reachable(100), 5) is None

    with caplog.at_level(logging.ERROR):
        run(given, use)
    assert "could not be unpacked" in caplog.text


def full(_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_process_that_cannot_be_recorded_is_ended_and_tried_again(tmp_path: Path) -> None:
    failures = iter([full])

    def began(process: Process) -> None:
        next(failures, quiet)(process)

    async def use(agent: Agent) -> None:
        with pytest.raises(StartError, match="disk is full"):
            await agent.started()
        assert list(marked(tmp_path)) == []
        await agent.started()

    run(launch(tmp_path, SERVES), use, Registry(began, quiet))


def test_an_end_that_cannot_be_recorded_stops_nothing(tmp_path: Path) -> None:
    async def use(agent: Agent) -> None:
        await agent.started()
        for process in marked(tmp_path):
            process.send_signal(signal.SIGKILL)
        await unhealthy(agent)
        await agent.started()
        assert agent.pool is not None

    run(launch(tmp_path, SERVES), use, Registry(quiet, full))


def test_one_that_takes_the_configured_port_itself_is_told_at_once(tmp_path: Path) -> None:
    async def use(agent: Agent) -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(StartError) as caught:
            await agent.started()
        assert asyncio.get_running_loop().time() - began < 20
        assert str(caught.value) == (
            "it listens on 11731 itself, where two versions cannot run side by side:"
            " let it read PORT from the environment (python: without -I, -E, -S)"
        )

    # Outside the range that ports are assigned from: no other agent may have this one.
    given = launch(tmp_path, SERVES.replace("9000", "11731"), "python3", "-I", "app.py")
    run(replace(given, spec=replace(given.spec, port=11731)), use)


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        ("nonesuch", "this machine has no program 'nonesuch'"),
        ("./nonesuch", "the code has no file './nonesuch'"),
        ("./app.py", "'./app.py' may not be executed: give it the executable bit"),
        ("./lost.sh", "the interpreter that its first line names is not"),
        ("./blank.sh", "it may lack its first line"),
    ],
)
def test_why_a_program_does_not_start(tmp_path: Path, command: str, cause: str) -> None:
    given = launch(tmp_path, SERVES, command)
    with zipfile.ZipFile(tmp_path / "code.zip", "a") as archive:
        for name, text in (("lost.sh", "#!/nonesuch/sh\n"), ("blank.sh", "\0\0")):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16
            archive.writestr(info, text)

    async def use(agent: Agent) -> None:
        with pytest.raises(StartError) as caught:
            await agent.started()
        assert cause in str(caught.value)

    run(given, use)


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    given = launch(tmp_path, SERVES)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", SERVES * 50)
    content = bytearray(sink.getvalue())
    content[40:60] = b"\xff" * 20
    (tmp_path / "code.zip").write_bytes(bytes(content))

    async def use(agent: Agent) -> None:
        with pytest.raises(StartError, match="cannot be unpacked"):
            await asyncio.wait_for(agent.started(), 5)

    run(given, use)
