"""A home for one run alone, so that it never meets the user's own platform, journal or runtimes.

Each is a folder with a lock beside it. Who finds one that nobody holds ends what is left of the
run that was killed there, before anything else is done. What a build made stays for the next run.
"""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from itertools import count
from pathlib import Path
from threading import Thread

from agentramp.errors import AgentrampError, UsageError
from agentramp.local import daemon

BUILD, WORK, LEARNED = "build", "work", "learned"
_KEPT = frozenset({BUILD, WORK, LEARNED})
_MARK = "mark"
_LOCK = ".lock"
_STOP_SECONDS = 1.0
"""What runs there is ended in any case: nobody needs an answer of it any more."""
_UNUSED_SECONDS = 30 * 24 * 3600.0
"""What was built for an agent that nobody has run for so long goes."""


@contextmanager
def private_home(root: Path, name: str) -> Iterator[Path]:
    """A folder that is this run's until it ends; what is in it then is ended and removed.

    But for what the next run of ``name`` can use again. Others at work get one of their own.
    """
    with _usable(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        mend(root)
    for number in count():
        folder = root / f"{name}-{number}"
        with _held(root, folder.name) as mine:
            if not mine:
                continue
            with _usable(root):
                folder.mkdir(mode=0o700, exist_ok=True)
            try:
                yield folder
            finally:
                _clear(folder)
            return


@contextmanager
def starting_platform(folder: Path) -> Iterator[None]:
    """An embedded platform starts there meanwhile: who needs it starts it too, and so waits.

    Then it is told as well why it cannot start.
    """

    def start() -> None:
        with suppress(AgentrampError):
            daemon.start(folder)

    thread = Thread(target=start)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def _usable(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"the folder {root}, where runs have their homes, cannot be used:"
            f" {error.strerror or error}",
            advice="check the space on the disk and the folder's mode, or name another place with"
            " AGENTRAMP_HOME",
        ) from error


def mend(root: Path) -> None:
    """End and remove what runs that were killed have left."""
    for lock in sorted(root.glob(f"*{_LOCK}")):
        unused = time.time() - lock.stat().st_mtime > _UNUSED_SECONDS
        folder = root / lock.name.removesuffix(_LOCK)
        if not folder.is_dir() or (_is_clear(folder) and not unused):
            continue
        with _held(root, folder.name, used=False) as mine:
            if mine:
                _clear(folder)
            if mine and unused:
                shutil.rmtree(folder)


def mark(folder: Path) -> str:
    """What a program that is started for this run carries in its environment, to be found by."""
    path = folder / _MARK
    if not path.is_file():
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def _is_clear(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} <= _KEPT


def _clear(folder: Path) -> None:
    daemon.stop(folder, timeout=_STOP_SECONDS)
    _end_marked(folder)
    for path in folder.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _end_marked(folder: Path) -> None:
    path = folder / _MARK
    if not path.is_file():
        return
    with suppress(ImportError):  # psutil is an extra: without it a killed run's CLI ends by itself
        from agentramp.local import process  # noqa: PLC0415 - as above

        process.end_orphans([], path.read_text())


@contextmanager
def _held(root: Path, name: str, *, used: bool = True) -> Iterator[bool]:
    """Whether nobody else holds it; the lock goes with the process, however that ends."""
    path = root / f"{name}{_LOCK}"
    with _usable(root):
        lock = path.open("a")
    with lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            yield False
            return
        if used:
            path.touch()
        yield True
