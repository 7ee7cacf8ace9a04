"""One deployment for each version and endpoint, with a state for each thing that happens to it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from agentramp.bookkeeping import wire
from agentramp.bookkeeping.client import Client, UnknownRefError
from agentramp.bookkeeping.port import LIVE, Deployment, Stand, State
from agentramp.bookkeeping.surely import surely
from agentramp.bookkeeping.wire import Recorded, Status

_PERMISSION: Final = "deployments: write"
_PAGES: Final = 3
"""Of the newest deployments of an environment that are looked through: a page takes GitHub long."""
_LOOKED_AT: Final = 20
"""Former deployments of a subject that are asked for their state."""
_CANDIDATES: Final = 5
"""Deployments of others that may be of this run: those are the newest."""
_SHORT: Final = 7


@dataclass(frozen=True)
class Run:
    """A workflow's run, and the commit that it is of where that is known."""

    id: str
    commit: str | None


class Deployments:
    """``run`` is None outside a workflow; ``told`` hears a line for people."""

    def __init__(self, client: Client, run: Run | None, told: Callable[[str], None]) -> None:
        self._client = client
        self._run = run
        self._told = told
        self._newest: dict[str, list[Recorded]] = {}
        """What was looked through already, by environment."""

    def record(self, about: Deployment, stand: Stand) -> bool:
        found = self._found(about)
        if found is None and self._is_recorded_by_the_job(about):
            self._told(
                f"no deployment of version {about.version} is made in {about.environment}: the"
                " job's own `environment:` records one"
            )
            return False
        last = None if found is None else self._last(found)
        if not wire.is_news(last, stand):
            return False
        kept = self._made(about) if found is None else found
        if stand.state is State.SUCCESS:
            self._retire_others(about, kept)
        self._append(kept, stand)
        return True

    def _found(self, about: Deployment) -> int | None:
        """By its commit first: few deployments are of one, however many the environment has."""
        path = {"environment": about.environment, "task": wire.TASK}
        found = _first(self._asked(1, **path, sha=about.commit), about)
        return _first(self._listed(about.environment), about) if found is None else found

    def _listed(self, environment: str) -> list[Recorded]:
        """The newest of ours, looked through once in a run."""
        if environment not in self._newest:
            path = {"environment": environment, "task": wire.TASK}
            self._newest[environment] = self._asked(_PAGES, **path)
        return self._newest[environment]

    def _asked(self, most: int, **query: str) -> list[Recorded]:
        pages = islice(self._client.pages("deployments", _PERMISSION, **query), most)
        return [one for page in pages for one in wire.deployments(page)]

    def _made(self, about: Deployment) -> int:
        try:
            made = self._make(about, about.commit)
        except UnknownRefError:
            here = self._run.commit if self._run else None
            if here in {None, about.commit}:
                raise
            self._told(
                f"the commit of version {about.version}, {about.commit[:_SHORT]}, is not on GitHub:"
                f" its deployment names this run's, {str(here)[:_SHORT]}"
            )
            made = self._make(about, str(here))
        own = Recorded(made, wire.TASK, "", about.subject, about.version, about.runtime_id)
        self._newest.setdefault(about.environment, []).insert(0, own)
        return made

    def _make(self, about: Deployment, ref: str) -> int:
        body = wire.new_deployment(about, ref)

        def look() -> int | None:
            self._newest.pop(about.environment, None)
            return self._found(about)

        return surely(
            self._client.patience,
            lambda: wire.made(self._client.make("deployments", body, _PERMISSION)),
            look,
        )

    def _is_recorded_by_the_job(self, about: Deployment) -> bool:
        """Whether a job's ``environment:`` has recorded a deployment of this run.

        That is of the run's commit, whatever the version was built of.
        """
        if self._run is None:
            return False
        of_run = {"sha": self._run.commit} if self._run.commit else {}
        newest = self._asked(1, environment=about.environment, **of_run)
        others = (one for one in newest if one.task != wire.TASK)
        return any(self._is_of_this_run(self._last(one.id)) for one in islice(others, _CANDIDATES))

    def _is_of_this_run(self, last: Status | None) -> bool:
        """Its log is ``…/actions/runs/ID`` or ``…/actions/runs/ID/job/ID``."""
        run = self._run.id if self._run else ""
        return last is not None and f"/runs/{run}/" in f"{urlsplit(last.log).path}/"

    def _last(self, deployment: int) -> Status | None:
        page = next(self._client.pages(f"deployments/{deployment}/statuses", _PERMISSION), [])
        return max(wire.statuses(page), key=lambda status: status.id, default=None)

    def _append(self, deployment: int, stand: Stand) -> None:
        body, path = wire.new_status(stand), f"deployments/{deployment}/statuses"

        def look() -> int | None:
            last = self._last(deployment)
            return last.id if last and not wire.is_news(last, stand) else None

        surely(
            self._client.patience,
            lambda: wire.made(self._client.make(path, body, _PERMISSION)),
            look,
        )

    def _retire_others(self, about: Deployment, kept: int) -> None:
        """Before the success is written: a run that dies between the two does both again.

        One success had all the sessions before this one; what is older was retired for it. Those
        of a runtime that had the name before are retired too.
        """
        stand = Stand(State.INACTIVE, f"version {about.version} has all sessions")
        near = (one for one in self._listed(about.environment) if one.subject == about.subject)
        for other in islice((one.id for one in near if one.id != kept), _LOOKED_AT):
            last = self._last(other)
            if wire.is_in(last, LIVE):
                self._append(other, stand)
            if wire.is_in(last, {State.SUCCESS}):
                return


def _first(listed: list[Recorded], about: Deployment) -> int | None:
    """The first of them: two runs at once may have made one each."""
    key = about.subject, about.version, about.runtime_id
    same = (one.id for one in listed if (one.subject, one.version, one.runtime_id) == key)
    return min(same, default=None)
