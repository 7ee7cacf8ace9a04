"""Whether all that the code imports is in the package."""

import ast
import sys
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentramp.preflight.finding import Advised, Failed, Finding, Passed, Skipped

NAME: Final = "dependencies"
_DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "agentrun": "agentrun-sdk",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Distributions whose names are not those of what they are imported as."""
_FOLDER: Final = "python/"
"""Where the build puts dependencies."""


@dataclass(frozen=True)
class Import:
    """``place`` is the first file and line that needs it."""

    module: str
    place: str


def check(
    files: Iterable[tuple[str, Path]], declared: Iterable[str], built: Path | None
) -> Finding:
    """``files`` are those of the package with their names in it, ``declared`` what is asked for.

    With the package that was ``built`` the answer is certain, and by the names alone a good guess.
    """
    named = dict(files)
    if not any(name.endswith(".py") for name in named):
        return Skipped(NAME, "there is no Python in the package")
    missing = list(_wanted(named))
    there = _packed(built) if built else None
    if there is not None:
        return _certain([one for one in missing if one.module not in there])
    names = {_plain(name) for name in declared}
    return _guessed([one for one in missing if _plain(_distribution(one.module)) not in names])


def _certain(missing: list[Import]) -> Finding:
    if not missing:
        return Passed(NAME, "all that is imported is in the package")
    return Failed(
        NAME,
        f"imported, and not in the package: {_told(missing)}",
        "name it in requirements.txt and build again, or the agent dies at its start",
    )


def _guessed(missing: list[Import]) -> Finding:
    if not missing:
        return Passed(NAME, "all that is imported is declared")
    return Advised(
        NAME,
        f"imported, and no requirement has its name: {_told(missing)}",
        "run agentramp build, after which this check is certain, or name it in requirements.txt",
    )


def _told(missing: list[Import]) -> str:
    return ", ".join(f"{one.module} ({one.place})" for one in missing)


def _wanted(named: Mapping[str, Path]) -> Iterator[Import]:
    """What is neither Python's own nor a file of the package, each module once."""
    own = {part for name in named for part in (name.split("/")[0], Path(name).stem)}
    own |= {part for name in named for part in name.split("/")[:-1]}
    seen: set[str] = set()
    for name, path in sorted(named.items()):
        if not name.endswith(".py") or name.startswith(_FOLDER):
            continue
        for module, line in _imported(path):
            if module not in seen | own and module not in sys.stdlib_module_names:
                seen.add(module)
                yield Import(module, f"{name}:{line}")


def _imported(path: Path) -> Iterator[tuple[str, int]]:
    """Imports that run whenever the file is loaded; one that may fail is guarded by its author."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the compiler's remarks on code that is not ours
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    yield from _of(tree.body)


def _of(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((name.name.split(".")[0], node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0], node.lineno
        elif isinstance(node, ast.ClassDef | ast.With):
            yield from _of(node.body)


def _packed(built: Path) -> set[str] | None:
    """What can be imported from a package; None where that cannot be read."""
    try:
        with zipfile.ZipFile(built) as archive:
            names = [name.removeprefix(_FOLDER) for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return None
    return {name.split("/")[0].split(".")[0] for name in names}


def _distribution(module: str) -> str:
    return _DISTRIBUTIONS.get(module, module)


def _plain(name: str) -> str:
    """As PEP 503 compares names."""
    return name.replace("_", "-").replace(".", "-").lower()
