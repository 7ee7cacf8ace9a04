"""What is remembered of publishing: where a folder went, and where its pictures lie.

A cache and no state: with the file gone, or wrong, the site is asked and at worst sent what it has.
It holds no secret. Each change is written at once, into what stands there by now.
"""

import fcntl
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from agentramp.errors import RefusedError

MOST_BYTES: Final = 16 * 1024 * 1024
_Tree: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Published:
    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def last_site(self, folder: str) -> str:
        """Where ``folder`` was published to last, or empty."""
        return _text(_branch(self._read(), "folders"), folder)

    @contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """While nobody else publishes from here; ``waiting`` is called where somebody does."""
        with self._locked() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _locked(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.with_suffix(".lock").open("a")
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> RefusedError:
        return RefusedError(
            f"{self.path} could not be written: {error.strerror}",
            advice="make room, or let this user write there",
        )

    def at(self, site: str) -> "PublishedAt":
        return PublishedAt(self, site)

    def _read(self) -> _Tree:
        """Empty for a file that is not there, or not ours."""
        try:
            with self.path.open("rb") as file:
                said = json.loads(file.read(MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    def change(self, change: Callable[[_Tree], None]) -> None:
        with self._lock:
            tree = self._read()
            change(tree)
            self._write(json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    def read(self) -> _Tree:
        with self._lock:
            return self._read()

    def _write(self, text: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}-", dir=self.path.parent)
            draft = Path(name)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                draft.replace(self.path)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritten(error) from error


@dataclass(frozen=True)
class PublishedAt:
    """The memory of one site."""

    published: Published
    site: str

    def board(self, folder: str) -> str:
        return _text(self._branch("boards"), folder)

    def picture(self, sha256: str) -> str:
        return _text(self._branch("pictures"), sha256)

    def upload(self, sha256: str) -> str:
        return _text(self._branch("uploads"), sha256)

    def chose(self, folder: str, board: str) -> None:
        def change(tree: _Tree) -> None:
            _branch(_branch(_branch(tree, "sites"), self.site), "boards")[folder] = board
            _branch(tree, "folders")[folder] = self.site

        self.published.change(change)

    def pending(self, board_id: str) -> str:
        return _text(self._branch("pending"), board_id)

    def began(self, board_id: str, mark: str) -> None:
        def change(tree: _Tree) -> None:
            _branch(_branch(_branch(tree, "sites"), self.site), "pending")[board_id] = mark

        self.published.change(change)

    def begun(self, sha256: str, location: str) -> None:
        def change(tree: _Tree) -> None:
            _branch(_branch(_branch(tree, "sites"), self.site), "uploads")[sha256] = location

        self.published.change(change)

    def brought(self, sha256: str, url: str) -> None:
        def change(tree: _Tree) -> None:
            site = _branch(_branch(tree, "sites"), self.site)
            _branch(site, "pictures")[sha256] = url
            _branch(site, "uploads").pop(sha256, None)

        self.published.change(change)

    def _branch(self, name: str) -> _Tree:
        return _branch(_branch(_branch(self.published.read(), "sites"), self.site), name)


def _branch(tree: _Tree, name: str) -> _Tree:
    """Made where there is none, or something else."""
    found = tree.get(name)
    if not isinstance(found, dict):
        found = tree[name] = {}
    return found


def _text(tree: _Tree, name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""
