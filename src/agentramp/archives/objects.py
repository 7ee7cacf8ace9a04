"""Copies by the sha256 of their archive: made whole, looked at, never changed.

    SHA256.1/tree      what an archive holds: made elsewhere and moved here
    SHA256.1/seal.json how it was, so that damage is noticed; held by who uses the copy

A copy that is damaged gets a successor, with the next number, and stays while somebody uses it.
"""

import fcntl
import json
import os
import re
import shutil
import weakref
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from agentramp.archives.seal import Seal, sealed

UNUSED_SECONDS: Final = 7 * 24 * 3600.0
FORM: Final = 2
_NAME: Final = re.compile(r"([0-9a-f]{64})\.([1-9]\d{0,8})")
_SEAL: Final = "seal.json"


class Lease:
    """Until it is no longer referred to, or this process ends, the copy is not swept away."""

    def __init__(self, handle: int) -> None:
        weakref.finalize(self, os.close, handle)


@dataclass(frozen=True)
class Object:
    place: Path
    sha256: str
    number: int

    @property
    def tree(self) -> Path:
        return self.place / "tree"

    def whole(self, *, thorough: bool = False) -> Seal | None:
        """Its seal; None where it was damaged. ``thorough`` reads all contents again."""
        try:
            said = json.loads((self.place / _SEAL).read_bytes())
            now = asdict(sealed(self.tree, thorough=thorough))
            if not thorough:
                now["content"] = said["content"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return Seal(**now) if said == {"form": FORM, **now} else None

    def leased(self) -> Lease:
        handle = os.open(self.place / _SEAL, os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_SH)
        return Lease(handle)

    @property
    def in_use(self) -> bool:
        try:
            with (self.place / _SEAL).open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def remove(self, aside: Path) -> None:
        """Out of its place in one step, so that a run killed meanwhile leaves no half of it."""
        with suppress(FileNotFoundError):
            self.place.rename(aside / self.place.name)
            shutil.rmtree(aside / self.place.name, ignore_errors=True)


@dataclass(frozen=True)
class Objects:
    """Whoever changes what is in ``root`` is alone with it."""

    root: Path

    def all(self) -> Iterator[Object]:
        for place in sorted(self.root.iterdir()):
            if match := _NAME.fullmatch(place.name):
                yield Object(place, match[1], int(match[2]))

    def of(self, sha256: str) -> tuple[Object, ...]:
        """The newest first."""
        found = [one for one in self.all() if one.sha256 == sha256]
        return tuple(sorted(found, key=lambda one: -one.number))

    def whole(self, sha256: str, *, thorough: bool = False) -> Object | None:
        return next((one for one in self.of(sha256) if one.whole(thorough=thorough)), None)

    def add(self, tree: Path, sha256: str, staged: Path) -> Object:
        """``tree``, made in ``staged``, or the copy that is here already if it is whole."""
        if found := self.whole(sha256, thorough=True):
            return found
        made = staged / "object"
        made.mkdir(mode=0o700)
        tree.rename(made / "tree")
        seal = sealed(made / "tree", thorough=True)
        write(made / _SEAL, {"form": FORM, **asdict(seal)})
        number = max((one.number for one in self.of(sha256)), default=0) + 1
        place = self.root / f"{sha256}.{number}"
        made.rename(place)
        return Object(place, sha256, number)

    def sweep(self, named: Collection[str], now: float, aside: Path) -> None:
        """Those that nobody uses, and that have a successor or were not wanted for long."""
        newest: dict[str, int] = {}
        for one in self.all():
            newest[one.sha256] = max(one.number, newest.get(one.sha256, 0))
        for one in self.all():
            with suppress(OSError):
                forgotten = one.sha256 not in named
                unused = now - one.place.stat().st_mtime > UNUSED_SECONDS
                if (one.number < newest[one.sha256] or (forgotten and unused)) and not one.in_use:
                    one.remove(aside)


def write(path: Path, said: object) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a handle has no path
        json.dump(said, file, ensure_ascii=False, indent=1)
