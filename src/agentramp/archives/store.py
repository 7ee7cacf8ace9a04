"""The cache's folder.

    objects/SHA256/tree      what an archive holds, whole: made in staging and moved here
    objects/SHA256/seal.json how it was, so that damage is noticed
    index/KEY.json           what the URL with this key gave last; never the URL itself
    staging/NAME/            of a run that works; its lock tells whether that run lives
    locks/                   held while something is done; the system releases those of the dead

Everything is its owner's alone. An object that no URL leads to any more stays for a week after its
last use, as an agent may still run in it.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from agentramp.archives.seal import Seal, sealed
from agentramp.archives.transfer import Validators
from agentramp.errors import UsageError

UNUSED_SECONDS: Final = 7 * 24 * 3600.0
_FORM: Final = 1
_LOCK: Final = "owner.lock"


@dataclass(frozen=True)
class Known:
    """What a URL gave last. Times are seconds since 1970-01-01 UTC; ``url`` may be shown."""

    key: str
    url: str
    sha256: str
    validators: Validators
    fetched: float
    used: float


class Store:
    """Raises UsageError where ``root`` cannot be used."""

    def __init__(self, root: Path, clock: Callable[[], float], nonce: Callable[[], str]) -> None:
        self.root, self._clock, self._nonce = root, clock, nonce

    @contextmanager
    def open(self) -> Iterator[None]:
        """Make the folders; what the disk refuses meanwhile is told as such."""
        try:
            for name in ("", "objects", "index", "staging", "locks"):
                (self.root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise UsageError(
                f"the cache in {self.root} cannot be used: {error.strerror or error}",
                advice="check the space on the disk and the folder's mode, or name another"
                " folder with --cache-dir",
            ) from error

    @contextmanager
    def held(self, name: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Alone with ``name``; ``waiting`` is told if another run has to end first."""
        with (self.root / "locks" / name).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder to work in, gone afterwards; those of runs that were killed go now."""
        folder = self.root / "staging" / self._nonce()
        with self.held("all"):
            self._sweep()
            folder.mkdir(mode=0o700)
            lock = (folder / _LOCK).open("a")
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()

    def _sweep(self) -> None:
        for folder in (self.root / "staging").iterdir():
            with suppress(OSError), (folder / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        named = {known.sha256 for known in self.known()}
        for folder in (self.root / "objects").iterdir():
            with suppress(OSError):
                since = self._clock() - folder.stat().st_mtime
                if folder.name not in named and since > UNUSED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def folder(self, sha256: str) -> Path:
        return self.root / "objects" / sha256 / "tree"

    def whole(self, sha256: str) -> Seal | None:
        """The seal of the copy with this digest; None where there is none, or it was damaged."""
        try:
            kept = json.loads((self.folder(sha256).parent / "seal.json").read_bytes())
            now = sealed(self.folder(sha256))
        except (OSError, ValueError):
            return None
        return now if kept == {"form": _FORM, **asdict(now)} else None

    def keep(self, staged: Path, tree: Path, sha256: str, *, anew: bool) -> None:
        """Move ``tree``, made in ``staged``, to its place; ``anew``: even if one is there."""
        made = staged / "object"
        made.mkdir(mode=0o700)
        tree.rename(made / "tree")
        _write(made / "seal.json", {"form": _FORM, **asdict(sealed(made / "tree"))})
        place = self.folder(sha256).parent
        with self.held("all"):
            if not anew and self.whole(sha256):
                return  # by another URL, meanwhile
            if place.exists():
                place.rename(staged / "damaged")
            made.rename(place)

    def look_up(self, key: str) -> Known | None:
        """None where nothing is known, or nothing that can be read."""
        try:
            said = json.loads(self._index(key).read_bytes())
            if said.pop("form") != _FORM:
                return None
            known = Known(key=key, validators=Validators(**said.pop("validators")), **said)
            return known if _sensible(known) else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def note(self, known: Known, staged: Path) -> None:
        said = {"form": _FORM, **asdict(known)}
        del said["key"]
        _write(staged / "index.json", said)
        (staged / "index.json").rename(self._index(known.key))
        with suppress(OSError):
            os.utime(self.folder(known.sha256).parent, (known.used, known.used))

    def known(self) -> tuple[Known, ...]:
        found = (self.look_up(path.stem) for path in sorted((self.root / "index").glob("*.json")))
        return tuple(known for known in found if known is not None)

    def forget(self, known: Known, staged: Path) -> None:
        """The URL, and its copy where no other URL leads to it."""
        with self.held("all"):
            self._index(known.key).unlink(missing_ok=True)
            if known.sha256 not in {other.sha256 for other in self.known()}:
                self._remove(known.sha256, staged)

    def forget_rest(self, staged: Path) -> int:
        """Objects that no URL leads to and words that cannot be read; how many copies went."""
        with self.held("all"):
            named = {known.sha256 for known in self.known()}
            keys = {known.key for known in self.known()}
            rest = [p.name for p in (self.root / "objects").iterdir() if p.name not in named]
            for path in (self.root / "index").iterdir():
                if path.stem not in keys:
                    path.unlink(missing_ok=True)
            for sha256 in rest:
                self._remove(sha256, staged)
        return len(rest)

    def _remove(self, sha256: str, staged: Path) -> None:
        """Out of its place in one step, so that a run killed meanwhile leaves no half of it."""
        with suppress(FileNotFoundError):
            self.folder(sha256).parent.rename(staged / sha256)
            shutil.rmtree(staged / sha256, ignore_errors=True)

    def _index(self, key: str) -> Path:
        return self.root / "index" / f"{key}.json"


def _sensible(known: Known) -> bool:
    """Whether somebody changed it into what no run writes."""
    texts = (known.url, known.sha256, known.validators.etag, known.validators.last_modified)
    times = (known.fetched, known.used)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(moment, int | float) for moment in times)
        and re.fullmatch("[0-9a-f]{64}", known.sha256) is not None
    )


def _write(path: Path, said: object) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a handle has no path
        json.dump(said, file, ensure_ascii=False, indent=1)
