"""Walking a source folder: what is to be packed, sorted by name, and what stays out.

A link is packed as what it points to: every extractor can write files, not every one writes links.
Empty folders are not packed, as version control does not keep them either.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agentramp.package import exclusions, ignore
from agentramp.package.errors import BuildError, reading


@dataclass(frozen=True)
class Entry:
    """One file to pack. ``name`` is its place in the package, ``path`` where its bytes lie."""

    name: str
    path: str
    size: int
    executable: bool
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True)
class Source:
    """``secrets`` names what was left out because it looks like a secret."""

    entries: tuple[Entry, ...]
    secrets: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)


def read_source(root: Path, *, without: frozenset[str] = frozenset()) -> Source:
    """Walk ``root`` by the rules for source folders; ``without`` names what else to leave out."""
    walk = _Walk(Path(os.path.realpath(root)), ignore.read_rules(root), without)
    entries = sorted(walk.folder("", walk.root, ()), key=by_name)
    return Source(tuple(entries), tuple(sorted(walk.secrets)))


def read_installed(root: Path, prefix: str) -> tuple[Entry, ...]:
    """Walk installed dependencies: everything is packed but compiled byte code."""
    found: list[Entry] = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not exclusions.is_byte_code(name)]
        for name in names:
            if exclusions.is_byte_code(name):
                continue
            path = Path(folder, name)
            place = f"{prefix}/{path.relative_to(root).as_posix()}"
            found.append(_entry(place, str(path), path.stat()))
    return tuple(sorted(found, key=by_name))


def by_name(entry: Entry) -> bytes:
    return entry.name.encode()


def _entry(name: str, path: str, status: os.stat_result) -> Entry:
    if not stat.S_ISREG(status.st_mode):
        raise BuildError(
            f"{name} is neither a file nor a folder (a socket, a pipe or a device)",
            advice="remove it, or name it in .fcignore",
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise BuildError(
            f"{name!a}: the name is not UTF-8", advice="rename the file, or name it in .fcignore"
        ) from error
    executable = bool(status.st_mode & stat.S_IXUSR)
    return Entry(name, path, status.st_size, executable, status.st_mtime_ns, status.st_ctime_ns)


@dataclass
class _Walk:
    root: Path
    rules: ignore.IgnoreRules
    without: frozenset[str]
    secrets: list[str] = field(default_factory=list)

    def folder(self, place: str, path: Path, above: tuple[Path, ...]) -> Iterator[Entry]:
        """Walk ``path``, packed as ``place``; ``above`` are the real folders it was reached by."""
        chain = (*above, path)
        for item in _scan(place, path):
            name = f"{place}{item.name}"
            if name in self.without or exclusions.is_noise(item.name):
                continue
            if item.is_symlink():
                yield from self._link(name, item, chain)
            elif item.is_dir(follow_symlinks=False):
                yield from self._subfolder(name, Path(item.path), chain)
            else:
                yield from self._file(name, item.name, item.path)

    def _subfolder(self, name: str, path: Path, chain: tuple[Path, ...]) -> Iterator[Entry]:
        base = name.rpartition("/")[2]
        if self.rules.leaves_out(name, folder=True) or _is_environment(path):
            return
        if exclusions.is_secret_folder(base) or base == ".env":
            self.secrets.append(f"{name}/")
            return
        yield from self.folder(f"{name}/", path, chain)

    def _file(self, name: str, base: str, path: str) -> Iterator[Entry]:
        if self.rules.leaves_out(name, folder=False) or name in ignore.FILES:
            return
        with reading(name):
            entry = _entry(name, path, os.stat(path))  # noqa: PTH116 - thousands of files: no Path for each
            secret = exclusions.is_secret_file(base, path)
        if secret:
            self.secrets.append(name)
        else:
            yield entry

    def _link(self, name: str, item: os.DirEntry[str], chain: tuple[Path, ...]) -> Iterator[Entry]:
        folder = os.path.isdir(item.path)  # noqa: PTH112 - a ring of links is no error yet
        if self.rules.leaves_out(name, folder=folder):
            return
        target = self._inside(name, item.path)
        parts = target.relative_to(self.root).parts
        if any(exclusions.is_noise(part) for part in parts):
            return
        if any(exclusions.is_secret_folder(part) or part == ".env" for part in parts):
            self.secrets.append(name)
        elif not folder:
            yield from self._linked_file(name, target)
        elif target in chain:
            raise BuildError(
                f"{name} is a link to {target}, a folder it lies in",
                advice="remove the link, or name it in .fcignore",
            )
        else:
            yield from self._subfolder(name, target, chain)

    def _linked_file(self, name: str, target: Path) -> Iterator[Entry]:
        if exclusions.is_secret_file(target.name, str(target)):
            self.secrets.append(name)
        else:
            yield from self._file(name, name.rpartition("/")[2], str(target))

    def _inside(self, name: str, path: str) -> Path:
        try:
            target = Path(path).resolve(strict=True)
        except (OSError, RuntimeError) as error:  # RuntimeError: a ring of links, before 3.13
            raise BuildError(
                f"{name} is a link to nothing ({os.readlink(path)})",  # noqa: PTH115 - keeps it as written
                advice="mend or remove the link, or name it in .fcignore",
            ) from error
        if not target.is_relative_to(self.root):
            raise BuildError(
                f"{name} is a link out of the source folder, to {target}",
                advice="copy what it points to into the folder, or name the link in .fcignore",
            )
        return target


def _is_environment(path: Path) -> bool:
    # Not Path.exists: that raises where the folder may not be read, which _scan will name.
    return os.path.exists(path / exclusions.VENV_MARK)  # noqa: PTH110


def _scan(place: str, path: Path) -> list[os.DirEntry[str]]:
    with reading(place or "."), os.scandir(path) as items:
        return list(items)
