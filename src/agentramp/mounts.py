"""What a journal comes to for a component: what ran, what was begun, where there is a way back to.

Pure: a fold over the records. Nothing else may decide what a record of a component means.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agentramp.component import Installation
from agentramp.record import Installed, Installing, Record, Uninstalled


@dataclass(frozen=True)
class Mounts:
    """Of one component. ``generation`` is the number of records of its journal, of all of them.

    ``path`` are the installations that ran and answered, oldest first; going back drops what came
    after. ``open`` is an installation that was begun and whose end nobody has recorded.
    """

    did: str
    generation: int = 0
    path: tuple[Installation, ...] = ()
    open: Installing | None = None

    @property
    def settled(self) -> Installation | None:
        return self.path[-1] if self.path else None


def mounts(records: Iterable[Record], did: str) -> Mounts:
    """A journal may hold the records of a component and of its canary; these are those of one."""
    path: list[Installation] = []
    open_: Installing | None = None
    seen = tuple(records)
    for record in seen:
        match record.event:
            case Installing(after=after) if after.did == did:
                open_ = record.event
            case Installed(after) if after.did == did:
                if open_ and open_.before:  # also where another tool had installed it
                    _visit(path, open_.before)
                _visit(path, after)
                open_ = None
            case Uninstalled(before) if before.did == did:
                path.clear()
                open_ = None
    return Mounts(did, len(seen), tuple(path), open_)


def _visit(path: list[Installation], found: Installation) -> None:
    if found in path:
        del path[path.index(found) + 1 :]
    else:
        path.append(found)
