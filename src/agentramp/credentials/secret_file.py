"""A file of named entries for its owner alone (mode 0600), changed by one run at a time.

It is written all or nothing, and is not read where others could have.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE
from typing import Any, Final, TextIO

from agentramp.errors import UsageError

PATIENCE: Final = 10.0
_PAUSE: Final = 0.05
_OTHERS: Final = 0o077


@dataclass(frozen=True)
class SecretFile:
    """``patience`` is in seconds: so long is waited for another run that changes it."""

    path: Path
    patience: float = PATIENCE
    timer: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def changing(self) -> Iterator[dict[str, dict[str, Any]]]:
        """The entries to change; they are written when the block ends well."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_suffix(".lock").open("a") as lock:
                self._lock(lock)
                names = self.read()
                yield names
                write_whole(self.path, json.dumps(names, indent=1))
        except OSError as error:
            raise self._unusable(str(error.strerror or error)) from None

    def _lock(self, lock: TextIO) -> None:
        ends = self.timer() + self.patience
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # noqa: PERF203 - the pause is what takes time
                if self.timer() >= ends:
                    raise UsageError(
                        f"{self.path} is being changed by another run, for longer than"
                        f" {self.patience:g} s",
                        advice="let that run end, then run this again",
                    ) from None
                self.sleep(_PAUSE)
            else:
                return

    def read(self) -> dict[str, dict[str, Any]]:
        """Raises UsageError for a file that others can read, or that holds something else."""
        try:
            with self.path.open("rb") as file:
                mode = S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & _OTHERS:
                    raise UsageError(
                        f"{self.path} can be read by others (mode {mode:04o}), so it is not used",
                        advice=f"replace its keys, then: chmod 600 {self.path}",
                    )
                said = json.loads(file.read())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise self._unusable(type(error).__name__) from None
        if not isinstance(said, dict) or not all(isinstance(x, dict) for x in said.values()):
            raise self._unusable("it is no list of names")
        return said

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path} cannot be used: {why}",
            advice="mend or delete that file, or set AGENTRAMP_HOME to a folder you may write",
        )


def write_whole(path: Path, text: str) -> None:
    """All or nothing and on the disk, and never for a moment open to others; raises OSError."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """The new name is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_in_ring(entry: Mapping[str, Any]) -> bool:
    """Whether the secret of ``entry`` is kept in the keyring."""
    return entry.get("kept") == "keyring"
