"""A chat on this machine's terminal: lines that can be edited, and Ctrl-C that stops an answer."""

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from agentramp.agents.chat import AnswerStopped, Talk
from agentramp.agents.port import Agent
from agentramp.errors import RefusedError
from agentramp.report.plain import lines_that_cannot_act
from agentramp.wiring.context import Context

_REMEMBERED: Final = 1000
_BOLD, _RESET = "\x01\x1b[1m\x02", "\x01\x1b[0m\x02"
"""Between marks that tell readline that they take no room."""


def chat(agent: Agent, context: Context, history: Path) -> None:
    """Until the person ends it; raises KeyboardInterrupt for Ctrl-C at the prompt."""
    with _remembering(history), _stoppable():
        Talk(agent, Terminal(context)).hold()


@dataclass(frozen=True)
class Terminal:
    context: Context

    def read(self, prompt: str) -> str | None:
        color = self.context.console.color
        try:
            return input(f"{_BOLD}{prompt}{_RESET}" if color else prompt)
        except EOFError:
            self.context.lines.put("")
            return None
        except KeyboardInterrupt:
            self.context.lines.put("")  # what ends the run is not told behind the prompt
            raise

    def piece(self, text: str) -> None:
        self.context.lines.piece(lines_that_cannot_act(text))

    def note(self, text: str) -> None:
        for line in lines_that_cannot_act(text).splitlines():
            self.context.console.say(line)


def lend(words: Sequence[str], environ: Mapping[str, str], cwd: Path) -> None:
    """Let another program have the terminal; raises RefusedError where that ends badly."""

    def left_to_it(_: int, __: FrameType | None) -> None:
        """Ctrl-C is typed to that program, which knows what it stops."""

    before = signal.signal(signal.SIGINT, left_to_it)
    try:
        status = subprocess.run(words, env=dict(environ), cwd=cwd, check=False).returncode  # noqa: S603 - the AIGNE CLI
    finally:
        signal.signal(signal.SIGINT, before)
    if status == -signal.SIGINT:
        raise KeyboardInterrupt
    if status:
        raise RefusedError(
            f"the AIGNE CLI ended with status {status}",
            advice="see what it says above; an agent that wants parameters is not chatted with:"
            " give them with --param NAME=VALUE",
        )


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C raises AnswerStopped, time and again; once it ends all, nothing cuts that short."""

    def stop(_: int, __: FrameType | None) -> None:
        raise AnswerStopped

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    except KeyboardInterrupt:
        before = signal.SIG_IGN
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _remembering(history: Path) -> Iterator[None]:
    """What is typed can be found again with the arrow keys, the next time too."""
    try:
        import readline  # noqa: PLC0415 - not on every system; a line can be typed without it
    except ImportError:
        yield
        return
    readline.set_auto_history(True)
    readline.set_history_length(_REMEMBERED)
    with suppress(OSError):
        readline.read_history_file(history)
    try:
        yield
    finally:
        with suppress(OSError):
            history.touch(mode=0o600)
            readline.write_history_file(history)
            history.chmod(0o600)
