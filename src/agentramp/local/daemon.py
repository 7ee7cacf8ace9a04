"""Starts, finds and stops the embedded platform; needs nothing of the ``local`` extra itself."""

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import agentramp
from agentramp.errors import RefusedError
from agentramp.local import schema
from agentramp.local.home import BrokenFileError, Home, StartingError
from agentramp.local.images import Images
from agentramp.local.launch import interpreter_libraries
from agentramp.local.ports import LOOPBACK

Found = TypeVar("Found")

_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 2.0
_KILLED_SECONDS = 10.0
_OTHERS_SECONDS = 300.0  # a start may wait for a server that ends slowly, a stop for agents
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


def start(home: Path, *, timeout: float = 30, others: float = _OTHERS_SECONDS) -> Server:
    """The running server, started if there is none; safe when several start it at once.

    ``others`` is how many seconds those may take who start or stop it already. Raises
    StartServerError.
    """
    place = _place(home)
    with _usable(place):
        place.make()
        with place.starting(others):
            found = _former(home, timeout)
            if found and _is_whole(place):
                return found
            if found:
                _end(place, found.pid, timeout)
            return _started(home, timeout)


def _former(home: Path, timeout: float) -> Server | None:
    """The server that runs already; one that does not answer gets time to answer or to end."""
    place = _place(home)
    _wait(lambda: status(home) is not None or not place.served(), timeout)
    found = status(home)
    if found is None and place.served():
        raise StartServerError(
            f"a server of the embedded platform (process {place.server_pid()}) runs in"
            f" {place.root} and did not answer in {timeout:g} s",
            advice="End it with: agentramp local stop",
        )
    return found


def _started(home: Path, timeout: float) -> Server:
    place = _place(home)
    place.identity()
    if place.database.exists():
        schema.open_database(place.database).close()
    log = LogFromNow(place.server_log)
    pid = _launch(place)
    found = _wait(lambda: _if_answers(home, pid, log), timeout)
    if found is None:
        raise StartServerError(
            f"the embedded platform did not start in {timeout:g} s;"
            f" the end of its log: {log.tail()}",
            advice=f"Read {place.server_log}.",
        )
    return found


@contextmanager
def _usable(place: Home) -> Iterator[None]:
    """What is wrong with the folder is told as a StartServerError."""
    try:
        yield
    except sqlite3.Error as error:
        raise StartServerError(
            f"the embedded platform's records, {place.database}, cannot be used: {error}",
            advice=f"Use the agentramp that made them, or move {place.root} aside to begin anew.",
        ) from error
    except StartingError as error:
        who = f"process {error.pid}" if error.pid else "another process"
        raise StartServerError(
            f"{who} starts or stops the embedded platform in {place.root}, and was not done in"
            f" {error.seconds:g} s",
            advice=f"Run this again when it is done; if it hangs, end {who} first.",
        ) from error
    except BrokenFileError as error:
        raise StartServerError(
            str(error), advice=f"Put it right, or move {place.root} aside to begin anew."
        ) from error
    except OSError as error:
        raise StartServerError(
            f"the embedded platform cannot use its folder {place.root}: {error}",
            advice="AGENTRAMP_HOME has to name a folder that you may make and write to.",
        ) from error


def status(home: Path) -> Server | None:
    """The running server, or None where none answers. Raises StartServerError."""
    place = _place(home)
    with _usable(place):
        return _status(place, home)


def _status(place: Home, home: Path) -> Server | None:
    answer = _ask(place)
    if answer is None:
        return None
    identity = place.identity()
    url = f"http://{LOOPBACK}:{answer.port}"
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


def stop(home: Path, *, timeout: float = 60, others: float = _OTHERS_SECONDS) -> bool:
    """Stop the server and all agents; false where nothing was running.

    Agents that a killed server left are ended too. A server that does not end in ``timeout``
    seconds is killed. Raises StartServerError if it is still there after that; ``others`` as in
    ``start``.
    """
    place = _place(home)
    with _usable(place):
        if not place.root.is_dir():
            return False
        with place.starting(others):
            served = place.served()
            if served:
                _end(place, _pid_of_server(place, home), timeout)
            return _end_orphans(place) > 0 or served


def images(home: Path) -> Images:
    """What stands for images; the server need not run."""
    return Images(_place(home).images)


def _pid_of_server(place: Home, home: Path) -> int:
    # A server of an older agentramp does not say it in its lock.
    pid = place.server_pid()
    if pid is None:
        found = status(home)
        pid = found.pid if found else None
    if pid is None:
        raise StartServerError(
            f"a server of the embedded platform runs in {place.root}, but does not say who it is",
            advice="End the process whose command names that folder.",
        )
    return pid


def _end(place: Home, pid: int, timeout: float) -> None:
    # One that was halted (SIGSTOP) has to go on to end well.
    _signal(pid, signal.SIGTERM, signal.SIGCONT)
    if _wait(lambda: _is_gone(place, pid), timeout):
        return
    _signal(pid, signal.SIGKILL)
    if not _wait(lambda: _is_gone(place, pid), _KILLED_SECONDS):
        raise StartServerError(
            f"the embedded platform (process {pid}) still runs, though it was killed after"
            f" {timeout:g} s",
            advice=f"Read {place.server_log}, then end the process.",
        )


def _signal(pid: int, *numbers: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        for number in numbers:
            os.kill(pid, number)


def _end_orphans(place: Home) -> int:
    if not place.database.exists():
        return 0
    from agentramp.local import process, store  # noqa: PLC0415 psutil is an extra

    owner = place.identity().id
    try:
        with closing(schema.open_database(place.database)) as database:
            known = store.Store(database).processes()
    except sqlite3.Error:
        # Those that still carry the platform's mark are found without the records.
        process.end_orphans([], owner)
        raise
    return process.end_orphans(known, owner)


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


def _if_answers(home: Path, pid: int, log: "LogFromNow") -> Server | None:
    found = status(home)
    if found is None and not _lives(pid):
        raise StartServerError(
            f"the embedded platform ended while it started; the end of its log: {log.tail()}",
            advice=f"Read {_place(home).server_log}.",
        )
    return found


@dataclass(frozen=True)
class _Answer:
    """``whole`` is false where the code the server runs from was removed under it."""

    port: int
    pid: int
    whole: bool


def _is_whole(place: Home) -> bool:
    """Whether the running server can still start agents: a job's checkout may be gone by now."""
    answer = _ask(place)
    return answer is not None and answer.whole


def _ask(place: Home) -> _Answer | None:
    """What the process says that answers there; the file's own may be long dead."""
    running = place.running()
    if running is None:
        return None
    connection = http.client.HTTPConnection(LOOPBACK, running.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", _STATUS_PATH)
        found = json.loads(connection.getresponse().read(_ANSWER_MAX))
    except (OSError, ValueError, OverflowError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    # Anything may listen on that port by now.
    match found:
        case {"id": str(identity), "pid": int(pid)} if identity == place.identity().id:
            return _Answer(running.port, pid, bool(found.get("whole")))
        case _:
            return None


def _is_gone(place: Home, pid: int) -> bool:
    """Whether the server let go of its lock, which it does last, and ended."""
    return not place.served() and not _lives(pid)


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


class LogFromNow:
    """What is written to the server's log from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = path.stat().st_size if path.exists() else 0

    def tail(self) -> str:
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._start)
                text = stream.read().decode("utf-8", "replace")
        except OSError:
            return "(none)"
        return text[-_LOG_TAIL_CHARACTERS:].strip() or "(empty)"
