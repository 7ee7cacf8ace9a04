"""The folder that holds everything the embedded platform knows."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from typing import TextIO

from agentramp.local.records import Identity

REGION = "local"
_ACCOUNT_DIGITS = 16
_POLL_SECONDS = 0.05


class BrokenFileError(ValueError):
    """A file of the platform does not hold what was written to it."""


class StartingError(Exception):
    """Another process starts or stops the server; ``pid`` is None where it does not say who."""

    def __init__(self, pid: int | None, seconds: float) -> None:
        super().__init__(pid, seconds)
        self.pid, self.seconds = pid, seconds


@dataclass(frozen=True)
class Running:
    """Where a server said it listens; by now it may be gone and the port someone else's."""

    port: int


@dataclass(frozen=True)
class Home:
    """``root`` is ``<agentramp's home>/local``; nobody but its owner may look inside."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "platform.db"

    @property
    def lines(self) -> Path:
        return self.root / "lines.db"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def programs(self) -> Path:
        return self.root / "bin"

    @property
    def server_log(self) -> Path:
        return self.root / "server.log"

    def make(self) -> None:
        for folder in (self.root, self.artifacts, self.objects, self.run, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)

    # who the platform is

    def identity(self) -> Identity:
        """Made at the first start, the same ever after. Raises OSError, BrokenFileError."""
        if not self._credentials.exists():
            self.write_identity(_new_identity())
        try:
            return Identity(**json.loads(self._credentials.read_text()))
        except (ValueError, TypeError) as error:
            raise BrokenFileError(f"{self._credentials} is broken: {error}") from error

    def write_identity(self, identity: Identity) -> None:
        _write_private(self._credentials, json.dumps(asdict(identity), indent=2))

    @property
    def _credentials(self) -> Path:
        return self.root / "credentials.json"

    # who serves it now

    def write_running(self, running: Running) -> None:
        _write_private(self._running, json.dumps(asdict(running)))

    def forget_running(self) -> None:
        self._running.unlink(missing_ok=True)

    def running(self) -> Running | None:
        try:
            return Running(int(json.loads(self._running.read_text())["port"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    @property
    def _running(self) -> Path:
        return self.root / "server.json"

    @contextmanager
    def starting(self, seconds: float) -> Iterator[None]:
        """Held by whoever starts the server: two at once start one. Raises StartingError."""
        ends = time.monotonic() + seconds
        with self._start_lock.open("a") as lock:
            while not _taken(lock):
                if time.monotonic() >= ends:
                    raise StartingError(_pid(self._start_lock), seconds)
                time.sleep(_POLL_SECONDS)
            try:
                _sign(lock)
                yield
            finally:
                lock.truncate(0)
                flock(lock, LOCK_UN)

    @property
    def _start_lock(self) -> Path:
        return self.root / "start.lock"

    @contextmanager
    def serving(self) -> Iterator[bool]:
        """Held by the server as long as it lives; false where another one holds it."""
        with self._server_lock.open("a") as lock:
            if not _taken(lock):
                yield False
                return
            _sign(lock)
            yield True

    def served(self) -> bool:
        """Whether a server lives: it need not answer, nor have written where it listens."""
        try:
            lock = self._server_lock.open("r+")
        except FileNotFoundError:
            return False
        with lock:
            return not _taken(lock)

    def server_pid(self) -> int | None:
        """Who holds the lock, if ``served``; None where it does not say."""
        return _pid(self._server_lock)

    @property
    def _server_lock(self) -> Path:
        return self.root / "server.lock"


def _taken(lock: TextIO) -> bool:
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(lock: TextIO) -> None:
    """Says in the file who holds it."""
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _pid(lock: Path) -> int | None:
    try:
        return int(lock.read_text())
    except (FileNotFoundError, ValueError):
        return None


def _new_identity() -> Identity:
    account = "1" + "".join(secrets.choice("0123456789") for _ in range(_ACCOUNT_DIGITS - 1))
    return Identity(
        id=secrets.token_hex(16),
        account_id=account,
        region=REGION,
        access_key_id="LOCAL" + secrets.token_hex(10),
        access_key_secret=secrets.token_urlsafe(32),
    )


def _write_private(path: Path, text: str) -> None:
    """Written aside with mode 0600 and renamed, so that no reader ever sees a part of it."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
        stream.write(text)
    draft.replace(path)
