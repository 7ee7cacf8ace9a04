"""Bookkeeping on GitHub: deployments with their states, and one comment on a pull request."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, TypeVar
from urllib.parse import urlsplit

import tenacity

from agentramp.bookkeeping import wire
from agentramp.bookkeeping.client import Client, UnsureError
from agentramp.bookkeeping.port import LIVE, Comment, Deployment, Stand, State
from agentramp.bookkeeping.wire import Posted, Recorded, Status

T = TypeVar("T")

_DEPLOYMENTS: Final = "deployments: write"
_COMMENTS: Final = "pull-requests: write"
_LOOKED_AT: Final = 20
"""Former deployments of a subject that are asked for their state."""
_CANDIDATES: Final = 5
"""Deployments of others that may be of this run: those are the newest."""
_ATTEMPTS: Final = 3


class GitHub:
    """``run`` is the id of the workflow's run, if this is one; ``told`` hears a line for people."""

    def __init__(self, client: Client, run: str | None, told: Callable[[str], None]) -> None:
        self._client = client
        self._run = run
        self._told = told

    def deployment(self, about: Deployment, stand: Stand) -> bool:
        found = self._found(about)
        if found is None:
            if self._is_recorded_by_the_job(about):
                self._told(
                    f"no deployment of version {about.version} is made in {about.environment}: the"
                    " job's own `environment:` records one"
                )
                return False
            found = self._made(about)
        if not wire.is_news(self._last(found), stand):
            return False
        if stand.state is State.SUCCESS:
            self._retire_others(about, found)
        self._append(found, stand)
        return True

    def comment(self, comment: Comment) -> bool:
        text = wire.body(comment)
        ours = self._ours(comment)
        if ours:
            return self._mended(ours, text)
        self._surely(
            lambda: self._client.make(
                f"issues/{comment.pull_request}/comments", {"body": text}, _COMMENTS
            ),
            lambda: self._ours(comment) or None,
        )
        # Another job may have looked when this one did: of what both made, the first is kept.
        ours = self._ours(comment)
        if len(ours) > 1:
            self._mended(ours, text)
        return True

    def _found(self, about: Deployment) -> int | None:
        """The first of them: two runs at once may have made one each."""
        for page in self._pages(about.environment, wire.TASK):
            same = [
                one.id
                for one in page
                if one.subject == about.subject and one.version == about.version
            ]
            if same:
                return min(same)
        return None

    def _pages(self, environment: str, task: str | None = None) -> Iterator[list[Recorded]]:
        query = {"environment": environment} | ({"task": task} if task else {})
        for page in self._client.pages("deployments", _DEPLOYMENTS, **query):
            yield list(wire.deployments(page))

    def _made(self, about: Deployment) -> int:
        body = wire.new_deployment(about)
        return self._surely(
            lambda: wire.made(self._client.make("deployments", body, _DEPLOYMENTS)),
            lambda: self._found(about),
        )

    def _surely(self, make: Callable[[], T], look: Callable[[], T | None]) -> T:
        """Where an answer was lost it is looked whether it was made, and only then made again."""
        patience = self._client.patience
        again = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(UnsureError),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            sleep=patience.endure,
            wait=lambda state: patience.backoff(state.attempt_number - 1),
            reraise=True,
        )
        for attempt in again:
            with attempt:
                if attempt.retry_state.attempt_number > 1 and (found := look()) is not None:
                    return found
                return make()
        raise AssertionError  # the last attempt returns or raises

    def _is_recorded_by_the_job(self, about: Deployment) -> bool:
        """Whether a job's ``environment:`` has recorded a deployment of this commit in this run."""
        if not self._run:
            return False
        newest = next(self._pages(about.environment), [])
        others = (one for one in newest if one.task != wire.TASK and one.sha == about.commit)
        return any(self._is_of_this_run(self._last(one.id)) for one in islice(others, _CANDIDATES))

    def _is_of_this_run(self, last: Status | None) -> bool:
        """Its log is ``…/actions/runs/ID`` or ``…/actions/runs/ID/job/ID``."""
        return last is not None and f"/runs/{self._run}/" in f"{urlsplit(last.log).path}/"

    def _last(self, deployment: int) -> Status | None:
        page = next(self._client.pages(f"deployments/{deployment}/statuses", _DEPLOYMENTS), [])
        return max(wire.statuses(page), key=lambda status: status.id, default=None)

    def _append(self, deployment: int, stand: Stand) -> None:
        body, path = wire.new_status(stand), f"deployments/{deployment}/statuses"

        def look() -> int | None:
            last = self._last(deployment)
            return last.id if last and not wire.is_news(last, stand) else None

        self._surely(lambda: wire.made(self._client.make(path, body, _DEPLOYMENTS)), look)

    def _retire_others(self, about: Deployment, kept: int) -> None:
        """Before the success is written: a run that dies between the two does both again.

        One success had all the sessions before this one; what is older was retired for it.
        """
        stand = Stand(State.INACTIVE, f"version {about.version} has all sessions")
        for other in islice(self._others(about, kept), _LOOKED_AT):
            last = self._last(other)
            if wire.is_in(last, LIVE):
                self._append(other, stand)
            if wire.is_in(last, {State.SUCCESS}):
                return

    def _others(self, about: Deployment, kept: int) -> Iterator[int]:
        for page in self._pages(about.environment, wire.TASK):
            yield from (one.id for one in page if one.subject == about.subject and one.id != kept)

    def _ours(self, comment: Comment) -> list[Posted]:
        """Whoever may write can copy a marker, so only what this token's bot or user wrote counts.

        Oldest first.
        """
        path = f"issues/{comment.pull_request}/comments"
        marked = [
            one
            for page in self._client.pages(path, _COMMENTS)
            for one in wire.comments(page)
            if wire.first_line(one.body) == comment.marker
        ]
        people = {one.author for one in marked if not one.is_bot}
        viewer = wire.login(self._client.viewer()) if people else ""
        mine = [one for one in marked if one.is_bot or (viewer and one.author == viewer)]
        return sorted(mine, key=lambda one: one.id)

    def _mended(self, ours: list[Posted], text: str) -> bool:
        first, *rest = ours
        for other in rest:
            self._client.remove(f"issues/comments/{other.id}", _COMMENTS)
        if wire.same(first.body, text):
            return bool(rest)
        self._client.change(f"issues/comments/{first.id}", {"body": text}, _COMMENTS)
        return True
