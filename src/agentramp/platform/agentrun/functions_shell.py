"""A few lines of POSIX sh around a command, so that its exit status can be seen.

No source says how Function Compute tells the exit status of a command, or that its input ended,
so both are said inside the streams themselves. The shell prints a mark that nobody else knows
at the end of standard output, and another with the status at the end of standard error; both are
taken out again here. Input goes as lines in which every unusual byte is written in octal; an empty
line ends it.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from agentramp.platform.functions import Command

HOME_OF_CODE = "/code"
"""Where the platform unpacks an agent: commands start there unless told otherwise."""

_OUT = b"out"
_LONGEST_WORD = 8
_LINE_BYTES, _MESSAGE_BYTES = 1024, 8 * 1024
_PLAIN = frozenset(range(0x20, 0x7F)) - {ord("\\")}
_WRITTEN = tuple(
    bytes([byte]) if byte in _PLAIN else b"\\0%03o" % byte  # what printf's %b reads
    for byte in range(256)
)
END_OF_INPUT = b"\n"

_FEED = 'f() { while IFS= read -r l && [ -n "$l" ]; do printf %b "$l"; done; }'
_RUN = 'r() { ( {go} exec "$@" ); }'
_SHELL = "r() { ( {go} command -v bash >/dev/null 2>&1 && exec bash; exec sh ); }"
_BOTH = 'e() { printf %s "$n.out."; printf %s "$n.$1." >&2; }'
_ONE = 'e() { printf %s "$n.$1."; }'


def wrapped(command: Command, nonce: str) -> tuple[str, ...]:
    """The words that run ``command`` and tell its exit status by marks with ``nonce``."""
    run = (_RUN if command.words else _SHELL).replace("{go}", _go(command.directory))
    if command.terminal:
        rows, columns = command.window or (24, 80)
        size = f"stty rows {rows} cols {columns} 2>/dev/null"
        lines = [f"n={nonce}", run, _ONE, size, 'r "$@"; e $?']
    elif command.input:
        lines = [f"n={nonce}", _FEED, run, _BOTH, 'f | { r "$@"; e $?; }']
    else:
        lines = [f"n={nonce}", run, _BOTH, 'r "$@" </dev/null; e $?']
    return ("sh", "-c", "\n".join(lines), "sh", *command.words)


def _go(directory: str | None) -> str:
    if directory is None:
        return f"cd {HOME_OF_CODE} 2>/dev/null;"
    return f"cd -- {shlex.quote(directory)} &&"


def written(data: bytes) -> Iterator[bytes]:
    """``data`` as the shell reads it, in pieces that are whole lines."""
    for start in range(0, len(data), _MESSAGE_BYTES):
        piece = data[start : start + _MESSAGE_BYTES]
        lines = (piece[at : at + _LINE_BYTES] for at in range(0, len(piece), _LINE_BYTES))
        yield b"".join(b"".join(_WRITTEN[byte] for byte in line) + b"\n" for line in lines)


@dataclass
class Marks:
    """The marks seen so far; with a terminal both streams are one, and so is the mark."""

    nonce: str
    terminal: bool
    status: int | None = None
    out_ended: bool = False

    @property
    def complete(self) -> bool:
        return self.status is not None and (self.out_ended or self.terminal)

    def sieve(self) -> "Sieve":
        return Sieve(self)

    def note(self, word: bytes) -> bool:
        """Whether ``word`` is one of ours."""
        if word == _OUT:
            self.out_ended = True
        elif word.isdigit():
            self.status = int(word)
        else:
            return False
        return True


class Sieve:
    """One stream of output, without the marks; they may be cut anywhere."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._sign = f"{marks.nonce}.".encode()
        self._held = b""

    def pass_on(self, data: bytes) -> bytes:
        """What of ``data``, and of what was held back, is certainly output."""
        text, passed = self._held + data, b""
        while (at := text.find(self._sign)) >= 0:
            begin = at + len(self._sign)
            end = text.find(b".", begin, begin + _LONGEST_WORD)
            if end < 0 and len(text) - begin < _LONGEST_WORD:
                self._held = text[at:]
                return passed + text[:at]
            known = end >= 0 and self._marks.note(text[begin:end])
            passed += text[: at if known else begin]
            text = text[end + 1 if known else begin :]
        kept = self._begun(text)
        self._held = text[len(text) - kept :]
        return passed + text[: len(text) - kept]

    def rest(self) -> bytes:
        """What was held back and turned out to be output after all."""
        held, self._held = self._held, b""
        return held

    def _begun(self, text: bytes) -> int:
        """How many bytes at the end may be the beginning of a mark."""
        longest = min(len(self._sign) - 1, len(text))
        lengths = range(longest, 0, -1)
        return next((size for size in lengths if text.endswith(self._sign[:size])), 0)
