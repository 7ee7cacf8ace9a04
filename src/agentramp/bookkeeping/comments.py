"""One comment on a pull request, by whoever the token stands for."""

from typing import Final

from agentramp.bookkeeping import wire
from agentramp.bookkeeping.client import Client
from agentramp.bookkeeping.port import Comment
from agentramp.bookkeeping.surely import surely
from agentramp.bookkeeping.wire import Posted

_PERMISSION: Final = "pull-requests: write"
_WORKFLOW: Final = "github-actions[bot]"
"""Whom a workflow's own token stands for. It may not ask who it is."""


class Comments:
    """Whoever may write can copy a marker, so only what this token's own bot or user wrote is ours.

    An app's token may not ask who it is either. What it posts tells, so that such a token posts
    first, and what it had posted before is then kept up to date in its place.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, comment: Comment) -> bool:
        text = wire.body(comment)
        marked = self._marked(comment)
        ours = _by(self._viewer(), marked) if marked else []
        if ours:
            return self._mended(ours, text)
        author = surely(
            self._client.patience,
            lambda: self._posted(comment, text),
            lambda: self._appeared(comment, text, {one.id for one in marked}),
        )
        # Another job may have looked when this one did: of what both made, the first is kept.
        ours = _by(author, self._marked(comment))
        if len(ours) > 1:
            self._mended(ours, text)
        return True

    def _posted(self, comment: Comment, text: str) -> str:
        path = f"issues/{comment.pull_request}/comments"
        return wire.author(self._client.make(path, {"body": text}, _PERMISSION))

    def _appeared(self, comment: Comment, text: str, known: set[int]) -> str | None:
        """Who wrote this very text since ``known`` were there: that was us."""
        new = (one for one in self._marked(comment) if one.id not in known)
        return next((one.author for one in new if wire.same(one.body, text)), None)

    def _viewer(self) -> str:
        return wire.login(self._client.viewer()) or _WORKFLOW

    def _marked(self, comment: Comment) -> list[Posted]:
        """Oldest first."""
        path = f"issues/{comment.pull_request}/comments"
        marked = (
            one
            for page in self._client.pages(path, _PERMISSION)
            for one in wire.comments(page)
            if wire.first_line(one.body) == comment.marker
        )
        return sorted(marked, key=lambda one: one.id)

    def _mended(self, ours: list[Posted], text: str) -> bool:
        first, *rest = ours
        for other in rest:
            self._client.remove(f"issues/comments/{other.id}", _PERMISSION)
        if wire.same(first.body, text):
            return bool(rest)
        self._client.change(f"issues/comments/{first.id}", {"body": text}, _PERMISSION)
        return True


def _by(author: str, marked: list[Posted]) -> list[Posted]:
    return [one for one in marked if one.author == author]
