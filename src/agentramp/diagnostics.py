"""Faults in a file a person wrote, each with its place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agentramp.errors import UsageError

_CHECK = "agentramp validate"


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One fault. ``path`` names the value (``props.agent.memory``), ``rule`` the rule it breaks.

    ``path`` is empty where the fault belongs to the file as a whole.
    """

    position: Position
    path: str
    message: str
    rule: str

    def __str__(self) -> str:
        where = f"{self.position.file}:{self.position.line}:{self.position.column}"
        subject = f"{self.path}: " if self.path else ""
        return f"{where}: {subject}{self.message} [{self.rule}]"


class ConfigError(UsageError):
    """A file has faults: all of them, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        count = len(self.diagnostics)
        files = ", ".join(sorted({fault.position.file for fault in self.diagnostics}))
        super().__init__(
            f"{files} has {count} fault{'' if count == 1 else 's'}",
            advice=f"mend the lines named above, then run: {_CHECK}",
        )

    def checked_by(self, command: str) -> None:
        """Advises ``command``, which looks at the very file that was read, and not at another."""
        self.advice = self.advice.replace(f"run: {_CHECK}", f"run: {command}", 1)

    def retell(self, told: Callable[[str], str]) -> None:
        """Puts each fault in the words of whoever reads it; places and rules stay."""
        self.diagnostics = tuple(
            replace(fault, message=told(fault.message)) for fault in self.diagnostics
        )
