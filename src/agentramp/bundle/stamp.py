"""The same component under another identity or version: what is in it stays, byte for byte."""

import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agentramp.bundle import metadata
from agentramp.bundle.layout import Item, Made
from agentramp.bundle.tarball import PREFIX, BundleError, described, write
from agentramp.component import Bundle, Identity
from agentramp.package.output import new_part
from agentramp.package.source import Entry


def stamped(bundle: Bundle, identity: Identity, version: str, into: Path) -> Bundle:
    """Make ``into``/<did>-<version>.tgz of what is in ``bundle``: as ``build`` would have made it.

    ``bundle`` was read through before. Raises BundleError where it was changed since.
    """
    if described(bundle.path).sha256 != bundle.sha256:
        raise BundleError(f"{bundle.path} was changed meanwhile", advice="build it again")
    output = into / f"{identity.did}-{version}.tgz"
    with tempfile.TemporaryDirectory(prefix="agentramp-") as folder:
        with tarfile.open(bundle.path) as archive:
            # Every entry was looked at by ``described``: plain files, below ``package/``.
            archive.extractall(folder, filter="data")
        items = tuple(_items(Path(folder) / PREFIX, identity, version))
        with new_part(output) as part:
            write(items, part.file)
            part.file.flush()
            part.path.replace(output)
    made = described(output)
    if made.content != bundle.content:
        raise BundleError(f"{output} is not what {bundle.path} is", advice="build it again")
    return made


def _items(root: Path, identity: Identity, version: str) -> Iterator[Item]:
    for folder, _, files in os.walk(root):
        for name in files:
            path = Path(folder) / name
            place = path.relative_to(root).as_posix()
            if place == metadata.FILE:
                yield Made(place, metadata.renamed(path.read_bytes(), identity, version))
                continue
            found = path.stat()
            yield Entry(
                place,
                str(path),
                found.st_size,
                bool(found.st_mode & stat.S_IXUSR),
                found.st_mtime_ns,
                found.st_ctime_ns,
            )
