"""A picture that stays in its place on a terminal; in a log, each sentence once."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field

from agentramp.report.console import Console
from agentramp.report.plain import harmless

WIDEST, IN_A_LOG = 100, 80


@dataclass
class Screen:
    console: Console
    _told: str = field(default="", init=False)

    @property
    def width(self) -> int:
        """How wide lines may be: a terminal breaks those that reach its edge."""
        if not self.console.terminal:
            return IN_A_LOG
        return min(shutil.get_terminal_size().columns - 1, WIDEST)

    def show(self, lines: Sequence[str], sentence: str) -> None:
        """Draw ``lines`` over those before; where nothing can be redrawn, tell what is new."""
        if self.console.terminal:
            self.console.draw(lines[: shutil.get_terminal_size().lines - 1])
        elif sentence != self._told:
            self._told = sentence
            self.console.say(harmless(sentence))
