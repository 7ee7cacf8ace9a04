"""The files a configuration is read from: s.yaml, and .env beside it and in the working folder."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentramp.config.check import check
from agentramp.config.envfile import env_files, parse_env
from agentramp.config.load import load
from agentramp.config.settings import Config
from agentramp.config.text import MAX_BYTES
from agentramp.diagnostics import ConfigError, Diagnostic
from agentramp.errors import UsageError

_NAMES: Final = ("s.yaml", "s.yml")


def read(path: Path, environ: Mapping[str, str], cwd: Path | None = None) -> Config:
    """Read a file, or the s.yaml or s.yml of a folder.

    A variable of ``environ`` wins over ``cwd``'s .env, and that over the .env beside the file.
    Raises ConfigError with every fault found, UsageError where there is no file to read.
    """
    file = _find(path)
    variables, env_faults = _variables(file.parent, cwd or Path(), environ)
    try:
        config = check(load(_bytes(file), str(file)), variables, file.parent)
    except ConfigError as error:
        raise ConfigError([*error.diagnostics, *env_faults]) from error
    if env_faults:
        raise ConfigError(env_faults)
    return config


def _find(path: Path) -> Path:
    if not os.path.isdir(path):  # noqa: PTH112 - False for every odd name
        return path
    for name in _NAMES:
        if os.path.lexists(path / name):
            return path / name
    raise UsageError(
        f"there is no s.yaml in {path}",
        advice="name the folder or the file: agentramp validate path/to/s.yaml",
    )


def _bytes(file: Path) -> bytes:
    """Read at most one byte more than allowed, so that a huge file costs nothing."""
    try:
        if not file.is_file():
            what = "is no file" if os.path.lexists(file) else "does not exist"
            raise UsageError(
                f"{file} {what}", advice="name a folder with an s.yaml, or an s.yaml itself"
            )
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"{file} cannot be read: {reason}", advice="check the name and its permissions"
        ) from error


def _variables(
    root: Path, cwd: Path, environ: Mapping[str, str]
) -> tuple[dict[str, str], list[Diagnostic]]:
    variables: dict[str, str] = {}
    faults: list[Diagnostic] = []
    for file in env_files(root, cwd):
        found = parse_env(_bytes(file), str(file))
        variables.update(found.variables)
        faults += found.faults
    return {**variables, **environ}, faults
