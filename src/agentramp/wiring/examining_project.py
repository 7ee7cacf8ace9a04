"""validate --preflight on what lies here: the code, its history, its package, its figures."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentramp.config import Config, RuntimeConfig
from agentramp.errors import AgentrampError
from agentramp.package import manifest_path
from agentramp.package.dependencies import FOLDER
from agentramp.package.manifest import read_manifest
from agentramp.package.requirements import Requirements, read_requirements
from agentramp.package.source import read_source
from agentramp.preflight import imports, project, secrets
from agentramp.preflight.finding import Failed, Finding, Skipped
from agentramp.wiring.context import Context
from agentramp.wiring.packaging import artifact_of

_OF_FILES: Final = (imports.NAME, secrets.CODE, secrets.HISTORY, "port")


@dataclass(frozen=True)
class _Code:
    """``files`` as they would be packed; ``built`` is the last package of these requirements."""

    root: Path
    files: tuple[tuple[str, Path], ...]
    declared: tuple[str, ...]
    built: Path | None


def look(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Iterator[Finding]:
    source = context.cwd / runtime.source if runtime.source else None
    yield from _files(args, context, whole, runtime)
    size = artifact_of(args, context, whole, runtime) if source else None
    yield project.package_size(size.size if size else None)
    folders = [context.cwd / whole.root, *([source] if source and source.is_dir() else [])]
    yield project.env_ignored(folders, context.environ)
    yield from project.sizing(runtime.spec)


def _files(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Iterator[Finding]:
    if runtime.source is None or (context.cwd / runtime.source).is_file():
        why = "code.src is a package already" if runtime.source else "no code of it lies here"
        yield from (Skipped(name, why) for name in _OF_FILES)
        return
    try:
        code = _read(args, context, whole, runtime)
    except AgentrampError as error:
        yield Failed("code", error.message, error.advice or "mend what is named")
        yield from (Skipped(name, "the code cannot be read whole") for name in _OF_FILES)
        return
    yield imports.check(code.files, code.declared, code.built)
    yield secrets.in_code(code.files)
    yield secrets.in_history(code.root, context.environ)
    yield project.port_agrees(runtime.spec, code.files)


def _read(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> _Code:
    """Raises BuildError, as the build itself would."""
    root = context.cwd / (runtime.source or "")
    wanted = read_requirements(root)
    entries = read_source(root, without=frozenset({FOLDER} if wanted else ())).entries
    artifact = artifact_of(args, context, whole, runtime)
    built = artifact.path if artifact and _fits(artifact.path, wanted) else None
    files = tuple((entry.name, Path(entry.path)) for entry in entries)
    return _Code(root, files, wanted.names if wanted else (), built)


def _fits(package: Path, wanted: Requirements | None) -> bool:
    """Whether it has what requirements.txt asks for today; its code may be of yesterday."""
    found = read_manifest(manifest_path(package))
    digest = wanted.digest if wanted else ""
    return found is not None and package.is_file() and found.inputs.requirements == digest
