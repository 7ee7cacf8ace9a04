"""A buyer with a clock that sleep moves, and a terminal that is a list."""

from dataclasses import dataclass, field
from pathlib import Path

from agentramp.site import messages
from agentramp.site.broker.port import Broker
from agentramp.site.buying import Buyer
from agentramp.site.deadline import Deadline
from agentramp.site.purchase import Limits
from agentramp.site.session import Book, FileBook
from agentramp.site.shop import Shop


@dataclass
class Ear:
    """What was said, and how far what was told to be."""

    lines: list[str] = field(default_factory=list)
    shares: list[tuple[int, int]] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def advance(self, title: str, done: int, total: int) -> None:
        self.shares.append((done, total))


@dataclass
class Desk:
    """``kept`` are the tokens that were put away, by address."""

    broker: Broker
    folder: Path
    limits: Limits = field(default_factory=Limits)
    now: float = 1000.0
    ticked: float = 1000.0
    """Seconds of a clock that nobody sets; ``jump`` is how far the other one is set, once."""
    jump: float = 0.0
    shown: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    ear: Ear = field(default_factory=Ear)
    book: Book | None = None

    def __post_init__(self) -> None:
        self.book = self.book or FileBook(self.folder / ".agentramp")

    @property
    def buyer(self) -> Buyer:
        assert self.book is not None
        shop = Shop(
            self.broker,
            self.book,
            lambda _, site: self.kept.__setitem__(site.url, site.token),
            self.kept.__contains__,
            self.shown.append,
            messages.ON_PAGE,
        )
        timer = lambda: self.ticked  # noqa: E731 - it is one
        return Buyer(
            shop,
            lambda: self.now,
            Deadline.of(timer, self.limits.whole),
            self.sleep,
            self.ear,
            self.limits,
        )

    def sleep(self, seconds: float) -> None:
        self.ticked += seconds
        self.now += seconds + self.jump
        self.jump = 0.0
