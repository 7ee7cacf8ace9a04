"""A log that obeys nobody but us: what others say is shown, and is never a workflow command.

A runner takes a line for a command where it begins with ``::``, after blanks, or holds ``##[``
anywhere (actions/runner, ``ActionCommand.cs``). It compares texts as a culture does, so characters
that are not seen do not keep two marks apart; a bare carriage return ends a line for it too.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BufferedIOBase, TextIOBase
from typing import Any, TextIO, cast

_LINES = re.compile(r"(?<=[\r\n])(?![\r\n])")
_ACTING = re.compile(r"[:#\[]")
_COLONS = re.compile(r"(^[^!-~]*:[^ -~]*)(?=:)")
_HASHES = re.compile(r"(#[^ -~]*#[^ -~]*)(?=\[)")
_BRACKET = re.compile(r"(#[^ -~]*#[^ -~]*)\[")
_ONE_COLON = re.compile(r"[^!-~]*:[^ -~]*")
_LAST_HASHES = re.compile(r"#[^ -~]*(?:#[^ -~]*)?\Z")
_SEEN = re.compile(r"[!-~]")


@dataclass
class Defuser:
    """Text in pieces of any size, with blanks put between the marks that would act.

    Each piece is taken for the beginning of a line too, as another stream may have ended the one
    before it. A line that begins with a brace is JSON: there a bracket becomes its escape.
    """

    _blank: bool = field(default=True, init=False)
    _object: bool = field(default=False, init=False)
    _marks: str = field(default="", init=False)

    @property
    def is_at_the_edge(self) -> bool:
        return self._blank and not self._marks

    def __call__(self, text: str) -> str:
        if _ACTING.search(text):
            return "".join(map(self._part, filter(None, _LINES.split(text))))
        edge = max(text.rfind("\r"), text.rfind("\n")) + 1
        if edge:
            self.ended()
        self._part(text[edge:])
        return text

    def ended(self) -> None:
        self._blank, self._object, self._marks = True, False, ""

    def _part(self, text: str) -> str:
        before = self._marks if self._blank else f".{self._marks}"
        line = before + text
        if self._blank:
            self._object = line.lstrip().startswith("{")
        self._remember(line)
        shown = _COLONS.sub(r"\1 ", before + _COLONS.sub(r"\1 ", text))
        if self._object:
            return _BRACKET.sub(r"\1\\u005b", shown)[len(before) :]
        return _HASHES.sub(r"\1 ", shown)[len(before) :]

    def _remember(self, line: str) -> None:
        if line.endswith(("\r", "\n")):
            # The object's mark is needed once more, for this very line.
            self._blank, self._marks = True, ""
            return
        hashes = _LAST_HASHES.search(line)
        colon = _ONE_COLON.fullmatch(line)
        self._blank = bool(colon) or not _SEEN.search(line)
        self._marks = ":" if colon else "#" * hashes.group().count("#") if hashes else ""


class Guard(TextIOBase):
    """A text stream of which every word is defused; ``command`` is the way past it.

    Bytes are data for another program unless the stream ``is_log``: they pass as they are.
    """

    def __init__(self, stream: TextIO, *, is_log: bool = True) -> None:
        super().__init__()
        self._stream = stream
        self._defuse = Defuser()
        self._bytes = _Bytes(stream, self._defuse if is_log else None)

    @property
    def text(self) -> TextIO:
        """Itself, as those know it who only write."""
        return cast("TextIO", self)

    def write(self, text: str) -> int:
        self._stream.write(self._defuse(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def command(self, line: str) -> None:
        """One workflow command of our own, whose words are escaped already."""
        edge = "" if self._defuse.is_at_the_edge else "\n"
        self._defuse.ended()
        self._stream.write(f"{edge}{line}\n")
        self._stream.flush()

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def buffer(self) -> "_Bytes":
        return self._bytes

    def close(self) -> None:
        """The process's own stream stays open; what is lost with this object is only a shell."""


def guarded(stdout: TextIO | None, stderr: TextIO) -> tuple[TextIO | None, Guard]:
    """Both streams of a step. Standard error is its log.

    Nothing tells whether standard output is: a runner's own pipe looks like any other. It may lead
    to a file or a program that wants each byte of a command's output, so only its text is guarded,
    unless both are the same.
    """
    log = Guard(stderr)
    if stdout is None:
        return None, log
    return Guard(stdout, is_log=_is_one(stdout, stderr)).text, log


def _is_one(stdout: TextIO, stderr: TextIO) -> bool:
    try:
        return os.path.sameopenfile(stdout.fileno(), stderr.fileno())
    except (OSError, ValueError):  # no streams of the system, or closed
        return stdout is stderr


class _Bytes(BufferedIOBase):
    """The same for bytes, which share their line with the text; any that is no ASCII is one."""

    def __init__(self, stream: TextIO, defuse: Defuser | None) -> None:
        super().__init__()
        self._stream = stream
        self._defuse = defuse

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer, as the base class has it
        shown = bytes(data)
        if self._defuse:
            shown = self._defuse(shown.decode("latin-1")).encode("latin-1")
        self._stream.flush()
        self._stream.buffer.write(shown)
        return len(data)

    def flush(self) -> None:
        self._stream.buffer.flush()

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """As of the text."""
