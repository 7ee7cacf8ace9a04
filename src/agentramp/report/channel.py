"""Where a run's words go: the result on standard output, all else on standard error.

Inside GitHub Actions the outputs, the job summary and the annotations are written too.
"""

import secrets
import shlex
import sys
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from typing_extensions import assert_never

from agentramp.errors import AgentrampError
from agentramp.report import github, json, text
from agentramp.report.console import Console
from agentramp.report.lines import drop, unwritten
from agentramp.report.plain import wrapped
from agentramp.report.result import (
    Answer,
    Facts,
    Failure,
    History,
    Report,
    Result,
    Streamed,
)

WIDTH = 80
_DONE = "what the verb does is done all the same; see it with: agentramp status"
BOLD, RED, RESET = "\x1b[1m", "\x1b[31m", "\x1b[0m"


@dataclass
class Channel:
    """``output`` is ``text`` or ``json``; ``command`` is what reproduces the run on a laptop."""

    verb: str
    command: str
    environ: Mapping[str, str]
    stdout: TextIO | None
    stderr: TextIO
    console: Console
    output: str = "text"
    done: bool = False
    """Whether the verb has done what was asked, so that only telling it is left."""

    @classmethod
    def open(
        cls,
        verb: str,
        words: Sequence[str],
        environ: Mapping[str, str],
        stdout: TextIO | None,
        stderr: TextIO,
    ) -> "Channel":
        # A runner may lend its steps a terminal, but what it shows in the end is a log.
        log = environ.get("GITHUB_ACTIONS") == "true" or environ.get("TERM") == "dumb"
        terminal = stderr.isatty() and not log
        color = terminal and not environ.get("NO_COLOR")
        console = Console(stderr, terminal=terminal, clock=time.monotonic, color=color)
        asked_for_json = "--output=json" in words or ("--output", "json") in pairwise(words)
        return cls(
            verb=verb,
            command=shlex.join(["agentramp", verb, *words]),
            environ=environ,
            stdout=stdout,
            stderr=stderr,
            console=console,
            output="json" if asked_for_json else "text",
        )

    def reproduced_by(self, words: Sequence[str]) -> None:
        self.command = shlex.join(["agentramp", self.verb, *words])

    def report(self, value: Report) -> None:
        match value:
            case Result():
                lines, document = text.result(value, Path.cwd()), json.result(value)
                self._append("GITHUB_OUTPUT", github.outputs(value, secrets.token_hex(16)))
                self._append("GITHUB_STEP_SUMMARY", github.summary(value, self.command))
            case Facts():
                lines, document = text.facts(value), json.facts(value)
            case History():
                lines, document = text.history(value, Path.cwd()), json.history(value)
            case Answer():
                lines, document = text.answer(value), json.answer(value)
                self._append("GITHUB_OUTPUT", github.answer_outputs(value, secrets.token_hex(16)))
                self._append("GITHUB_STEP_SUMMARY", github.answer_summary(value, self.command))
            case Streamed():
                return
            case _:
                assert_never(value)
        if self.output == "json":
            self._answer([document])
            return
        first, *others = lines
        stdout = self.stdout
        message = wrapped(first, WIDTH) if self._is_read(stdout) else [first]
        self._answer([*(self._painted(stdout, BOLD, line) for line in message), *others])

    def _answer(self, lines: list[str]) -> None:
        """Raises RefusedError where the answer cannot be written; what was done stays done."""
        try:
            if self.stdout is None:
                raise unwritten("it is closed", _DONE)
            self._print(self.stdout, lines)
        except BrokenPipeError:
            raise
        except OSError as error:
            if self.stdout:
                drop(self.stdout)
            self.stdout = None
            raise unwritten(error.strerror or str(error), _DONE) from error

    def fail(self, error: AgentrampError) -> None:
        failure = Failure(self.verb, error, self.command)
        if self.output == "json" and self.stdout:
            self._print(self.stdout, [json.failure(failure)])
        self._append("GITHUB_STEP_SUMMARY", github.failure_summary(failure))
        if self.environ.get("GITHUB_ACTIONS") == "true":
            self._print(self.stderr, github.annotations(failure))
        *others, last = text.failure(failure)
        reason = wrapped(last, WIDTH) if self._is_read(self.stderr) else [last]
        self._print(self.stderr, others)
        self._print(self.stderr, (self._painted(self.stderr, RED, line) for line in reason))

    def interrupted(self) -> None:
        self._end(130, "interrupted", "run it again to go on")

    def bug(self) -> None:
        trace = "".join(traceback.format_exception(*sys.exc_info()))
        self._print(self.stderr, [trace.rstrip()])
        self._end(1, "this is a bug of agentramp", "please report it with the lines above")

    def _end(self, code: int, reason: str, advice: str) -> None:
        if self.output == "json" and self.stdout:
            self._print(self.stdout, [json.end(self.verb, code, reason, advice)])
        self._print(self.stderr, [f"agentramp {self.verb}: {reason}; {advice}"])

    def _is_read(self, stream: TextIO | None) -> bool:
        """Whether a person reads it as it comes; a log is searched, so its lines stay whole."""
        return (
            stream is not None and stream.isatty() and self.environ.get("GITHUB_ACTIONS") != "true"
        )

    def _painted(self, stream: TextIO | None, colour: str, line: str) -> str:
        plain = stream is None or not stream.isatty() or self.environ.get("TERM") == "dumb"
        return line if plain or self.environ.get("NO_COLOR") else f"{colour}{line}{RESET}"

    def _append(self, variable: str, text: str) -> None:
        """A file that cannot be written is told, and changes nothing about what was done."""
        if not self.environ.get(variable):
            return
        try:
            with Path(self.environ[variable]).open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            self._print(self.stderr, [f"  {variable} could not be written: {error}"])

    def _print(self, stream: TextIO, lines: Iterable[str]) -> None:
        for line in lines:
            print(line, file=stream, flush=True)
