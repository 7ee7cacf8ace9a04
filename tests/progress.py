"""Who listens to work in tests."""

from dataclasses import dataclass, field


@dataclass
class Heard:
    """A Progress that keeps what it was told."""

    lines: list[str] = field(default_factory=list)
    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def advance(self, title: str, done: int, total: int) -> None:
        self.steps.append((title, done, total))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)
