"""What a look came to: passed, failed with the fix, or skipped with the reason."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Passed:
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Failed:
    """``fix`` is what to do about it."""

    name: str
    detail: str
    fix: str


@dataclass(frozen=True)
class Skipped:
    name: str
    reason: str


@dataclass(frozen=True)
class Advised:
    """Nothing is wrong, and something could be better: a figure that contradicts another."""

    name: str
    detail: str
    advice: str


Finding: TypeAlias = Passed | Failed | Skipped | Advised
