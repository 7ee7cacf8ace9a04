"""Where a run's words go: the result on standard output, all else on standard error.

Inside GitHub Actions the outputs, the job summary and the annotations are written too.
"""

import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from typing_extensions import assert_never

from agentramp.errors import AgentrampError, Interrupted
from agentramp.inputs import are_given
from agentramp.report import json, text
from agentramp.report.command_line import spelt
from agentramp.report.console import Console
from agentramp.report.deeds import Deeds
from agentramp.report.hiding import Hiding
from agentramp.report.lines import drop, unwritten
from agentramp.report.plain import lines_that_cannot_act, wrapped
from agentramp.report.result import (
    Answer,
    Facts,
    Failure,
    History,
    Report,
    Result,
    Streamed,
)

if TYPE_CHECKING:  # outside a workflow nothing of it is loaded
    from agentramp.report.github.guard import Guard
    from agentramp.report.github.page import Page

WIDTH = 80
_DONE = "what the verb does is done all the same; see it with: agentramp status"
BOLD, RED, RESET = "\x1b[1m", "\x1b[31m", "\x1b[0m"


@dataclass
class Channel:
    """``output`` is ``text`` or ``json``; ``command`` is what reproduces the run on a laptop.

    It is empty until a workflow's inputs are read: without them it would do another thing there.
    """

    verb: str
    command: str
    environ: Mapping[str, str]
    stdout: TextIO | None
    stderr: TextIO
    console: Console
    output: str = "text"
    done: bool = False
    """Whether the verb has done what was asked, so that only telling it is left."""
    runner: "Guard | None" = None
    """Standard error of a workflow's step; both streams then show all and obey nobody."""
    hide: Hiding = field(default_factory=Hiding)
    """What the log masks, taken out of a text that leaves by another way."""
    deeds: Deeds = field(default_factory=Deeds)
    _masked: set[str] = field(default_factory=set, init=False, repr=False)
    _given_out: bool = field(default=False, init=False)

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
        workflow = environ.get("GITHUB_ACTIONS") == "true"
        terminal = stderr.isatty() and not (workflow or environ.get("TERM") == "dumb")
        color = terminal and not environ.get("NO_COLOR")
        runner, hide = None, Hiding()
        if workflow:
            from agentramp.report.github.guard import guarded  # noqa: PLC0415 - for workflows only

            stdout, runner = guarded(stdout, stderr)
            stderr = runner.text
        console = Console(stderr, terminal=terminal, clock=time.monotonic, color=color)
        if runner:
            act, debug = runner.command, environ.get("RUNNER_DEBUG") == "1"
            console.serve(verb, lambda line: act(hide(line)), debug=debug)
        asked_for_json = "--output=json" in words or ("--output", "json") in pairwise(words)
        return cls(
            verb=verb,
            command="" if are_given(environ) else spelt(["agentramp", verb, *words]),
            environ=environ,
            stdout=stdout,
            stderr=stderr,
            console=console,
            output="json" if asked_for_json else "text",
            runner=runner,
            hide=hide,
        )

    def reproduced_by(self, words: Sequence[str]) -> None:
        """Told in a workflow before the verb begins, so that a step that hangs shows it too."""
        self.command = spelt(["agentramp", self.verb, *words])
        if self.runner:
            self.console.say(f"the same on a laptop: {self.command}")

    def mask(self, secret: str) -> None:
        """Has the workflow's log show ``secret`` as asterisks; elsewhere nobody rewrites a log."""
        if self.runner is None or secret in self._masked:
            return
        from agentramp.report.masking import command, forms  # noqa: PLC0415 - for workflows only

        self._masked.add(secret)
        told = forms(secret)
        self.hide.add(told)
        for form in told:
            self.runner.command(command(form))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """In a workflow whatever else is printed, by a library or by Python, is guarded too."""
        if self.runner is None:
            yield
            return
        with redirect_stdout(self.stdout), redirect_stderr(self.stderr):
            yield

    def report(self, value: Report) -> None:
        match value:
            case Result():
                lines, document = text.result(value, Path.cwd()), json.result(value)
            case Facts():
                lines, document = text.facts(value), json.facts(value)
            case History():
                lines, document = text.history(value, Path.cwd()), json.history(value)
            case Answer():
                lines, document = text.answer(value), json.answer(value)
            case Streamed():
                return
            case _:
                assert_never(value)
        self._publish(value)
        if self.output == "json":
            self._answer([document])
        else:
            first, *others = lines
            stdout = self.stdout
            message = wrapped(first, WIDTH) if self._is_read(stdout) else [first]
            self._answer([*(self._painted(stdout, BOLD, line) for line in message), *others])
        if value.exit_code and self.runner and not isinstance(value, Facts):
            self._ends_red(value.message, value.next)

    def _ends_red(self, reason: str, follows: str | None) -> None:
        """A step that did what was asked and fails all the same: its page and last line say why."""
        self.console.close()
        told = f"{reason}; next: {follows}" if follows else reason
        self._annotate_text(told)
        self._print(self.stderr, [f"agentramp {self.verb}: {told}"])

    def _publish(self, value: Result | Answer | Facts | History) -> None:
        """What programs and people read beside the log; nothing of what holds a secret."""
        if isinstance(value, Facts) and value.secret:
            return
        if self.environ.get("GITHUB_OUTPUT") and not isinstance(value, History):
            from agentramp.report.github.output_file import outputs  # noqa: PLC0415 - as above

            self._write_outputs(outputs(value))
        self._add_page(lambda page: page.of(value))

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

    def tell(self, line: str) -> None:
        self._print(self.stderr, [line])

    def fail(self, error: AgentrampError) -> None:
        failure = Failure(self.verb, error, self.command)
        if self.output == "json" and self.stdout:
            self._print(self.stdout, [json.failure(failure)])
        self._give_out(str(error) or type(error).__name__, json.failure(failure), error.exit_code)
        self._add_page(lambda page: page.of_failure(failure))
        self.console.close()
        self._annotate(failure)
        *others, last = map(lines_that_cannot_act, text.failure(failure))
        reason = wrapped(last, WIDTH) if self._is_read(self.stderr) else [last]
        self._print(self.stderr, others)
        self._print(self.stderr, (self._painted(self.stderr, RED, line) for line in reason))

    def interrupted(self, cut: KeyboardInterrupt | None = None) -> None:
        """``cut`` may know where traffic is and what goes on by itself."""
        if isinstance(cut, Interrupted):
            self._end(cut.exit_code, cut.message, cut.advice)
        else:
            self._end(Interrupted.exit_code, "interrupted", "run it again to go on")

    def bug(self) -> None:
        trace = "".join(traceback.format_exception(*sys.exc_info()))
        self._print(self.stderr, [trace.rstrip()])
        self._end(1, "this is a bug of agentramp", "please report it with the lines above")

    def _end(self, code: int, reason: str, advice: str) -> None:
        document = json.end(self.verb, code, reason, advice)
        if self.output == "json" and self.stdout:
            self._print(self.stdout, [document])
        self._give_out(reason, document, code)
        self._add_page(lambda page: page.of_end(self.verb, code, reason, advice))
        self.console.close()
        self._annotate_text(f"{reason}; {advice}")
        self._print(self.stderr, [f"agentramp {self.verb}: {reason}; {advice}"])

    def _give_out(self, reason: str, document: str, code: int) -> None:
        """Once: what was done stays done where only its answer cannot be written."""
        if self.environ.get("GITHUB_OUTPUT") and not self._given_out:
            from agentramp.report.github.output_file import failed  # noqa: PLC0415 - as above

            self._write_outputs(failed(reason, document, code, self.deeds))

    def _write_outputs(self, pairs: Mapping[str, object]) -> None:
        from agentramp.report.github.output_file import written  # noqa: PLC0415 - as above

        text = written(pairs, self.hide, secrets.token_hex(16))
        self._append("GITHUB_OUTPUT", lambda _: text)
        self._given_out = True

    def _add_page(self, made: Callable[["Page"], str]) -> None:
        if not self.environ.get("GITHUB_STEP_SUMMARY"):
            return
        from agentramp.report.github.links import Links  # noqa: PLC0415 - for workflows only
        from agentramp.report.github.page import MOST, Page, cut  # noqa: PLC0415 - as above

        page = self.hide(made(Page(self.command, Links.of(self.environ))))
        self._append("GITHUB_STEP_SUMMARY", lambda there: cut(page, MOST - there))

    def _annotate(self, failure: Failure) -> None:
        if self.runner:
            from agentramp.report.github import annotations  # noqa: PLC0415 - for workflows only

            workspace = Path(self.environ.get("GITHUB_WORKSPACE") or Path.cwd())
            for line in annotations.errors(failure, annotations.Place(Path.cwd(), workspace)):
                self.runner.command(self.hide(line))

    def _annotate_text(self, said: str) -> None:
        if self.runner:
            from agentramp.report.github import annotations  # noqa: PLC0415 - for workflows only

            self.runner.command(self.hide(annotations.error_of(self.verb, said)))

    def _is_read(self, stream: TextIO | None) -> bool:
        """Whether a person reads it as it comes; a log is searched, so its lines stay whole."""
        return (
            stream is not None and stream.isatty() and self.environ.get("GITHUB_ACTIONS") != "true"
        )

    def _painted(self, stream: TextIO | None, colour: str, line: str) -> str:
        plain = stream is None or not stream.isatty() or self.environ.get("TERM") == "dumb"
        return line if plain or self.environ.get("NO_COLOR") else f"{colour}{line}{RESET}"

    def _append(self, variable: str, text: Callable[[int], str]) -> None:
        """``text`` is told how many bytes are there.

        A file that cannot be written is told, and changes nothing about what was done.
        """
        try:
            path = Path(self.environ[variable])
            there = path.stat().st_size if path.is_file() else 0
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text(there))
        except OSError as error:
            self.console.say(f"warning: {variable} could not be written: {error}")

    def _print(self, stream: TextIO, lines: Iterable[str]) -> None:
        for line in lines:
            print(_in_letters_of(stream, line), file=stream, flush=True)


def _in_letters_of(stream: TextIO, line: str) -> str:
    """What ``stream`` has no letters for is spelt out: what was done stays done."""
    letters = getattr(stream, "encoding", None) or "utf-8"
    try:
        line.encode(letters, getattr(stream, "errors", None) or "strict")
    except UnicodeEncodeError:
        return line.encode(letters, "backslashreplace").decode(letters)
    return line
