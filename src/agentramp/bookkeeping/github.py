"""Bookkeeping on GitHub: deployments with their states, and one comment on a pull request."""

from collections.abc import Callable
from dataclasses import replace

from agentramp.bookkeeping.client import Client
from agentramp.bookkeeping.comments import Comments
from agentramp.bookkeeping.port import Comment, Deployment, Stand
from agentramp.bookkeeping.recording import Deployments, Run


class GitHub:
    """``run`` is the workflow's run, if this is one; ``told`` hears a line for people.

    ``hide`` takes out of a text what nobody may read, before any of it is cut or sent.
    """

    def __init__(
        self,
        client: Client,
        run: Run | None,
        told: Callable[[str], None],
        hide: Callable[[str], str] = str,
    ) -> None:
        self._deployments = Deployments(client, run, told)
        self._comments = Comments(client)
        self._hide = hide

    def deployment(self, about: Deployment, stand: Stand) -> bool:
        said = self._hide(stand.description)
        return self._deployments.record(about, replace(stand, description=said))

    def comment(self, comment: Comment) -> bool:
        return self._comments.write(replace(comment, text=self._hide(comment.text)))
