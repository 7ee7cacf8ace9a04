"""What a row of the bench says: a figure, its bound, and whether it holds."""

from dataclasses import dataclass
from typing import Literal


class BenchError(Exception):
    """A row could not be measured; the text says why and what to do."""


@dataclass(frozen=True)
class Bound:
    sense: Literal["at most", "at least"]
    value: float

    def holds(self, figure: float) -> bool:
        return figure <= self.value if self.sense == "at most" else figure >= self.value


def at_most(value: float) -> Bound:
    return Bound("at most", value)


def at_least(value: float) -> Bound:
    return Bound("at least", value)


@dataclass(frozen=True)
class Figure:
    """``how`` tells a reader how it was measured; a figure without a bound is only shown."""

    name: str
    value: float
    unit: str
    bound: Bound | None = None
    how: str = ""

    @property
    def ok(self) -> bool:
        return self.bound is None or self.bound.holds(self.value)

    def cells(self) -> tuple[str, ...]:
        bound = f"{self.bound.sense} {self.bound.value:g}" if self.bound else "-"
        verdict = ("pass" if self.ok else "FAIL") if self.bound else ""
        return (self.name, f"{self.value:.2f} {self.unit}", bound, verdict, self.how)


def table(figures: list[Figure]) -> str:
    rows = [("figure", "value", "bound", "", "how"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
