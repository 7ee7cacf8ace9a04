"""The adapter at a loopback GitHub, with a clock that only its own waiting moves."""

from dataclasses import dataclass, field

from typing_extensions import Self

from agentramp.bookkeeping.client import Client, Repository
from agentramp.bookkeeping.github import GitHub
from agentramp.bookkeeping.patience import Patience
from agentramp.bookkeeping.recording import Run
from tests.bookkeeping.site import REPOSITORY, TOKEN, Site


@dataclass
class Desk:
    """``slept`` are the pauses, in seconds; ``told`` the lines for people."""

    site: Site
    token: str = TOKEN
    repository: str = REPOSITORY
    run: str | None = "77"
    commit: str | None = None
    api: str = ""
    slept: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    now: float = 1_000_000.0

    def __enter__(self) -> Self:
        patience = Patience(lambda: self.now, self._sleep, lambda: 1.0)
        repository = Repository(self.api or self.site.url, self.repository, self.token)
        self.client = Client(repository, patience)
        run = Run(self.run, self.commit) if self.run else None
        self.books = GitHub(self.client, run, self.told.append)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
