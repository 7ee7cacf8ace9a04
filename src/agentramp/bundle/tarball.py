"""A bundle as a file: a gzipped tar with every entry in ``package/``, as npm writes them.

Equal entries make equal bytes: they are sorted and have one time, no owner and one of two modes.
Only another zlib may deflate otherwise.
"""

import base64
import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, Final

from agentramp.bundle import metadata
from agentramp.bundle.layout import Item, Made
from agentramp.component import Bundle
from agentramp.errors import UsageError
from agentramp.package.deflate import read
from agentramp.package.source import Entry

PREFIX: Final = "package/"
TIME: Final = 499_162_500
"""1985-10-26T08:15:00Z: what npm gives every file, as some programs choke on 1970."""
READABLE, RUNNABLE = 0o644, 0o755
BLOCK: Final = 1 << 20
MOST_FILES: Final = 200_000
MOST_BYTES: Final = 4 << 30
LARGEST_FILE: Final = 2 << 30
_LEVEL: Final = 6
_LARGEST_HEADER: Final = 4 << 20


class BundleError(UsageError):
    """A file that is no bundle."""


def write(
    entries: Sequence[Item], output: BinaryIO, advance: Callable[[int], None] = lambda _: None
) -> None:
    """BuildError where a file is no longer the one that was walked."""
    done = 0
    with (
        gzip.GzipFile("", "wb", _LEVEL, output, mtime=0) as packed,
        tarfile.TarFile(
            fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", copybufsize=BLOCK
        ) as archive,
    ):
        for entry in sorted(entries, key=lambda one: one.name.encode()):
            info = _info(entry)
            archive.addfile(info, _open(entry))
            _forget(archive)
            done += info.size
            advance(done)


def _info(entry: Item) -> tarfile.TarInfo:
    info = tarfile.TarInfo(PREFIX + entry.name)
    info.mtime = TIME
    runnable = isinstance(entry, Entry) and entry.executable
    info.size, info.mode = entry.size, RUNNABLE if runnable else READABLE
    return info


def _open(entry: Item) -> IO[bytes]:
    if isinstance(entry, Made):
        return io.BytesIO(entry.content)
    return io.BufferedReader(_Watched(entry), BLOCK)


class _Watched(io.RawIOBase):
    """Reads a file in blocks, and refuses to go on where it is another than was walked."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self._entry = entry
        self._place = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = read(self._entry, self._place, min(len(buffer), self._left))
        self._place += len(content)
        buffer[: len(content)] = content
        return len(content)

    @property
    def _left(self) -> int:
        return self._entry.size - self._place


def _forget(archive: tarfile.TarFile) -> None:
    """A tar file keeps all it has seen; nothing here asks for it again."""
    archive.members.clear()  # type: ignore[attr-defined]  # public, and unknown to the stubs


def described(path: Path) -> Bundle:
    """Read a bundle through and say what it is; BundleError where it is none."""
    try:
        with path.open("rb") as file:
            sums = _sums(file)
            file.seek(0)
            found = _Found()
            for name, mode, content in _members(file):
                found.add(name, mode, content)
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BundleError(f"{path} cannot be read as a bundle: {why}", advice=_BUILD) from error
    except UsageError as error:
        raise BundleError(f"{path}: {error.message}", advice=error.advice or _BUILD) from error
    return found.bundle(path, sums)


@dataclass(frozen=True)
class _Sums:
    sha256: str
    integrity: str
    size: int


def _sums(file: BinaryIO) -> _Sums:
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    while block := file.read(BLOCK):
        sha256.update(block)
        sha512.update(block)
        size += len(block)
        if size > LARGEST_FILE:
            raise BundleError(f"it has more than {LARGEST_FILE} bytes")
    integrity = base64.b64encode(sha512.digest()).decode()
    return _Sums(sha256.hexdigest(), f"sha512-{integrity}", size)


class _Bounded(gzip.GzipFile):
    """No header makes it read itself full."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _LARGEST_HEADER:
            raise BundleError("it has a header that is too large")
        return super().read(size)


def _members(file: BinaryIO) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    files, size = 0, 0
    with (
        _Bounded(fileobj=file, mode="rb") as packed,
        tarfile.TarFile(fileobj=packed, mode="r", encoding="utf-8") as archive,
    ):
        while member := archive.next():
            _forget(archive)
            files, size = files + 1, size + max(member.size, 0)
            if files > MOST_FILES or size > MOST_BYTES:
                raise BundleError(f"it has more than {MOST_FILES} files or {MOST_BYTES} bytes")
            if member.isdir():
                continue
            _check(member)
            mode = RUNNABLE if member.mode & 0o100 else READABLE
            yield member.name.removeprefix(PREFIX), mode, _blocks(archive, member)


def _check(member: tarfile.TarInfo) -> None:
    place = member.name.removeprefix(PREFIX)
    if member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or member.issparse():
        raise BundleError(f"{member.name!r} in it is no plain file")
    outside = any(part in {"", ".", ".."} for part in place.split("/")) or "\\" in place
    if place == member.name or outside:
        raise BundleError(f"{member.name!r} in it does not stand in {PREFIX}")


def _blocks(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    with archive.extractfile(member) or io.BytesIO() as content:
        while block := content.read(BLOCK):
            yield block


@dataclass
class _Found:
    """``files`` is a line for each file: what the content's sum is made of."""

    files: dict[str, bytes] = field(default_factory=dict)
    meta: metadata.Metadata | None = None

    def add(self, name: str, mode: int, content: Iterator[bytes]) -> None:
        if name in self.files:
            raise BundleError(f"{PREFIX}{name} stands in it twice")
        if name == metadata.FILE:
            self.meta = metadata.read(_whole(content))
            content = iter((self.meta.rest,))
        digest = hashlib.sha256()
        for block in content:
            digest.update(block)
        self.files[name] = f"{mode:o} {digest.hexdigest()} {name}\n".encode()

    def bundle(self, path: Path, sums: _Sums) -> Bundle:
        if self.meta is None:
            raise BundleError(f"{path} holds no {PREFIX}{metadata.FILE}", advice=_BUILD)
        lines = (self.files[name] for name in sorted(self.files))
        content = hashlib.sha256(b"".join(lines)).hexdigest()
        return Bundle(
            path=path,
            identity=self.meta.identity,
            version=self.meta.version,
            sha256=sums.sha256,
            integrity=sums.integrity,
            content=content,
            size=sums.size,
        )


def _whole(content: Iterator[bytes]) -> bytes:
    whole = b""
    for block in content:
        whole += block
        if len(whole) > BLOCK:
            raise BundleError(f"its {metadata.FILE} has more than {BLOCK} bytes")
    return whole


_BUILD: Final = "give a .tgz made by agentramp build, or build it again"
