"""The way from a folder to a bundle."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from agentramp.bundle import dependencies, metadata
from agentramp.bundle import version as versions
from agentramp.bundle.dependencies import Npm
from agentramp.bundle.layout import Item, items, read_folder
from agentramp.bundle.recipe import Recipe
from agentramp.bundle.tarball import described, write
from agentramp.component import Bundle, Identity
from agentramp.package.output import PACKING, new_part, packing
from agentramp.progress import Progress, Silent

LARGEST_UPLOAD: Final = 100 << 20
"""What the router of a server takes by default; it answers 413 to more."""
_SILENT: Final = Silent()
_NPM: Final = Npm()


def build(
    recipe: Recipe,
    identity: Identity,
    version: str,
    into: Path,
    *,
    progress: Progress = _SILENT,
    npm: Npm = _NPM,
) -> Bundle:
    """Make ``into``/<did>-<version>.tgz; the same folder makes the same bytes.

    Where package.json names dependencies npm installs them aside, never in the folder. What looks
    like a secret stays out and is told to ``progress``. Raises BuildError for a folder that cannot
    become a bundle, UsageError for a wrong version or DID, RegistryError where npm gets no answer.
    """
    metadata.check_did(identity.did)
    version = str(versions.parse(version))
    output = into / f"{identity.did}-{version}.tgz"
    source = read_folder(recipe, _built_before(recipe.root, into))
    if source.secrets:
        progress.say(f"left out, as they look like secrets: {', '.join(source.secrets)}")
    with tempfile.TemporaryDirectory(prefix="agentramp-") as staging:
        added = dependencies.install(recipe.root, source, Path(staging), npm, progress)
        files = (*source.entries, *added)
        return _packed(items(recipe, identity, version, files), output, progress)


def _packed(entries: tuple[Item, ...], output: Path, progress: Progress) -> Bundle:
    total = sum(one.size for one in entries)
    progress.say(packing(len(entries), total))
    with new_part(output) as part:
        write(entries, part.file, lambda done: progress.advance(PACKING, done, total))
        part.file.flush()
        bundle = described(part.path)
        part.path.replace(output)
    tell_size(bundle, progress)
    return replace(bundle, path=output)


def tell_size(bundle: Bundle, progress: Progress) -> None:
    if bundle.size > LARGEST_UPLOAD:
        progress.say(
            f"note: the bundle has {bundle.size / 1e6:.1f} MB, and a server takes "
            f"{LARGEST_UPLOAD / 1e6:.1f} MB unless it is set otherwise; name in .fcignore what it "
            "does not need"
        )


def _built_before(root: Path, into: Path) -> frozenset[str]:
    """What earlier builds wrote into the folder itself."""
    root, into = root.resolve(), into.resolve()
    if not into.is_relative_to(root) or not into.is_dir():
        return frozenset()
    found = (path for path in into.iterdir() if _BUILT.fullmatch(path.name))
    return frozenset(path.relative_to(root).as_posix() for path in found)


_BUILT: Final = re.compile(r"\.?z[1-9A-HJ-NP-Za-km-z]{20,}-\d+\.\d+\.\d+.*\.tgz(\..*)?")
