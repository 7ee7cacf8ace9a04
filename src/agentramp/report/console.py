"""Follows the work: a bar that moves on a terminal, plain lines in a log.

Everything here goes to standard error, so that standard output holds the result alone.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from agentramp.report.plain import wrapped

if TYPE_CHECKING:  # every verb has a console, and only some have a plan or call a service
    from agentramp.plan import Plan, Step
    from agentramp.platform.agentrun.calls import Call

_BAR = 24
_WIDTH, _HEAD = 80, len("  will   ")
_REDRAW = 0.1
_REPEAT = 10.0
_CLEAR = "\r\x1b[K"


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

    def say(self, line: str) -> None:
        self._wipe()
        print(f"  {line}", file=self.stream, flush=True)

    def called(self, call: "Call") -> None:
        self._calls[call.action] += 1
        if self.debug:
            self.say(str(call))

    def count_calls(self) -> None:
        """At the end of a run: how many calls it made, and which."""
        if self.debug:
            names = ", ".join(f"{name} {count}" for name, count in self._calls.most_common())
            total = self._calls.total()
            self.say(f"{total} API call{'' if total == 1 else 's'}" + (names and f": {names}"))

    def advance(self, title: str, done: int, total: int) -> None:
        if self.terminal:
            self._draw(title, done, total)
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
        for line in steps.plan(plan):
            head, words = line[:_HEAD], line[_HEAD:]
            lines = wrapped(words, _WIDTH - _HEAD) if self.terminal else [words]
            for number, part in enumerate(lines):
                print((" " * _HEAD if number else head) + part, file=self.stream, flush=True)

    def begin(self, step: "Step") -> None:  # noqa: ARG002 - the plan was printed
        self._begun = self.clock()

    def end(self, step: "Step") -> None:
        from agentramp.plan import KeepRecord  # noqa: PLC0415 - a verb without a plan has no steps

        if isinstance(step, KeepRecord):
            return  # nothing that anybody waits for
        self.say(f"done   in {self.clock() - self._begun:.1f} s")

    def going_back(self, step: "Step") -> None:
        from agentramp.report import steps  # noqa: PLC0415 - a verb without a plan has no steps

        self.say(f"failed; going back: {steps.step(step)}")

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


def _share(done: int, total: int) -> int:
    return 100 * done // total if total else 100
