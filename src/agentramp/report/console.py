"""Follows the work: a bar that moves on a terminal, plain lines in a log.

Everything here goes to standard error, so that standard output holds the result alone.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from agentramp.report.plain import wrapped

if TYPE_CHECKING:  # every verb has a console, and only some have a plan or call a service
    from agentramp.plan import Plan, Step
    from agentramp.platform.calls import Call

_BAR = 24
_WIDTH, _HEAD = 80, len("  will   ")
_REDRAW = 0.1
_REPEAT = 10.0
_CLEAR = "\r\x1b[K"
_WARNING, _WARNINGS = "warning: ", 10


@dataclass
class Console:
    """``clock`` tells seconds. ``color`` says whether a picture may be coloured.

    ``debug`` says whether calls of a service's API are told.
    """

    stream: TextIO
    terminal: bool
    clock: Callable[[], float]
    color: bool = False
    debug: bool = False
    _calls: Counter[str] = field(default_factory=Counter, init=False)
    _drawn: bool = field(default=False, init=False)
    _rows: int = field(default=0, init=False)
    _told: float = field(default=float("-inf"), init=False)
    _begun: float = field(default=0.0, init=False)
    _runner: "_Runner | None" = field(default=None, init=False)

    def serve(self, verb: str, command: Callable[[str], None], *, debug: bool) -> None:
        """Speak to the runner of a workflow too; ``debug``: it was asked to show its own calls."""
        self._runner, self.debug = _Runner(verb, command, debug), debug

    def say(self, line: str) -> None:
        """What begins with ``warning: `` is an annotation in a workflow."""
        self._wipe()
        if self._runner and self._runner.takes(line):
            return
        print(f"  {line}", file=self.stream, flush=True)

    @contextmanager
    def grouped(self, title: str) -> Iterator[None]:
        """What is said meanwhile, if anything, is folded in a workflow's log."""
        if self._runner:
            self._runner.title = title
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        """No group is open any more: what comes now is seen at once."""
        if self._runner:
            self._runner.close()

    def called(self, call: "Call") -> None:
        self._calls[call.action] += 1
        if self.debug:
            self._trace(str(call))

    def count_calls(self) -> None:
        """At the end of a run: how many calls it made, and which."""
        if self.debug:
            names = ", ".join(f"{name} {count}" for name, count in self._calls.most_common())
            total = self._calls.total()
            self._trace(f"{total} API call{'' if total == 1 else 's'}" + (names and f": {names}"))

    def _trace(self, line: str) -> None:
        if not (self._runner and self._runner.traces(line)):
            self.say(line)

    def advance(self, title: str, done: int, total: int) -> None:
        if self.terminal:
            self._draw(title, done, total)
        elif self._told == float("-inf"):
            self._told = self.clock()  # what is short is not told
        elif self._due(_REPEAT, done, total) and done < total:
            self.say(f"{title} {_share(done, total)} %")
        if done >= total:
            self._told = float("-inf")

    def draw(self, lines: Sequence[str]) -> None:
        """A picture in the place of the one before; other words push it aside.

        It is written at once and over the old one, so that nothing flickers.
        """
        bar = _CLEAR if self._drawn else ""
        up = f"\x1b[{self._rows}A" if self._rows else ""
        rows = "".join(f"\r{line}\x1b[K\n" for line in lines)
        print(f"{bar}{up}{rows}\x1b[J", end="", file=self.stream, flush=True)
        self._drawn, self._rows = False, len(lines)

    def plan(self, plan: "Plan") -> None:
        from agentramp.report import steps  # noqa: PLC0415 - a verb without a plan has no steps

        self._wipe()
        self.close()
        for line in steps.plan(plan):
            head, words = line[:_HEAD], line[_HEAD:]
            lines = wrapped(words, _WIDTH - _HEAD) if self.terminal else [words]
            for number, part in enumerate(lines):
                print((" " * _HEAD if number else head) + part, file=self.stream, flush=True)

    def begin(self, step: "Step") -> None:
        """The plan was printed; in a workflow's log what is said of one step is folded."""
        self._begun = self.clock()
        if self._runner:
            from agentramp.report import steps  # noqa: PLC0415 - as of the plan

            self._runner.title = steps.step(step)

    def end(self, step: "Step") -> None:
        from agentramp.plan import KeepRecord  # noqa: PLC0415 - a verb without a plan has no steps

        if isinstance(step, KeepRecord):
            return  # nothing that anybody waits for
        self.close()
        self.say(f"done   in {self.clock() - self._begun:.1f} s")

    def going_back(self, step: "Step") -> None:
        from agentramp.report import steps  # noqa: PLC0415 - a verb without a plan has no steps

        self.close()
        self.say(f"failed; going back: {steps.step(step)}")

    def went_back(self, step: "Step") -> None:
        from agentramp.plan import MoveTraffic  # noqa: PLC0415 - a verb without a plan has no steps

        there = f": {step.name} serves {step.after}" if isinstance(step, MoveTraffic) else ""
        self.close()
        self.say(f"went back{there}")

    def _draw(self, title: str, done: int, total: int) -> None:
        if not self._due(_REDRAW, done, total):
            return
        filled = _BAR * _share(done, total) // 100
        bar = "#" * filled + "." * (_BAR - filled)
        line = f"  {title} [{bar}] {_share(done, total):3d} %"
        width = shutil.get_terminal_size().columns - 1
        print(_CLEAR + line[:width], end="", file=self.stream, flush=True)
        self._drawn = True
        if done >= total:
            self._wipe()

    def _due(self, every: float, done: int, total: int) -> bool:
        now = self.clock()
        if now - self._told < every and done < total:
            return False
        self._told = now
        return True

    def _wipe(self) -> None:
        if self._drawn:
            print(_CLEAR, end="", file=self.stream, flush=True)
            self._drawn = False
        if self._rows:
            print(f"\x1b[{self._rows}A\r\x1b[J", end="", file=self.stream, flush=True)
            self._rows = 0


@dataclass
class _Runner:
    """The runner of a workflow, as a console speaks to it."""

    verb: str
    command: Callable[[str], None]
    debug: bool
    title: str = ""
    _open: bool = field(default=False, init=False)
    _warned: int = field(default=0, init=False)

    def takes(self, line: str) -> bool:
        """Whether it shows ``line`` as a warning; of a step it shows ten."""
        from agentramp.report.github import annotations  # noqa: PLC0415 - for workflows only

        if line.startswith(_WARNING) and self._warned < _WARNINGS:
            self._warned += 1
            self.command(annotations.warning(self.verb, line.removeprefix(_WARNING)))
            return True
        if self.title:
            self.command(annotations.group(self.title))
            self.title, self._open = "", True
        return False

    def traces(self, line: str) -> bool:
        from agentramp.report.github import annotations  # noqa: PLC0415 - for workflows only

        if self.debug:
            self.command(annotations.debug(line))
        return self.debug

    def close(self) -> None:
        if self._open:
            from agentramp.report.github import annotations  # noqa: PLC0415 - for workflows only

            self.command(annotations.END_OF_GROUP)
        self.title, self._open = "", False


def _share(done: int, total: int) -> int:
    return 100 * done // total if total else 100
