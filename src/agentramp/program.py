"""Another program, run once: without a shell, bounded in time and in what it may print."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from agentramp.errors import RefusedError

MOST_OUTPUT: Final = 8 * 1024 * 1024
TAIL_BYTES: Final = 4096
TAIL_LINES: Final = 10
_GRACE_SECONDS: Final = 1.0


class ProgramError(RefusedError):
    """It could not be started, did not end in time, or printed too much."""


class TooSlowError(ProgramError):
    """It did not end in time and was stopped."""


@dataclass(frozen=True)
class Ended:
    """``status`` is below 0 where a signal ended it; ``err`` holds the last lines only."""

    status: int
    out: bytes
    err: str


def run(  # noqa: PLR0913 - each is a bound or a part of the program's world
    argv: Sequence[str],
    *,
    timeout: float,
    stdin: bytes = b"",
    environ: Mapping[str, str] | None = None,
    most: int = MOST_OUTPUT,
    cwd: Path | None = None,
    tail: int = TAIL_BYTES,
) -> Ended:
    """Run to the end; another exit status than 0 is no error here. None inherits the environment.

    ``tail`` is how many bytes of standard error are kept, the last ones.

    Raises ProgramError. What the program started is ended with it.
    """
    process = _started(argv, environ, cwd)
    out = _Reader(process.stdout, most, lambda: _kill(process))
    err = _Reader(process.stderr, tail, None)
    feeder = threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True)
    for thread in (out, err, feeder):
        thread.start()
    in_time = _wait(process, timeout, (out, err))
    if out.is_excess:
        raise ProgramError(f"{argv[0]} printed more than {most} bytes", advice=_LESS)
    if not in_time:
        raise TooSlowError(
            f"{said_last(err.text)}{argv[0]} did not end within {timeout:g} s and was stopped",
            advice="make it faster, or raise its timeout",
        )
    return Ended(process.returncode, out.content, err.text)


_LESS: Final = "let it print its answer only; notes belong on standard error"


def said_last(text: str) -> str:
    """The last lines of an output, to stand above the line that says what is wrong."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "".join(f"{line}\n" for line in lines[-TAIL_LINES:])


def _started(
    argv: Sequence[str], environ: Mapping[str, str] | None, cwd: Path | None
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - the user's own command, as a list and without a shell
            list(argv),
            env=None if environ is None else dict(environ),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ProgramError(
            f"{argv[0]} cannot be started: {why}",
            advice="name a program that is there and may be run, and each argument by itself",
        ) from error


class _Reader(threading.Thread):
    """Reads a stream to its end: whole up to ``most`` bytes, or without ``full`` its tail only."""

    def __init__(
        self, stream: IO[bytes] | None, most: int, full: Callable[[], None] | None
    ) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._most = most
        self._full = full
        self.content = b""
        self.is_excess = False

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def run(self) -> None:
        if self._stream is None:
            return
        parts = bytearray()
        with contextlib.suppress(OSError, ValueError), self._stream as stream:
            while part := os.read(stream.fileno(), 65536):
                parts += part
                if self._full is None:
                    del parts[: -self._most]
                    self.content = bytes(parts)
                elif len(parts) > self._most:
                    self.is_excess = True
                    self._full()
                    return
        self.content = bytes(parts)


def _feed(stream: IO[bytes] | None, content: bytes) -> None:
    """A program that does not read its input is none of our business."""
    if stream is not None:
        with contextlib.suppress(OSError, ValueError), stream:
            stream.write(content)


def _wait(
    process: "subprocess.Popen[bytes]", timeout: float, readers: Sequence[threading.Thread]
) -> bool:
    """Whether it ended by itself, in time; nothing of it is left either way."""
    deadline = time.monotonic() + timeout
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
        _join(readers, time.monotonic() + _GRACE_SECONDS)
        return False
    except BaseException:
        _kill(process)
        raise
    _join(readers, min(deadline, time.monotonic() + _GRACE_SECONDS))
    _kill(process)  # a child that it left behind may still hold the pipe
    _join(readers, time.monotonic() + _GRACE_SECONDS)
    return True


def _join(threads: Sequence[threading.Thread], deadline: float) -> None:
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """The program and what it started, which are one process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
