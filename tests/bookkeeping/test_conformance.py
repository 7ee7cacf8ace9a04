from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from agentramp.bookkeeping.memory import MemoryBooks
from agentramp.bookkeeping.port import Bookkeeper, Deployment, State
from tests.bookkeeping.books_suite import BooksSuite
from tests.bookkeeping.desk import Desk
from tests.bookkeeping.site import Site


@dataclass(frozen=True)
class InMemory:
    books: MemoryBooks

    def stands(self, about: Deployment) -> list[tuple[State, str]]:
        return [(stand.state, stand.description) for stand in self.books.entries[about]]

    def comments(self, pull_request: int) -> list[str]:
        return [text for key, text in self.books.comments.items() if key[0] == pull_request]


@dataclass(frozen=True)
class OnGitHub:
    site: Site
    books: Bookkeeper

    def stands(self, about: Deployment) -> list[tuple[State, str]]:
        runtime = {"runtime": about.runtime_id} if about.runtime_id else {}
        key = {"subject": about.subject, "version": about.version, **runtime}
        wanted = about.environment, key
        (found,) = (
            one for one in self.site.deployments if (one["environment"], one["payload"]) == wanted
        )
        return [
            (State(said["state"]), said["description"]) for said in self.site.statuses[found["id"]]
        ]

    def comments(self, pull_request: int) -> list[str]:
        return [body.partition("\n")[2] for body in self.site.bodies(pull_request)]


class TestMemory(BooksSuite):
    @pytest.fixture
    def shelf(self) -> InMemory:
        return InMemory(MemoryBooks())


class TestGitHub(BooksSuite):
    @pytest.fixture
    def shelf(self, site: Site) -> Iterator[OnGitHub]:
        with Desk(site) as desk:
            yield OnGitHub(site, desk.books)
