"""Starts, finds and stops the embedded platform; needs nothing of the ``local`` extra itself."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import agentramp
from agentramp.errors import RefusedError
from agentramp.local.home import Home, Running
from agentramp.local.launch import interpreter_libraries
from agentramp.local.ports import LOOPBACK

Found = TypeVar("Found")

_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 2.0
_ANSWER_MAX = 4096
_LOG_TAIL_CHARACTERS = 1500
_STATUS_PATH = "/-/status"

# The package's own folder is put on the path by hand: -I leaves out PYTHONPATH, by which it may
# have been found. The intermediate process ends at once, so that the server is nobody's child.
_LAUNCHER = """
import sys
root, *arguments = sys.argv[1:]
if root not in sys.path:
    sys.path.insert(0, root)
from agentramp.local.__main__ import main
sys.exit(main(arguments))
"""


class StartServerError(RefusedError):
    """The embedded platform's server did not come up or does not go away."""


@dataclass(frozen=True)
class Server:
    """What a client needs to know of a running platform. Its repr shows no secret."""

    control_url: str
    data_url: str
    access_key_id: str
    access_key_secret: str = field(repr=False)
    account_id: str
    region: str
    pid: int
    home: Path


def start(home: Path, *, timeout: float = 30) -> Server:
    """The running server, started if there is none; safe when several start it at once.

    Raises StartServerError.
    """
    place = _place(home)
    place.make()
    with place.starting():
        found = status(home)
        if found and _is_whole(place):
            return found
        if found:
            _end(place, found.pid, timeout)
        pid = _launch(place)
        found = _wait(lambda: _if_answers(home, pid), timeout)
    if found is None:
        raise StartServerError(
            f"the embedded platform did not start in {timeout:g} s;"
            f" the end of its log: {_log_tail(place)}",
            advice=f"Read {place.server_log}.",
        )
    return found


def status(home: Path) -> Server | None:
    """The running server, or None."""
    place = _place(home)
    running = place.running()
    answer = _ask(place, running) if running else None
    if not running or not answer:
        return None
    identity = place.identity()
    url = f"http://{LOOPBACK}:{running.port}"
    return Server(
        control_url=url,
        data_url=url,
        access_key_id=identity.access_key_id,
        access_key_secret=identity.access_key_secret,
        account_id=identity.account_id,
        region=identity.region,
        pid=answer.pid,
        home=home,
    )


def stop(home: Path, *, timeout: float = 60) -> bool:
    """Stop the server and all agents; false where nothing was running.

    Agents that a killed server left are ended too. Raises StartServerError if the server is
    still there after ``timeout`` seconds.
    """
    place = _place(home)
    if not place.root.exists():
        return False
    with place.starting():
        found = status(home)
        if found is not None:
            _end(place, found.pid, timeout)
        return _end_orphans(place) > 0 or found is not None


def _end(place: Home, pid: int, timeout: float) -> None:
    os.kill(pid, signal.SIGTERM)
    if not _wait(lambda: _is_gone(place, pid), timeout):
        raise StartServerError(
            f"the embedded platform (process {pid}) still runs after {timeout:g} s",
            advice=f"Read {place.server_log}, then end the process.",
        )


def _end_orphans(place: Home) -> int:
    if not place.database.exists():
        return 0
    from agentramp.local import process, schema, store  # noqa: PLC0415 psutil is an extra

    with closing(schema.open_database(place.database)) as database:
        return process.end_orphans(store.Store(database).processes(), place.identity().id)


def _place(home: Path) -> Home:
    return Home(home.absolute() / "local")


def _launch(place: Home) -> int:
    """Start the detached server; its process id."""
    root = str(Path(agentramp.__file__).parents[1])
    command = [sys.executable, "-I", "-c", _LAUNCHER, root, str(place.root)]
    done = subprocess.run(  # noqa: S603 our own interpreter and our own code
        [*command, os.pathsep.join(os.get_exec_path())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        # What the caller's environment holds (keys, tokens) is not the server's business.
        env={"LANG": "C.UTF-8", **interpreter_libraries()},
    )
    if done.returncode != 0:
        missing = "No module named" in done.stderr
        raise StartServerError(
            f"the embedded platform could not be launched: {done.stderr.strip()[-500:]}",
            advice='Install it with: pip install "agentramp[local]"' if missing else "",
        )
    return int(done.stdout)


def _if_answers(home: Path, pid: int) -> Server | None:
    found = status(home)
    if found is None and not _lives(pid):
        raise StartServerError(
            "the embedded platform ended while it started;"
            f" the end of its log: {_log_tail(_place(home))}",
            advice=f"Read {_place(home).server_log}.",
        )
    return found


@dataclass(frozen=True)
class _Answer:
    """``whole`` is false where the code the server runs from was removed under it."""

    pid: int
    whole: bool


def _is_whole(place: Home) -> bool:
    """Whether the running server can still start agents: a job's checkout may be gone by now."""
    running = place.running()
    answer = _ask(place, running) if running else None
    return answer is not None and answer.whole


def _ask(place: Home, running: Running) -> _Answer | None:
    """What the process says that answers there; the file's own may be long dead."""
    connection = http.client.HTTPConnection(LOOPBACK, running.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", _STATUS_PATH)
        found = json.loads(connection.getresponse().read(_ANSWER_MAX))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    # Anything may listen on that port by now.
    ours = isinstance(found, dict) and found.get("id") == place.identity().id
    return _Answer(int(found["pid"]), bool(found.get("whole"))) if ours else None


def _is_gone(place: Home, pid: int) -> bool:
    """Whether the server let go of its lock, which it does last, and ended."""
    with place.serving() as free:
        return free and not _lives(pid)


def _lives(pid: int) -> bool:
    """Whether the process runs; one that ended and was not reaped (Linux) does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def _wait(ask: Callable[[], Found], timeout: float) -> Found:
    deadline = time.monotonic() + timeout
    while not (found := ask()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return found


def _log_tail(place: Home) -> str:
    try:
        return place.server_log.read_text(errors="replace")[-_LOG_TAIL_CHARACTERS:].strip()
    except OSError:
        return "(none)"
