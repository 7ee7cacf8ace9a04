"""The cache's folder.

    agentramp-cache      says that the folder is ours: nothing is done in a folder without it
    objects/SHA256.1/    what an archive holds, whole; see ``objects``
    index/KEY.json       what the URL with this key gave last; never the URL itself
    staging/run-NAME/    of a run that works; its lock tells whether that run lives
    locks/               held while something is done; the system releases those of the dead

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

from agentramp.archives.objects import Lease, Object, Objects, write
from agentramp.archives.transfer import Validators
from agentramp.errors import UsageError

_FORM: Final = 2
_MARK: Final = "agentramp-cache"
_WORDS: Final = "Archives that agentramp has fetched. `agentramp cache clear` takes them away.\n"
_LOCK: Final = "owner.lock"
_RUN: Final = "run-"
_KEY: Final = re.compile(r"[0-9a-f]{64}")


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
        self.objects = Objects(root / "objects")

    @contextmanager
    def told(self) -> Iterator[None]:
        """What the disk refuses meanwhile is told as such."""
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"the cache in {self.root} cannot be used: {error.strerror or error}",
                advice="check the space on the disk and the folder's mode, or name another"
                " folder with --cache-dir",
            ) from error

    def is_there(self) -> bool:
        """False where nothing was kept yet; raises UsageError where others keep something."""
        # In this order: who makes a cache writes the mark before anything else.
        others = self.root.exists() and any(self.root.iterdir())
        marked = (self.root / _MARK).is_file()
        if others and not marked:
            raise UsageError(
                f"{self.root} holds other things and is no cache: nothing was done in it",
                advice="name a folder with --cache-dir that is empty or not there yet",
            )
        return marked

    def make(self) -> None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.is_there():
            (self.root / _MARK).write_text(_WORDS, encoding="utf-8")
        for name in ("objects", "index", "staging", "locks"):
            (self.root / name).mkdir(mode=0o700, exist_ok=True)

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
        folder = self.root / "staging" / f"{_RUN}{self._nonce()}"
        with self.held("all"):
            self._sweep()
            folder.mkdir(mode=0o700)
            lock = (folder / _LOCK).open("a")
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.objects.sweep(self._named(), self._clock(), folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()

    def _sweep(self) -> None:
        for folder in (self.root / "staging").glob(f"{_RUN}*"):
            with suppress(OSError), (folder / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, known: Known, tree: Path, staged: Path) -> tuple[Object, Lease]:
        """``tree`` goes to its place, and the URL leads to it: nobody clears it in between."""
        with self.held("all"):
            kept = self.objects.add(tree, known.sha256, staged)
            self._note(known, staged)
            return self._used(kept, known.used)

    def use(self, kept: Object, used: float, known: Known | None, staged: Path) -> Lease | None:
        """None where it was cleared meanwhile. ``known`` is what the URL gave, if it gave this."""
        with self.held("all"):
            if not kept.tree.is_dir():
                return None
            if known is not None:
                self._note(known, staged)
            return self._used(kept, used)[1]

    def _used(self, kept: Object, used: float) -> tuple[Object, Lease]:
        os.utime(kept.place, (used, used))
        return kept, kept.leased()

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

    def _note(self, known: Known, staged: Path) -> None:
        said = {"form": _FORM, **asdict(known)}
        del said["key"]
        write(staged / "index.json", said)
        (staged / "index.json").rename(self._index(known.key))

    def known(self) -> tuple[Known, ...]:
        found = (self.look_up(path.stem) for path in self._words())
        return tuple(known for known in found if known is not None)

    def forget(self, known: Known, staged: Path) -> None:
        """The URL, and its copies where no other URL leads to them."""
        with self.held("all"):
            self._index(known.key).unlink(missing_ok=True)
            if known.sha256 not in self._named():
                for one in self.objects.of(known.sha256):
                    one.remove(staged)

    def forget_rest(self, staged: Path) -> int:
        """Objects that no URL leads to and words that cannot be read; how many copies went."""
        with self.held("all"):
            keys, named = {known.key for known in self.known()}, self._named()
            for path in self._words():
                if path.stem not in keys:
                    path.unlink(missing_ok=True)
            rest = [one for one in self.objects.all() if one.sha256 not in named]
            for one in rest:
                one.remove(staged)
        return len(rest)

    def _named(self) -> set[str]:
        return {known.sha256 for known in self.known()}

    def _words(self) -> list[Path]:
        found = sorted((self.root / "index").glob("*.json"))
        return [path for path in found if _KEY.fullmatch(path.stem)]

    def _index(self, key: str) -> Path:
        return self.root / "index" / f"{key}.json"


def _sensible(known: Known) -> bool:
    """Whether somebody changed it into what no run writes."""
    told = known.validators
    texts = (known.url, known.sha256, told.etag, told.last_modified, told.place)
    times = (known.fetched, known.used)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(moment, int | float) for moment in times)
        and _KEY.fullmatch(known.sha256) is not None
    )
