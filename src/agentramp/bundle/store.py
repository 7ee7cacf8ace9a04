"""The bundles that were built or installed, kept by their sha256 so that there is a way back."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from agentramp.bundle.metadata import check_did
from agentramp.bundle.tarball import BundleError, described
from agentramp.component import Bundle
from agentramp.errors import UsageError
from agentramp.package.errors import BuildError
from agentramp.package.output import new_part

ENDING: Final = ".tgz"
MOST: Final = 10
_SHA256: Final = 64


class Store:
    """A folder for each component, a file for each bundle; many may use it at once."""

    def __init__(self, folder: Path, *, most: int = MOST) -> None:
        """``most`` bundles are kept of each component, those that were used last."""
        self._folder = folder
        self._most = most

    def keep(self, bundle: Bundle) -> Bundle:
        """The bundle as it lies here from now on; BuildError where it cannot be written."""
        check_did(bundle.identity.did)
        _check_sum(bundle.sha256)
        folder = self._folder / bundle.identity.did
        path = folder / f"{bundle.sha256}{ENDING}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            kept = self.find(bundle.sha256) or _copied(bundle, path)
            os.utime(kept.path)
            _prune(folder, self._most, kept.path)
        except OSError as error:
            raise BuildError(
                f"{path} cannot be written: {error.strerror or error}",
                advice="check the space on the disk and the folder's mode",
            ) from error
        return kept

    def find(self, sha256: str) -> Bundle | None:
        """None where it is not here, or no longer what it was."""
        _check_sum(sha256)
        for path in self._folder.glob(f"*/{sha256}{ENDING}"):
            try:
                found = described(path)
            except BundleError:
                continue
            if found.sha256 == sha256:
                return found
        return None


def _copied(bundle: Bundle, path: Path) -> Bundle:
    """Written aside and renamed: of two that keep the same bundle either file is the bundle."""
    with new_part(path) as part:
        with bundle.path.open("rb") as content:
            shutil.copyfileobj(content, part.file)
        part.file.flush()
        copy = described(part.path)
        if copy.sha256 != bundle.sha256:
            raise BuildError(
                f"{bundle.path} is no longer the bundle that was read", advice="build it again"
            )
        part.path.replace(path)
    return replace(copy, path=path)


def _prune(folder: Path, most: int, kept: Path) -> None:
    """Remove the files that were used longest ago; another process may be doing the same."""
    others = [path for path in folder.glob(f"*{ENDING}") if path != kept]
    for path in sorted(others, key=_last_use, reverse=True)[max(most - 1, 0) :]:
        path.unlink(missing_ok=True)


def _last_use(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _check_sum(sha256: str) -> None:
    if len(sha256) != _SHA256 or not set(sha256) <= set("0123456789abcdef"):
        raise UsageError(f"{sha256!r} is no sha256", advice="write it as 64 hexadecimal digits")
