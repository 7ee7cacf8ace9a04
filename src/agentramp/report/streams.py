"""The near end of a command that runs far away: bytes in and out as they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from agentramp.errors import RefusedError
from agentramp.report.lines import drop

_PIECE = 16 * 1024
LEAVE = b"\x1d"
"""Ctrl-], with which a terminal is left without the other end's consent."""


@dataclass
class Streams:
    """``typed``: what comes in is a person at a terminal in raw mode; None: nothing comes in."""

    stdout: TextIO | None
    stderr: TextIO | None
    stdin: BinaryIO | None
    typed: bool = False

    def read(self) -> Iterator[bytes]:
        if self.stdin is None:
            return
        # The buffer's lock would keep the process from ending while this waits for input.
        source = getattr(self.stdin, "raw", self.stdin)
        while data := source.read(_PIECE):
            if self.typed and LEAVE in data:
                return
            yield data

    def out(self, data: bytes) -> None:
        """Raises RefusedError where nothing can be written; a reader that left is BrokenPipe."""
        _write(self.stdout, data, "standard output")

    def err(self, data: bytes) -> None:
        _write(self.stderr, data, "standard error")


def _write(stream: TextIO | None, data: bytes, name: str) -> None:
    if not data:
        return
    if stream is None:
        raise _unwritten(name, "it is closed")
    try:
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop(stream)
        raise _unwritten(name, error.strerror or str(error)) from error


def _unwritten(name: str, why: str) -> RefusedError:
    return RefusedError(
        f"{name} cannot be written: {why}",
        advice="send it where there is room; the command may have run",
    )
