"""What a table of the bench says, as text and as Markdown."""

from dataclasses import dataclass, field

from bench.figures import Figure, table


@dataclass(frozen=True)
class Block:
    """Rows of cells; the first row is the heading."""

    rows: list[tuple[str, ...]]
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """What the table is held to: a broken one ends the bench with 1.

    ``promises`` are those of the project, shown once more at the end; ``figures`` the others.
    """

    name: str
    title: str
    note: str
    blocks: list[Block]
    promises: list[Figure] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    @property
    def held(self) -> list[Figure]:
        return self.promises + self.figures


def text(section: Section) -> str:
    parts = [f"{section.name}: {section.title}", *_wrapped(section.note)]
    for block in section.blocks:
        parts += ["", block.caption] if block.caption else [""]
        parts += _columns(block.rows)
    if section.held:
        parts += ["", table(section.held)]
    return "\n".join(parts)


def markdown(section: Section) -> str:
    parts = [f"## {section.title}", "", section.note, ""]
    for block in section.blocks:
        parts += [f"**{block.caption}**", ""] if block.caption else []
        parts += [*_pipes(block.rows), ""]
    if section.held:
        parts += [*pipes(section.held), ""]
    return "\n".join(parts)


def pipes(figures: list[Figure]) -> list[str]:
    return _pipes([("figure", "value", "bound", "", "how"), *(one.cells() for one in figures)])


WIDTH = 98


def _wrapped(note: str) -> list[str]:
    lines, line = [], ""
    for word in note.split():
        if len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line else lines


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _pipes(rows: list[tuple[str, ...]]) -> list[str]:
    heading, *rest = (f"| {' | '.join(map(str.strip, row))} |" for row in rows)
    rule = "|---" + "|--:" * (len(rows[0]) - 1) + "|"
    return [heading, rule, *rest]
