"""Answers that are written as they come, one on each line."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from agentramp.errors import RefusedError

if TYPE_CHECKING:  # every verb is handed these lines, and one of them judges
    from agentramp.judge.docket import Said


AGAIN = "send it where there is room, and give the windows again from the first"
_ANEW = "send it where there is room, and run this again"


@dataclass
class Lines:
    """Flushes after each line, so that a program on the other side may wait for its answer.

    ``stream`` is None where the output was closed from the start.
    """

    stream: TextIO | None

    @property
    def is_terminal(self) -> bool:
        return self.stream is not None and self.stream.isatty()

    def write(self, said: "Said") -> None:
        """Raises RefusedError where nothing can be written; a reader that left is BrokenPipe."""
        self._put(lambda stream: _write(stream, said), AGAIN)

    def put(self, text: str) -> None:
        """One line of text; raises as ``write``."""
        self._put(lambda stream: _print(stream, text))

    def piece(self, text: str) -> None:
        """A part of a line, seen at once; raises as ``write``."""
        self._put(lambda stream: _print(stream, text, end=""))

    def _put(self, act: Callable[[TextIO], None], advice: str = _ANEW) -> None:
        if self.stream is None:
            raise unwritten("it is closed", advice)
        try:
            act(self.stream)
        except BrokenPipeError:
            raise
        except OSError as error:
            drop(self.stream)
            raise unwritten(error.strerror or str(error), advice) from error


def _write(stream: TextIO, said: "Said") -> None:
    document = {
        "ramp": said.ramp,
        "window": said.window,
        "verdict": said.decision.value,
        "e": said.e,
        "canary_sessions": said.canary_sessions,
        "reason": said.reason,
    }
    try:
        stream.write(_encode(document) + "\n")
    except UnicodeEncodeError:  # half a surrogate pair, or an output that is not UTF-8
        stream.write(_escape(document) + "\n")
    stream.flush()


def _print(stream: TextIO, text: str, end: str = "\n") -> None:
    try:
        stream.write(text + end)
    except UnicodeEncodeError:  # an output that is not UTF-8
        stream.write(text.encode("ascii", "backslashreplace").decode() + end)
    stream.flush()


def drop(stream: TextIO) -> None:
    """What is still in the buffer would fail again when the process ends: let it go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def unwritten(why: str, advice: str) -> RefusedError:
    return RefusedError(f"standard output cannot be written: {why}", advice=advice)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_escape = json.JSONEncoder(allow_nan=False).encode
