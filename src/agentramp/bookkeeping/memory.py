"""Bookkeeping in this process: for tests, and the same by every rule of the port."""

from dataclasses import dataclass, field, replace

from agentramp.bookkeeping.port import LIVE, Comment, Deployment, Stand, State


@dataclass
class MemoryBooks:
    """Stands by deployment, oldest first; comments by pull request and marker."""

    entries: dict[Deployment, list[Stand]] = field(default_factory=dict)
    comments: dict[tuple[int, str], str] = field(default_factory=dict)

    def deployment(self, about: Deployment, stand: Stand) -> bool:
        stands = self.entries.setdefault(self._known(about), [])
        last = stands[-1] if stands else None
        told = last and (not stand.news or last.description == stand.description)
        if last and told and last.state is stand.state:
            return False
        if stand.state is State.SUCCESS:
            self._retire_others(self._known(about))
        stands.append(stand)
        return True

    def comment(self, comment: Comment) -> bool:
        key = comment.pull_request, comment.marker
        changed = self.comments.get(key) != comment.text
        self.comments[key] = comment.text
        return changed

    def _known(self, about: Deployment) -> Deployment:
        """The one that stands already, with the commit that it was made with."""
        same = (one for one in self.entries if replace(about, commit=one.commit) == one)
        return next(same, about)

    def _retire_others(self, about: Deployment) -> None:
        said = f"version {about.version} has all sessions"
        for other, stands in self.entries.items():
            near = (other.environment, other.subject) == (about.environment, about.subject)
            if near and other != about and stands and stands[-1].state in LIVE:
                stands.append(Stand(State.INACTIVE, said))
