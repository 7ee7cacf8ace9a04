"""A copy of what npm has to see, aside: npm writes into the folders it works in.

Folders keep their places relative to each other, so ``file:../lib`` means the same there.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agentramp.package.errors import BuildError, reading
from agentramp.package.source import Source, read_source

DECLARATION: Final = "package.json"
LOCKS: Final = ("package-lock.json", "npm-shrinkwrap.json")
_WANTED: Final = ("dependencies", "optionalDependencies")
_LOCAL: Final = ("file:", "link:")
_NO_PACKAGE: Final = frozenset({"node_modules"})


def declaration(folder: Path) -> dict[str, object]:
    """What package.json says; empty where there is none."""
    path = folder / DECLARATION
    try:
        with reading(str(path)):
            content = json.loads(path.read_text(encoding="utf-8-sig")) if path.is_file() else {}
    except ValueError as error:
        raise BuildError(f"{path} is not JSON: {error}", advice="mend the file") from error
    if not isinstance(content, dict):
        raise BuildError(f"{path} holds no object", advice="mend the file")
    return content


def wanted(package: dict[str, object]) -> dict[str, str]:
    """Names of packages and what is said of their versions, as far as they are to be installed."""
    found: dict[str, str] = {}
    for key in _WANTED:
        named = package.get(key)
        if isinstance(named, dict):
            found |= {str(name): str(version) for name, version in named.items()}
    return found


def stage(root: Path, source: Source, staging: Path) -> Path:
    """Copy what npm has to see of ``root``, and say where its copy lies."""
    root = root.resolve()
    home = _place(root, staging)
    home.mkdir(parents=True)
    for name in (DECLARATION, *LOCKS, ".npmrc"):
        if (root / name).is_file():
            _copy(root / name, home / name)
    package = declaration(root)
    local = list(_local(root, package))
    if package.get("workspaces") or any(path.is_relative_to(root) for path in local):
        for entry in source.entries:
            _copy(Path(entry.path), home / entry.name)
    _stage_local([path for path in local if not path.is_relative_to(root)], staging)
    return home


def _stage_local(waiting: list[Path], staging: Path) -> None:
    """Folders and packed packages outside the folder, and those that these name in turn."""
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.is_file():
            _copy(path, _place(path, staging))
            continue
        _place(path, staging).mkdir(parents=True, exist_ok=True)
        for entry in read_source(path, without=_NO_PACKAGE).entries:
            _copy(Path(entry.path), _place(path, staging) / entry.name)
        waiting += _local(path, declaration(path))


def _local(folder: Path, package: dict[str, object]) -> Iterator[Path]:
    for name, version in wanted(package).items():
        start = next((start for start in _LOCAL if version.startswith(start)), None)
        if start is None and not version.startswith(("./", "../", "/")):
            continue
        path = (folder / version.removeprefix(start or "")).resolve()
        if not path.exists():
            raise BuildError(
                f"{folder / DECLARATION} names {name} at {version}, which is not there",
                advice="mend the path; it counts from the folder of package.json",
            )
        yield path


def _place(path: Path, staging: Path) -> Path:
    return staging / path.relative_to(path.anchor)


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with reading(str(path)):
        shutil.copyfile(path, to)
        to.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
