"""Agent processes: started in their own group, ended with all their children."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from pathlib import Path

import psutil

from agentramp.local import assumptions, store
from agentramp.local.launch import OWNER, Launch

_LOGS_KEPT = 5
_TAIL_CHARACTERS = 500
_POLL_SECONDS = 0.01


async def spawn(launch: Launch, port: int) -> Process:
    """Start the agent; its output is appended to its log. Raises OSError."""
    command = launch.command()
    prepare(launch)
    with launch.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=log,
            stderr=STDOUT,
            cwd=launch.code,
            env=launch.environment(port),
            start_new_session=True,
        )


def prepare(launch: Launch) -> None:
    """Make the launch's folders and its log; a log that grew too long is set aside."""
    launch.home.mkdir(mode=0o700, exist_ok=True)
    launch.scratch.mkdir(mode=0o700, exist_ok=True)
    launch.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if launch.log.exists() and launch.log.stat().st_size > assumptions.LOG_BYTES:
        launch.log.replace(launch.log.with_suffix(".log.1"))
    elif not launch.log.exists():
        _prune_logs(launch.log.parent)
    launch.log.touch(mode=0o600)


def _prune_logs(folder: Path) -> None:
    logs = sorted(folder.iterdir(), key=lambda log: log.stat().st_mtime)
    for log in logs[: max(0, len(logs) + 1 - _LOGS_KEPT)]:
        log.unlink(missing_ok=True)


async def end(process: Process, *, patience: float = assumptions.TERMINATE_SECONDS) -> None:
    """SIGTERM to the group, SIGKILL to whoever of it is left after ``patience`` seconds."""
    _signal_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(process.wait(), patience)
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def identify(pid: int) -> store.Process | None:
    """The process as it can be recognised later; None where it is gone already."""
    try:
        return store.Process(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def end_orphans(known: list[store.Process], owner: str) -> int:
    """Kill what a former server of this platform left running; how many there were.

    Those it wrote down, and those that still carry its mark: a server may be killed between
    starting a process and writing it down.
    """
    orphans = {process.pid: process for process in map(_known, known) if process is not None}
    for process in psutil.process_iter():
        if _carries(process, owner):
            orphans[process.pid] = process
    for process in orphans.values():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(psutil.Error):
            process.kill()
    deadline = time.monotonic() + assumptions.TERMINATE_SECONDS
    while any(map(_lives, orphans.values())) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return len(orphans)


def _lives(process: psutil.Process) -> bool:
    """Whether it runs; a dead one that init has not reaped yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _known(process: store.Process) -> psutil.Process | None:
    try:
        found = psutil.Process(process.pid)
        return found if found.create_time() == process.started else None
    except psutil.Error:
        return None


def _carries(process: psutil.Process, owner: str) -> bool:
    try:
        return process.environ().get(OWNER) == owner
    except (psutil.Error, OSError):
        return False


def listening_ports(pid: int) -> list[int]:
    """The TCP ports on which the process or one of its children listens."""
    ports: set[int] = set()
    with contextlib.suppress(psutil.Error, OSError):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            ports.update(
                connection.laddr.port
                for connection in process.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN
            )
    return sorted(ports)


def log_tail(log: Path) -> str:
    """The end of a log, short enough for a status reason."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 4 * _TAIL_CHARACTERS))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return text.strip()[-_TAIL_CHARACTERS:]
